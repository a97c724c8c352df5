import { EventEmitter } from 'node:events'
import type { Session, WebContents } from 'electron'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Log } from '../../shared/ports.ts'
import { decideDownload } from './downloads.ts'
import { type GuardedContents, type GuardedSession, guardContents, guardSession } from './guard.ts'
import { decidePermission } from './permissions.ts'
import { isTrustedSender } from './senders.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

type Handlers = Record<string, (...values: unknown[]) => unknown>

/** Remembers what was handed over, under the name of the call. */
function recorder(): { handlers: Handlers; session: GuardedSession; events: EventEmitter } {
  const handlers: Handlers = {}
  const events = new EventEmitter()
  const take = (name: string) => (handler: never) => {
    handlers[name] = handler
  }
  const session: GuardedSession = {
    setPermissionRequestHandler: take('request'),
    setPermissionCheckHandler: take('check'),
    setDevicePermissionHandler: take('device'),
    setDisplayMediaRequestHandler: take('display'),
    setBluetoothPairingHandler: take('bluetooth'),
    webRequest: { onBeforeRequest: take('load') },
    on: (event, hear) => events.on(event, hear),
  }
  return { handlers, session, events }
}

/** What Electron hands over with an event, and whether it was kept from happening. */
function event(fields: object) {
  const made = {
    ...fields,
    prevented: false,
    preventDefault() {
      made.prevented = true
    },
  }
  return made
}

it('is fastened to what Electron has', () => {
  // `tsc` sees to it.
  expectTypeOf<WebContents>().toExtend<GuardedContents>()
  expectTypeOf<Session>().toExtend<GuardedSession>()
})

describe('the guard of a window', () => {
  const opened: string[] = []
  const contents = new EventEmitter()
  let open: ((details: { url: string }) => { action: 'deny' }) | undefined
  guardContents(
    Object.assign(contents, {
      setWindowOpenHandler(handler: typeof open) {
        open = handler
      },
    }) as GuardedContents,
    { log: silent, devTools: false, openExternal: async url => opened.push(url) > 0 },
  )

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('judges %s', name => {
    const judge = (url: string, isMainFrame = true) => {
      const made = event({ url, isMainFrame })
      contents.emit(name, made)
      return made.prevented
    }
    expect(judge('app://bundle/#/library')).toBe(false)
    expect(judge('app://bundle/', false)).toBe(true)
    expect(judge('https://evil.example/')).toBe(true)
  })

  it('lets nobody put a webview into it', () => {
    const made = event({})
    contents.emit('will-attach-webview', made)
    expect(made.prevented).toBe(true)
  })

  it('opens no other, and offers pages to the browser', () => {
    expect(open?.({ url: 'app://bundle/' })).toEqual({ action: 'deny' })
    expect(open?.({ url: 'https://example.org/' })).toEqual({ action: 'deny' })
    expect(opened).toEqual(['https://example.org/'])
  })
})

