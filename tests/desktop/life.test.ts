/** The life of the application, with all of main but Electron: its windows, menus and questions are played, its processes are real. */
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDesktop } from '../../main/desktop.ts'
import type { MenuItem } from '../../main/native/menu.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import type { Desktop, Shell } from '../../main/shell.ts'
import { scriptedChat } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { createClient } from '../../shared/api/client.ts'
import type { DesktopAnswer } from '../../shared/api/desktop.ts'
import { contract } from '../../shared/api/index.ts'
import { writePack } from '../../shared/models/pack.ts'
import type { Log } from '../../shared/ports.ts'
import { builtProgram } from '../program.ts'
import { until } from '../until.ts'
import { type Played, playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const processes = playedProcesses({ program: builtProgram })

let folder: string
let played: Played
let desktop: Desktop | undefined

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-life-'))
})
afterEach(async () => {
  if (played.exited === undefined) await desktop?.end()
  desktop = undefined
  // The process would have ended: what it was at with the key of the library goes on here for a moment.
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
})

async function start(more: Partial<Shell> = {}): Promise<Desktop> {
  played = playShell(folder)
  Object.assign(played.shell, more)
  await import('node:fs/promises').then(({ mkdir }) => mkdir(played.shell.folders.page, { recursive: true }))
  await writeFile(path.join(played.shell.folders.page, 'index.html'), '<p nonce="__NONCE__"></p>')
  desktop = await startDesktop({
    shell: played.shell,
    processes,
    dataDirectory: null,
    keyGiven: false,
    usualDirectory: path.join(folder, 'data'),
    log: silent,
  })
  return desktop
}

const call = (name: string, input?: unknown, window = 1) =>
  desktop!.handleCall({ window, url: `${pageOrigin}/`, isMainFrame: true }, { name, input }) as Promise<
    DesktopAnswer<unknown>
  >
const client = () =>
  createClient({ routes: contract, url: pageOrigin, fetch: request => desktop!.handleRequest(request) })
const labels = (items: readonly MenuItem[]): string[] =>
  items.flatMap(item => ('label' in item ? [item.label, ...('items' in item ? labels(item.items) : [])] : []))

