/**
 * The desktop's window in a Chromium: the page comes out of the very same handler with the same policy, speaks over the same bridge, and what it
 * tries is judged by the same guards. Electron's part in it, which is to call them, is played here.
 */
import { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { createHandedFiles, type HandedFiles } from '../../main/bridge/handed-files.ts'
import { type BridgeCalls, type BridgeRouter, createBridgeRouter } from '../../main/bridge/router.ts'
import { createKeyChanges, type KeyChanges } from '../../main/change-key.ts'
import { giveUpLibraryKey, type LibraryKey, openLibraryKey } from '../../main/keychain/library-key.ts'
import { createAppRequests } from '../../main/page/app-protocol.ts'
import { listPageFiles } from '../../main/page/files.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import { createTransfers, type Transfers } from '../../main/page/transfers.ts'
import { createExternal } from '../../main/safety/external.ts'
import { type GuardedContents, type GuardedSession, guardContents, guardSession } from '../../main/safety/guard.ts'
import { buildScreen, builtScreen } from '../../scripts/build-screen.ts'
import { createTranslate } from '../../shared/messages/index.ts'
import type { Log } from '../../shared/ports.ts'
import type { StartedDesktop } from './start-desktop.ts'

export interface OpenedWindow {
  page: Page
  /** For messages to the page. */
  router: BridgeRouter
  /** The number that the bridge knows it by. */
  id: number
  handed: HandedFiles
  /** `chunk`: awaited before each piece of what the page sends. */
  pace: { chunk(): Promise<void> }
  /** What the page complains about; to be nothing. */
  complaints: string[]
  /** What was refused, by whom. */
  refused: string[]
  /** What the user was asked to agree to, and did. */
  questions: string[]
  opened: string[]
  /** What happens while the page is printed. */
  printing: () => Promise<void>
  /** Calls of the page that do nothing here. */
  called: string[]
  close(): Promise<void>
}

/** As Electron would name them, with what they are to Chromium. */
const permissions: Record<string, string[]> = {
  media: ['camera', 'microphone'],
  geolocation: ['geolocation'],
  notifications: ['notifications'],
  midi: ['midi'],
  midiSysex: ['midi-sysex'],
  'clipboard-read': ['clipboard-read'],
  'clipboard-sanitized-write': ['clipboard-write'],
  sensors: ['accelerometer', 'gyroscope', 'magnetometer', 'ambient-light-sensor'],
  'payment-handler': ['payment-handler'],
}

export async function openWindow(
  browser: Browser,
  desktop: StartedDesktop,
  { locale = 'de-AT', quick = false }: { locale?: string; quick?: boolean } = {},
): Promise<OpenedWindow> {
  if ((await buildScreen()) !== 0) throw new Error('the screen could not be built')
  const id = 1
  const refused: string[] = []
  const complaints: string[] = []
  const log: Log = {
    debug() {},
    info() {},
    warn: (message, fields) => void refused.push(`${message} ${JSON.stringify(fields ?? {})}`),
    error: (message, fields) => void complaints.push(`${message} ${String(fields?.error)}`),
  }
  const handed = createHandedFiles({ log })
  const transfers = createTransfers({ tell: (to, message) => router.tell(to, message) })
  const pace = { chunk: async () => {} }
  const handle = createAppRequests({
    files: await listPageFiles(builtScreen),
    server: request => desktop.server.fetch(request),
    handed,
    transfers,
    log,
  })
  const web = await serve(handle, pace)
  const address = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  const inApp = (url: string) => url.replace(address, pageOrigin)

  const questions: string[] = []
  const opened: string[] = []
  const called: string[] = []
  const openExternal = createExternal({
    ask: async shown => questions.push(shown) > 0,
    open: async url => void opened.push(url),
  })
  const keys = await openKey(desktop.data, log)
  const print = () => opening.printing()
  const router = createBridgeRouter({
    calls: callsOf(desktop, { openExternal, called, quick, keys, print, handed, transfers }),
    log,
  })
  const electron = playElectron()
  const guard = { log, openExternal, devTools: false }
  guardContents(electron.contents, guard)
  guardSession(electron.session, guard)

  const context = await browser.newContext({ locale, viewport: { width: 1280, height: 860 }, acceptDownloads: true })
  await context.grantPermissions(
    Object.entries(permissions)
      .filter(([name]) => electron.isGranted(name, `${pageOrigin}/`))
      .flatMap(([, names]) => names),
    { origin: address },
  )
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    // The browser's own note on a refusal that the page shows in words.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  context.on('page', other => void refused.push(`a window that should not be: ${other.url()}`))
  await page.exposeBinding('cloisterCall', ({ frame }, call: unknown) =>
    router.handle({ window: id, url: inApp(frame.url()), isMainFrame: frame === page.mainFrame() }, call),
  )
  await page.exposeBinding('cloisterRefused', (_, what: string) => void refused.push(what))
  await page.exposeBinding('cloisterOpen', (_, url: string) => electron.open(url))
  await page.addInitScript({ content: await windowScript() })
  await page.route('**', async route => {
    const request = route.request()
    const url = inApp(request.url())
    const isNavigation = request.isNavigationRequest()
    const isMainFrame = isNavigation && request.frame() === page.mainFrame()
    const stopped = electron.isCancelled(url) || (isNavigation && electron.isPrevented(url, isMainFrame))
    await (stopped ? route.abort('blockedbyclient') : route.continue()).catch(() => {})
  })
  page.on('download', download => {
    if (electron.isDownloadPrevented(inApp(download.url()), download.suggestedFilename())) void download.cancel()
  })
  router.open(id, message => {
    page.evaluate(`window.cloisterHear(${JSON.stringify(message)})`).catch(() => {})
  })
  await page.goto(`${address}/`)
  const opening: OpenedWindow = {
    page,
    router,
    id,
    handed,
    pace,
    complaints,
    refused,
    questions,
    opened,
    called,
    printing: async () => {},
    async close() {
      router.close(id)
      await context.close()
      web.closeAllConnections()
      await new Promise(resolve => web.close(resolve))
    },
  }
  return opening
}

/** What `desktop.ts` does, as far as it is about more than the window. */
function callsOf(
  { server }: StartedDesktop,
  {
    openExternal,
    called,
    quick,
    keys,
    print,
    handed,
    transfers,
  }: {
    openExternal(url: string): Promise<boolean>
    called: string[]
    quick: boolean
    keys: KeyChanges
    print(): Promise<void>
    handed: HandedFiles
    transfers: Transfers
  },
): BridgeCalls {
  const preferences = { tray: true, notifications: true, recent: true, shortcut: null }
  const note = (name: string) => () => void called.push(name)
  return {
    start(_, window) {
      handed.again()
      const page = transfers.openPage(window)
      return { page, quick, asksForKeys: true, server: server.state(), updates: { name: 'unasked' } }
    },
    startServer() {
      called.push('startServer')
      server.start()
    },
    chooseFolder: () => null,
    openExternal: async ({ url }) => ({ opened: await openExternal(url) }),
    showDataFolder: note('showDataFolder'),
    async print() {
      called.push('print')
      await print()
      return undefined
    },
    takeHanded: () => ({ files: handed.take() }),
    leaveHanded: ({ all }) => void handed.leave(all),
    breakOff({ transfer }, window) {
      transfers.breakOff(window, transfer)
      called.push('breakOff')
    },
    tellUploads: ({ count }) => void called.push(`tellUploads ${count}`),
    getPreferences: () => preferences,
    setPreferences: changes => Object.assign(preferences, changes),
    hideQuick: note('hideQuick'),
    openChat: note('openChat'),
    openLibrary: note('openLibrary'),
    chooseUpdate({ choice }) {
      called.push(`chooseUpdate ${choice}`)
      return { name: 'off', previous: '0.0.9' }
    },
    getKey: keys.state,
    protectKey: ({ passphrase }) => keys.protect(passphrase),
    unlockKey: ({ passphrase }) => keys.unlock(passphrase),
    giveUpKey: keys.giveUp,
    takeModels: note('takeModels'),
    stopTakingModels: note('stopTakingModels'),
  }
}

/** On a machine without a keychain. The server is not started anew: it is asked nothing that needs the key. */
async function openKey(dataDirectory: string, log: Log): Promise<KeyChanges> {
  const refused = () => Promise.reject(new Error('there is no keychain'))
  const ports = { dataDirectory, keychain: { get: refused, set: refused, remove: refused }, log }
  let key: LibraryKey = await openLibraryKey(ports)
  return createKeyChanges({
    shell: { ask: async () => 0 },
    words: () => createTranslate('de'),
    use: { refuse() {}, beside: async work => work(new AbortController().signal) },
    library: {
      dataDirectory,
      key: () => key,
      setKey(next) {
        key = next
      },
      async renewKey() {
        await giveUpLibraryKey(dataDirectory)
        key = await openLibraryKey(ports)
        return key
      },
    },
    keyGiven: false,
    restart: async () => {},
    changed() {},
    log,
  })
}

/** Takes the guards as Electron's objects do, and asks them as it would. */
function playElectron() {
  const events = new EventEmitter()
  let open: Parameters<GuardedContents['setWindowOpenHandler']>[0] | undefined
  let check: Parameters<GuardedSession['setPermissionCheckHandler']>[0] | undefined
  let load: Parameters<GuardedSession['webRequest']['onBeforeRequest']>[0] | undefined
  const on = (event: string, hear: (...values: never[]) => void) => events.on(event, hear as () => void)
  const contents: GuardedContents = {
    on,
    setWindowOpenHandler(handler) {
      open = handler
    },
  }
  const session: GuardedSession = {
    on,
    setPermissionRequestHandler() {},
    setPermissionCheckHandler(handler) {
      check = handler
    },
    setDevicePermissionHandler() {},
    setDisplayMediaRequestHandler() {},
    setBluetoothPairingHandler() {},
    webRequest: {
      onBeforeRequest(hear) {
        load = hear
      },
    },
  }
  const isStopped = (name: string, fields: object, ...more: unknown[]) => {
    let stopped = false
    const preventDefault = () => {
      stopped = true
    }
    events.emit(name, { ...fields, preventDefault }, ...more)
    return stopped
  }
  return {
    contents,
    session,
    open: (url: string) => void open?.({ url }),
    isGranted: (permission: string, origin: string) =>
      check?.(null, permission, origin, { isMainFrame: true }) ?? false,
    isCancelled(url: string): boolean {
      let cancelled = true
      load?.({ url }, ({ cancel }) => {
        cancelled = cancel
      })
      return cancelled
    },
    isPrevented: (url: string, isMainFrame: boolean) =>
      isStopped('will-frame-navigate', { url, isMainFrame }) ||
      (isMainFrame && isStopped('will-navigate', { url, isMainFrame })),
    isDownloadPrevented: (url: string, name: string) =>
      isStopped('will-download', {}, { getURLChain: () => [url], getFilename: () => name, setSaveDialogOptions() {} }),
  }
}

/** Over HTTP, as a Chromium knows no `app:`: what Electron's `protocol.handle` does. */
async function serve(handle: (request: Request) => Promise<Response>, pace: OpenedWindow['pace']): Promise<Server> {
  const web = createServer((received, response) => {
    void answer(handle, pace, received, response).catch(() => response.destroy())
  })
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
  return web
}

/**
 * As Electron's `protocol.handle`, by its sources: what the page sends is read from where it lies, whatever has become of the page, and there is no
 * signal. Of an answer that nobody reads any more the body is cancelled.
 */
async function answer(
  handle: (request: Request) => Promise<Response>,
  pace: OpenedWindow['pace'],
  received: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = received
  const headers = new Headers()
  for (const [name, values] of Object.entries(received.headersDistinct))
    if (name !== 'origin' && name !== 'host' && name !== 'content-length')
      for (const value of values ?? []) headers.append(name, value)
  const bytes = method === 'GET' || method === 'HEAD' ? Buffer.alloc(0) : await buffer(received)
  const body = bytes.length === 0 ? null : piecesOf(bytes, pace)
  const given = await handle(
    new Request(`${pageOrigin}${url}`, { method, headers, body, ...(body && { duplex: 'half' }) }),
  )
  // What `Response.error()` is to a page.
  if (given.type === 'error') return void response.destroy()
  response.writeHead(given.status, Object.fromEntries(given.headers))
  // At once: a stream of events may say nothing for long.
  response.flushHeaders()
  if (given.body) await pipeline(Readable.fromWeb(given.body as Parameters<typeof Readable.fromWeb>[0]), response)
  else response.end()
}

function piecesOf(bytes: Buffer, pace: OpenedWindow['pace']): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      await pace.chunk()
      if (at === bytes.length) return controller.close()
      const next = Math.min(bytes.length, at + 64 * 1024)
      controller.enqueue(bytes.subarray(at, next))
      at = next
    },
  })
}

let script: Promise<string> | undefined

function windowScript(): Promise<string> {
  script ??= bundle()
  return script
}

async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL('./window-page.ts', import.meta.url)),
        formats: ['iife'],
        name: 'cloisterWindow',
      },
    },
  })
  const [first] = [built].flat()
  const chunk = first && 'output' in first ? first.output[0] : undefined
  if (!chunk) throw new Error('nothing was built')
  return chunk.code
}
