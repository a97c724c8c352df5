import { describe, expect, it } from 'vitest'
import { type DesktopMessage, type DesktopState, desktopCalls, type KeyState } from '../../shared/api/desktop.ts'
import { AppError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import { createPageBridge } from './page.ts'
import { type BridgeCalls, createBridgeRouter } from './router.ts'

const state: DesktopState = {
  page: '0198c1f0-0000-4000-8000-000000000000',
  quick: false,
  asksForKeys: false,
  server: { name: 'ready' },
  updates: { name: 'none' },
}
const key: KeyState = { state: 'none', place: null }
const preferences = { tray: true, notifications: true, recent: true, shortcut: null }

function makeCalls(own: Partial<BridgeCalls> = {}): BridgeCalls {
  return {
    start: () => state,
    startServer() {},
    chooseFolder: () => null,
    openExternal: () => ({ opened: true }),
    showDataFolder() {},
    print() {},
    takeHanded: () => ({ files: [] }),
    leaveHanded() {},
    breakOff() {},
    tellUploads() {},
    getPreferences: () => preferences,
    setPreferences: changes => ({ ...preferences, ...changes }),
    hideQuick() {},
    openChat() {},
    openLibrary() {},
    chooseUpdate: () => ({ name: 'none' }),
    getKey: () => key,
    protectKey: () => key,
    unlockKey: () => key,
    giveUpKey: () => key,
    takeModels() {},
    stopTakingModels() {},
    ...own,
  }
}

function make(own: Partial<BridgeCalls> = {}) {
  const logged: { message: string; fields: Record<string, unknown> | undefined }[] = []
  const note = (message: string, fields?: Record<string, unknown>) => void logged.push({ message, fields })
  const log: Log = { debug: note, info: note, warn: note, error: note }
  let time = 0
  const router = createBridgeRouter({ calls: makeCalls(own), log, now: () => time })
  const sent: DesktopMessage[] = []
  router.open(1, message => void sent.push(message))
  const sender = { window: 1, url: 'app://bundle/#/', isMainFrame: true }
  const call = (name: string, input?: unknown) => router.handle(sender, { name, input })
  const pass = (ms: number) => {
    time += ms
  }
  return { router, sent, logged, sender, call, pass }
}

const refused = { ok: false, reason: { code: 'internal' } }

describe('the bridge', () => {
  it('answers the page, and does what it asks with what it was given', async () => {
    const given: unknown[] = []
    const { call } = make({
      setPreferences(changes, window) {
        given.push(changes, window)
        return preferences
      },
    })
    expect(await call('start')).toEqual({ ok: true, value: state })
    expect(await call('print')).toEqual({ ok: true, value: undefined })
    expect(await call('setPreferences', { tray: false, strange: 1 })).toEqual({ ok: true, value: preferences })
    expect(given).toEqual([{ tray: false }, 1])
  })

  it('answers nobody else, and asks each time', async () => {
    const { router, sender, logged } = make()
    for (const wrong of [
      { window: 2 },
      { isMainFrame: false },
      { url: undefined },
      { url: 'https://evil.example/' },
      { url: 'app://bundle/assets/a.svg' },
    ])
      expect(await router.handle({ ...sender, ...wrong }, { name: 'start' })).toEqual(refused)
    expect(logged.map(({ fields }) => fields)).toEqual(Array(5).fill({ why: 'sender' }))
    router.close(1)
    expect(await router.handle(sender, { name: 'start' })).toEqual(refused)
  })

  it('takes nothing that is not in the contract, whatever it is', async () => {
    const { router, sender, call } = make()
    const circle: Record<string, unknown> = { name: 'start' }
    circle.input = circle
    for (const wrong of [
      undefined,
      null,
      'start',
      [],
      {},
      circle,
      { name: 'start', input: undefined, more: 1 },
      { name: 'start', input: 1 },
      { name: 'constructor' },
      { name: '__proto__' },
      { name: 'toString' },
      { name: 'openExternal' },
      { name: 'openExternal', input: { url: 1 } },
      { name: 'openExternal', input: { url: `https://${'a'.repeat(10_001)}` } },
      { name: 'openChat', input: { projectId: '../a', chatId: 'b' } },
      { name: 'tellUploads', input: { count: -1 } },
      { name: 'chooseUpdate', input: { choice: 'run' } },
      { name: 'openExternal', input: { url: 1n } },
    ])
      expect({ wrong, is: await router.handle(sender, wrong) }).toEqual({ wrong, is: refused })
    expect(await call('start')).toMatchObject({ ok: true })
  })

  it('takes nothing large', async () => {
    const { call, logged, pass } = make({ openExternal: () => ({ opened: false }) })
    expect(await call('openExternal', { url: 'a', more: 'ü'.repeat(40_000) })).toEqual(refused)
    expect(logged.at(-1)?.fields).toEqual({ why: 'size' })
    pass(1000)
    expect(await call('openExternal', { url: 'a', more: 'a'.repeat(60_000) })).toMatchObject({ ok: true })
  })

  it('takes so many calls at once and so many a second, of each window', async () => {
    const { router, sender, call, pass } = make()
    const several = async (count: number) =>
      (await Promise.all(Array.from({ length: count }, () => call('print')))).filter(({ ok }) => ok).length
    expect(await several(60)).toBe(40)
    pass(1000)
    expect(await several(60)).toBe(10)
    router.open(2, () => {})
    expect(await router.handle({ ...sender, window: 2 }, { name: 'print' })).toMatchObject({ ok: true })
    pass(3_600_000)
    expect(await several(60)).toBe(40)
  })

  it('says what the user is to know, and of anything else nothing', async () => {
    const known = make({
      chooseFolder: () => {
        throw new AppError('folder-not-found', { name: 'a' })
      },
    })
    expect(await known.call('chooseFolder')).toEqual({
      ok: false,
      reason: { code: 'folder-not-found', values: { name: 'a' } },
    })
    const unknown = make({
      chooseFolder: async () => {
        throw new Error('/home/anna/secret')
      },
    })
    expect(await unknown.call('chooseFolder')).toEqual(refused)
    expect(String(unknown.logged.at(-1)?.fields?.error)).toContain('/home/anna/secret')
  })

  it('lets nothing out that the contract does not know', async () => {
    const { call, logged } = make({
      start: () => ({ ...state, token: 'secret' }) as DesktopState,
      getPreferences: () => ({ ...preferences, tray: 'yes' }) as never,
    })
    expect(await call('start')).toEqual({ ok: true, value: state })
    expect(await call('getPreferences')).toEqual(refused)
    expect(logged.at(-1)?.message).toBe('a call of the page failed')
  })

  it('keeps what is said until the page has begun, checks it, and forgets the oldest', async () => {
    const { router, sent, call, logged } = make()
    router.tell(1, { type: 'go', hash: 'javascript:alert(1)' })
    expect(logged.at(-1)?.fields).toEqual({ type: 'go' })
    for (let at = 0; at < 105; at++) router.tell(1, { type: 'go', hash: `#/chat/${at}` })
    router.tell(2, { type: 'go', hash: '#/' })
    expect(sent).toEqual([])
    await call('start')
    expect(sent).toHaveLength(100)
    expect(sent[0]).toEqual({ type: 'go', hash: '#/chat/5' })
    router.tellAll({ type: 'server', server: { name: 'starting', attempt: 1, doing: 'opening', late: false } })
    expect(sent.at(-1)).toEqual({
      type: 'server',
      server: { name: 'starting', attempt: 1, doing: 'opening', late: false },
    })
  })
})

describe('what the page has of it', () => {
  it('is functions, one for each call of the contract, and one to listen', async () => {
    const { router, sender } = make()
    let say: (message: unknown) => void = () => {}
    const bridge = createPageBridge({
      invoke: call => router.handle(sender, call),
      receive(hear) {
        say = hear
      },
    })
    expect(Object.keys(bridge).toSorted()).toEqual([...Object.keys(desktopCalls), 'listen'].toSorted())
    for (const part of Object.values(bridge)) expect(typeof part).toBe('function')
    expect(await bridge.openExternal({ url: 'https://example.org/' })).toEqual({ ok: true, value: { opened: true } })
    say({ type: 'go', hash: '#/' })
    const heard: unknown[] = []
    bridge.listen(message => void heard.push(message))
    say({ type: 'go', hash: '#/library' })
    expect(heard).toEqual([
      { type: 'go', hash: '#/' },
      { type: 'go', hash: '#/library' },
    ])
  })

  it('says so when nobody answers any more', async () => {
    const bridge = createPageBridge({
      invoke: async () => {
        throw new Error("Error invoking remote method 'cloister:call': reply was never sent")
      },
      receive() {},
    })
    expect(await bridge.print()).toEqual(refused)
  })
})