describe('the application', () => {
  it('opens also where what fetches updates cannot be loaded', async () => {
    const connectUpdater = () => Promise.reject(new Error('Cannot find package'))
    await start({ channel: { url: 'https://updates.example.org/', key: 'k' }, connectUpdater })
    expect(await call('start')).toMatchObject({ ok: true, value: { updates: { name: 'none' } } })
  })

  it('opens its window at once and its library behind it, speaks German, and ends within three seconds', async () => {
    await start()
    expect(played.windows).toHaveLength(1)
    expect(played.windows[0]!.options.place).toMatchObject({ width: 1240, height: 860 })
    expect(await call('start')).toMatchObject({
      ok: true,
      value: { quick: false, updates: { name: 'none' } },
    })
    expect((await client().projects.list()).projects).toHaveLength(1)
    await until(
      () => played.windows[0]!.heard.some(message => message.type === 'server' && message.server.name === 'ready'),
      'the page hears of it',
    )
    expect(labels(played.menu)).toContain('&Datei')
    const page = await desktop!.handleRequest(new Request(`${pageOrigin}/`))
    expect(await page.text()).not.toContain('__NONCE__')
    const began = performance.now()
    await desktop!.quit()
    expect(performance.now() - began).toBeLessThan(3000)
    expect(played).toMatchObject({ exited: 0, questions: [] })
  })

  it('asks before files that are on their way are lost', async () => {
    await start()
    await call('start')
    await call('tellUploads', { count: 2 })
    await desktop!.quit()
    expect(played.exited).toBeUndefined()
    expect(played.questions.at(-1)?.message).toBe('2 Dateien sind noch unterwegs')
    played.answer = () => 1
    await desktop!.quit()
    expect(played.exited).toBe(0)
  })

  it('asks that also when its window is closed, and forgets them with the page that sent them', async () => {
    await start()
    await call('setPreferences', { tray: false })
    await call('start')
    await call('tellUploads', { count: 2 })
    const [first] = played.windows
    expect(first?.events.closing?.()).toBe(false)
    expect(played.questions.map(({ message }) => message)).toEqual(['2 Dateien sind noch unterwegs'])
    // That was answered with staying. What shows the page breaks: another one takes its place, and the application goes on.
    await call('start')
    first?.events.failed?.()
    expect(played.windows).toHaveLength(2)
    expect([first?.destroyed, played.exited]).toEqual([true, undefined])
    // As often as it takes until the first question is over.
    await until(() => played.windows[1]!.events.closing?.() === false && played.exited === 0, 'it ends')
    expect(played.questions).toHaveLength(1)
  })

  it('takes models over from a folder, beside its server, and names what is damaged', async () => {
    const stick = path.join(folder, 'stick')
    const model = path.join(folder, 'chat.gguf')
    await writeGguf(model, scriptedChat('The notice period is three months [1].'))
    const packed = { name: 'chat', path: model, sha256: undefined, role: 'chat' as const, license: null, source: null }
    await writePack([packed], stick)
    await start()
    await call('start')
    await client().projects.list()
    const taken = () => readdir(path.join(folder, 'data/models')).catch(() => [])
    const sound = await readFile(path.join(stick, 'chat.gguf'))
    await writeFile(path.join(stick, 'chat.gguf'), Buffer.concat([sound.subarray(0, -1), Buffer.from('x')]))
    played.folder = stick
    expect(await call('takeModels')).toMatchObject({ ok: true })
    expect(played.questions.at(-1)).toMatchObject({ message: 'Es wurden keine Modelle übernommen', warning: true })
    expect(played.questions.at(-1)?.detail).toContain('chat.gguf')
    expect(await taken()).not.toContain('chat.gguf')

    await writeFile(path.join(stick, 'chat.gguf'), sound)
    desktop!.choose({ name: 'take-models' })
    const end = 'Das Modell chat.gguf wurde übernommen'
    await until(() => played.questions.some(({ message }) => message === end), 'it is taken', 60_000)
    expect(await taken()).toContain('chat.gguf')
    const [window] = played.windows
    const told = window!.heard.flatMap(message => (message.type === 'taking' ? [message.taking] : []))
    expect(told.at(-1)).toBeNull()
    expect(told).toContainEqual({ file: 'chat.gguf', part: expect.any(Number) })
    expect(window!.heard).toContainEqual({ type: 'go', hash: '#/models' })
    expect(played.progress.some(part => part !== undefined)).toBe(true)
    expect(played.progress.at(-1)).toBeUndefined()
    expect((await client().models.list({})).models.map(({ name }) => name)).toEqual(['chat.gguf'])

    await call('takeModels')
    expect(played.questions.at(-1)?.message).toBe('Das Modell ist schon da: chat.gguf')
    // Without a list, what lies there; and a folder with nothing in it.
    played.folder = folder
    await rename(model, path.join(folder, 'second.gguf'))
    await call('takeModels')
    expect(played.questions.at(-1)?.message).toBe('Das Modell second.gguf wurde übernommen')
    played.folder = path.join(folder, 'window')
    await call('takeModels')
    expect(played.questions.at(-1)?.message).toBe('Es wurden keine Modelle übernommen')
    played.folder = undefined
    const before = played.questions.length
    await call('takeModels')
    expect(played.questions).toHaveLength(before)
  })

  it('protects the key of the library with a passphrase where the system has no place for it', async context => {
    await start()
    await client().projects.list()
    const known = await call('getKey')
    if (JSON.stringify(known).includes('keychain')) context.skip('there is a keychain here')
    expect(known).toEqual({ ok: true, value: { state: 'none', place: null } })
    await call('start')
    await client().projects.list()
    expect(labels(played.menu)).toContain('Schlüssel von Anbietern schützen …')
    expect(await call('protectKey', { passphrase: 'kurz' })).toMatchObject({
      ok: false,
      reason: { code: 'passphrase-short' },
    })
    const ready = { state: 'ready', place: 'passphrase' }
    expect(await call('protectKey', { passphrase: 'neun alte Kamele' })).toEqual({ ok: true, value: ready })
    expect(played.windows[0]!.heard).toContainEqual({ type: 'key', key: ready })
    expect(labels(played.menu)).not.toContain('Schlüssel von Anbietern schützen …')
    // By the server that was started anew with it.
    const near = {
      kind: 'openai-compatible' as const,
      name: 'Near',
      baseUrl: 'http://127.0.0.1:9/v1',
      key: 'sk-secret',
    }
    expect(await client().providers.add(near)).toMatchObject({ key: 'set' })
    await desktop!.end()
    await start()
    expect(await call('getKey')).toMatchObject({ value: { state: 'locked' } })
    await call('start')
    expect(await call('unlockKey', { passphrase: 'neun alte Kühe' })).toMatchObject({
      ok: false,
      reason: { code: 'passphrase-wrong' },
    })
    expect(await call('unlockKey', { passphrase: 'neun alte Kamele' })).toMatchObject({ ok: true, value: ready })
    expect((await client().providers.list()).providers).toMatchObject([{ name: 'Near', key: 'set' }])
  })

  it('opens the small window by its keys, and remembers what is chosen', async () => {
    await start()
    played.press?.()
    expect(played.windows[1]!.options).toMatchObject({ quick: true })
    expect(await call('start', undefined, 2)).toMatchObject({ value: { quick: true } })
    expect(await call('setPreferences', { tray: false, shortcut: null })).toMatchObject({
      ok: true,
      value: { tray: false, shortcut: null },
    })
    expect(played.press).toBeUndefined()
    played.windows[0]!.events.placed?.({ x: 10, y: 20, width: 900, height: 700, maximized: false })
    const kept = () => readFile(path.join(folder, 'window/desktop.json'), 'utf8').catch(() => '')
    await until(
      async () => (await kept()).includes('"width": 900') || (await kept()).includes('"width":900'),
      'it is kept',
    )
    await desktop!.end()
    await start()
    expect(played.windows[0]!.options.place).toMatchObject({ x: 10, y: 20, width: 900, height: 700 })
  })

  it('comes up in safe mode where the library cannot be opened, deletes nothing, and starts when that is mended', async () => {
    await writeFile(path.join(folder, 'data'), '').catch(() => {})
    await rm(path.join(folder, 'data'), { force: true })
    await start()
    await client().projects.list()
    await desktop!.end()
    const database = path.join(folder, 'data/cloister.db')
    const sound = await readFile(database)
    await writeFile(database, Buffer.concat([Buffer.from('no database at all'), sound.subarray(18)]))
    const leave = Promise.withResolvers<number>()
    let asked = 0
    const opening = start()
    played.answer = () => {
      asked += 1
      return asked === 1 ? 0 : leave.promise
    }
    await opening
    await until(() => played.questions.length === 2, 'it was tried again')
    const [first, second] = played.questions
    expect(first?.message).toBe('Die Bibliothek lässt sich nicht öffnen')
    expect(first?.detail).toContain(path.join(folder, 'data-backups'))
    // The page is told what is waited for, and opens nothing past the question.
    const reason = { code: 'data-damaged', values: { backups: path.join(folder, 'data-backups') } }
    const state = { ok: true, value: { server: { name: 'stopped', safe: { reason } } } }
    expect(await call('start')).toMatchObject(state)
    expect(played.windows[0]!.heard.filter(({ type }) => type === 'server').at(-1)).toMatchObject(state.value)
    expect(await call('startServer')).toEqual({ ok: false, reason: { code: 'library-busy' } })
    await expect(client().projects.create({ name: 'Neu' })).rejects.toMatchObject({ code: 'library-busy' })
    expect(played.questions).toHaveLength(2)
    leave.resolve(second!.cancel)
    await until(() => played.exited === 0, 'the user leaves')
    expect((await readFile(database)).length).toBe(sound.length)
    await writeFile(database, sound)
    await start()
    expect((await client().projects.list()).projects).toHaveLength(1)
  })

  it('leads a hostile page nowhere', async () => {
    await start()
    played.answer = question => question.cancel
    expect(await desktop!.openExternal('https://example.org/')).toBe(false)
    expect(played.questions.at(-1)?.message).toContain('example.org')
    const before = played.questions.length
    for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'http://example.org', 'cloister://ask?q=a'])
      expect(await desktop!.openExternal(url)).toBe(false)
    expect(played.questions).toHaveLength(before)
    expect(
      await desktop!.handleCall({ window: 1, url: 'https://evil.example/', isMainFrame: true }, { name: 'start' }),
    ).toMatchObject({ ok: false })
    expect(await call('chooseFolder', undefined, 99)).toMatchObject({ ok: false })
  })

  it('asks about a link again where the question went with its window, so that no later one is refused', async () => {
    await start()
    const answers: ((button: number) => void)[] = []
    played.answer = () => new Promise(resolve => answers.push(resolve))
    const opening = desktop!.openExternal('https://example.org/')
    expect(await desktop!.openExternal('https://example.org/b')).toBe(false)
    played.windows[0]?.events.failed?.()
    await until(() => answers.length === 2, 'it is asked again')
    answers[1]?.(0)
    expect([await opening, played.shown]).toEqual([true, ['https://example.org/']])
  })
})