describe('the guard of the session', () => {
  const { handlers, session, events } = recorder()
  guardSession(session, { log: silent, devTools: false, openExternal: async () => false })

  it('grants what may be granted, asked and unasked', () => {
    const answers: boolean[] = []
    const request = (permission: string, requestingUrl = 'app://bundle/#/', isMainFrame = true) =>
      handlers.request?.({}, permission, (granted: boolean) => answers.push(granted), { requestingUrl, isMainFrame })
    request('clipboard-sanitized-write')
    request('clipboard-read')
    request('clipboard-sanitized-write', 'https://evil.example/')
    request('clipboard-sanitized-write', 'app://bundle/', false)
    expect(answers).toEqual([true, false, false, false])
    const check = (permission: string, origin: string) =>
      handlers.check?.(null, permission, origin, { isMainFrame: true })
    expect(check('clipboard-sanitized-write', 'app://bundle/')).toBe(true)
    expect(check('media', 'app://bundle/')).toBe(false)
    expect(check('clipboard-sanitized-write', '')).toBe(false)
  })

  it('gives no device, no screen and no pairing', () => {
    expect(handlers.device?.({ deviceType: 'usb' })).toBe(false)
    const given: unknown[] = []
    handlers.display?.({}, (streams: unknown) => given.push(streams))
    handlers.bluetooth?.({}, (response: unknown) => given.push(response))
    expect(given).toEqual([null, { confirmed: false }])
  })

  it('loads nothing from anywhere else', () => {
    const decided: unknown[] = []
    for (const url of ['app://bundle/a.js', 'https://evil.example/a.js', 'devtools://devtools/a.js'])
      handlers.load?.({ url }, (decision: unknown) => decided.push(decision))
    expect(decided).toEqual([{ cancel: false }, { cancel: true }, { cancel: true }])
  })

  it('lets the user say where a download goes, and takes none from elsewhere', () => {
    const download = (urls: string[]) => {
      const made = event({})
      let suggested: string | undefined
      events.emit('will-download', made, {
        getURLChain: () => urls,
        getFilename: () => '../../.bashrc',
        setSaveDialogOptions({ defaultPath }: { defaultPath: string }) {
          suggested = defaultPath
        },
      })
      return { prevented: made.prevented, suggested }
    }
    expect(download(['app://bundle/api/v1/export'])).toEqual({ prevented: false, suggested: 'bashrc' })
    expect(download(['app://bundle/api/v1/export', 'https://evil.example/a'])).toEqual({
      prevented: true,
      suggested: undefined,
    })
  })
})

describe('permissions', () => {
  it.each(
    'media geolocation notifications midi midiSysex clipboard-read deprecated-sync-clipboard-read display-capture fileSystem fullscreen hid idle-detection keyboardLock local-fonts local-network-access mediaKeySystem nfc openExternal persistent-storage pointerLock screen-wake-lock sensors serial speaker-selection storage-access top-level-storage-access usb vr window-management unknown what-comes-next'.split(
      ' ',
    ),
  )('are denied to the page: %s', permission => {
    expect(decidePermission({ permission, asker: 'app://bundle/', isMainFrame: true })).toBe(false)
  })
})

describe('who may speak over the bridge', () => {
  const ours = (window: number) => window === 1
  it('is the page itself in the whole of our window', () => {
    expect(isTrustedSender({ window: 1, url: 'app://bundle/#/chat', isMainFrame: true }, ours)).toBe(true)
    for (const wrong of [
      { window: 2 },
      { isMainFrame: false },
      { url: undefined },
      { url: 'about:blank' },
      { url: 'app://bundle/icon.svg' },
      { url: 'app://bundle.evil/' },
      { url: 'https://bundle/' },
      { url: 'data:text/html,a' },
    ]) {
      const sender = { window: 1, url: 'app://bundle/', isMainFrame: true, ...wrong }
      expect({ wrong, is: isTrustedSender(sender, ours) }).toEqual({ wrong, is: false })
    }
  })
})

describe('downloads', () => {
  const nameOf = (name: string) => {
    const decided = decideDownload({ urls: ['blob:app://bundle/1'], name })
    return decided.allowed ? decided.name : undefined
  }
  it('have names that are names on every system', () => {
    expect(nameOf('Vertrag 2026 (ü).pdf')).toBe('Vertrag 2026 (ü).pdf')
    expect(nameOf('C:\\Windows\\a.pdf')).toBe('a.pdf')
    expect(nameOf('a:b?.pdf')).toBe('a_b_.pdf')
    expect(nameOf('a\u202Efdp.exe')).toBe('a_fdp.exe')
    expect(nameOf('con.txt')).toBe('_con.txt')
    expect(nameOf('...')).toBe('cloister')
    expect(nameOf(`${'a'.repeat(300)}.pdf`)).toBe(`${'a'.repeat(116)}.pdf`)
  })

  it('come from nowhere else', () => {
    for (const url of [
      'https://evil.example/a',
      'blob:https://evil.example/1',
      'data:text/plain,a',
      'file:///etc/passwd',
    ])
      expect(decideDownload({ urls: [url], name: 'a' })).toEqual({ allowed: false })
    expect(decideDownload({ urls: [], name: 'a' })).toEqual({ allowed: false })
  })
})
