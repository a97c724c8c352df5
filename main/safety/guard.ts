/**
 * Fastens the decisions to Electron's windows and session: `index.ts` hands in the real ones. What is said here of their shapes
 * `guard.test.ts` holds against Electron's types.
 */
import type { Log } from '../../shared/ports.ts'
import { decideDownload } from './downloads.ts'
import { decideNavigation, decideRequest, decideWindowOpen } from './navigation.ts'
import { decidePermission } from './permissions.ts'

interface Preventable {
  preventDefault(): void
}

interface Navigation extends Preventable {
  readonly url: string
  readonly isMainFrame: boolean
}

export interface GuardedContents {
  on(event: 'will-navigate', hear: (details: Navigation) => void): unknown
  on(event: 'will-frame-navigate', hear: (details: Navigation) => void): unknown
  on(event: 'will-redirect', hear: (details: Navigation) => void): unknown
  on(event: 'will-attach-webview', hear: (event: Preventable) => void): unknown
  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'deny' }): void
}

interface Asked {
  readonly requestingUrl?: string
  readonly isMainFrame: boolean
}

interface DownloadItem {
  getURLChain(): string[]
  getFilename(): string
  setSaveDialogOptions(options: { defaultPath: string }): void
}

export interface GuardedSession {
  setPermissionRequestHandler(
    handler: (contents: unknown, permission: string, answer: (granted: boolean) => void, details: Asked) => void,
  ): void
  setPermissionCheckHandler(
    handler: (contents: unknown, permission: string, origin: string, details: Asked) => boolean,
  ): void
  setDevicePermissionHandler(handler: () => boolean): void
  setDisplayMediaRequestHandler(handler: (request: unknown, answer: (streams: null) => void) => void): void
  setBluetoothPairingHandler(
    handler: (details: unknown, answer: (response: { confirmed: boolean }) => void) => void,
  ): void
  readonly webRequest: {
    onBeforeRequest(hear: (details: { url: string }, answer: (decided: { cancel: boolean }) => void) => void): void
  }
  on(event: 'will-download', hear: (event: Preventable, item: DownloadItem) => void): unknown
}

export interface GuardOptions {
  log: Log
  /** After a question: `createExternal`. */
  openExternal(url: string): Promise<boolean>
  /** Whether the tools of developers may load what they are made of. */
  devTools: boolean
}

/** To be called for each `web-contents-created`, so that there is no window without it. */
export function guardContents(contents: GuardedContents, { log, openExternal }: GuardOptions): void {
  const judge = (event: string) => (details: Navigation) => {
    if (decideNavigation(details) === 'allow') return
    details.preventDefault()
    log.warn('refused to navigate', { event, to: schemeOf(details.url) })
  }
  contents.on('will-navigate', judge('will-navigate'))
  contents.on('will-frame-navigate', judge('will-frame-navigate'))
  contents.on('will-redirect', judge('will-redirect'))
  contents.on('will-attach-webview', event => {
    event.preventDefault()
    log.warn('refused a webview')
  })
  contents.setWindowOpenHandler(({ url }) => {
    const { action, external } = decideWindowOpen(url)
    if (external === null) log.warn('refused a window', { to: schemeOf(url) })
    else openExternal(external).catch(error => log.warn('nothing opened the address', { error }))
    return { action }
  })
}

/** To be called for the session that windows use, before the first of them. */
export function guardSession(session: GuardedSession, { log, devTools }: GuardOptions): void {
  const refused = (permission: string) => log.warn('refused a permission', { permission })
  session.setPermissionRequestHandler((_contents, permission, answer, { requestingUrl, isMainFrame }) => {
    const granted = decidePermission({ permission, asker: requestingUrl, isMainFrame })
    if (!granted) refused(permission)
    answer(granted)
  })
  // Asked all the time, also by what only wants to know: nothing is logged.
  session.setPermissionCheckHandler((_contents, permission, origin, { isMainFrame }) =>
    decidePermission({ permission, asker: origin, isMainFrame }),
  )
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, answer) => {
    refused('display-capture')
    answer(null)
  })
  session.setBluetoothPairingHandler((_details, answer) => answer({ confirmed: false }))
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    const cancel = decideRequest(url, { devTools }) === 'deny'
    if (cancel) log.warn('refused to load', { from: schemeOf(url) })
    answer({ cancel })
  })
  session.on('will-download', (event, item) => {
    const decided = decideDownload({ urls: item.getURLChain(), name: item.getFilename() })
    if (decided.allowed) return item.setSaveDialogOptions({ defaultPath: decided.name })
    event.preventDefault()
    log.warn('refused a download')
  })
}

/** No more of it: an address may hold what was asked. */
const schemeOf = (url: string): string => /^[a-z][a-z\d+.-]{0,30}:/i.exec(url)?.[0] ?? 'nothing'
