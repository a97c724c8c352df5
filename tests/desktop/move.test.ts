/** The library is moved, by all of main but Electron and real processes: who may have it meanwhile, and where it is afterwards. */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listBackups } from '../../main/data/backups.ts'
import { startDesktop } from '../../main/desktop.ts'
import type { MenuItem } from '../../main/native/menu.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import type { Desktop, Question } from '../../main/shell.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { createTranslate } from '../../shared/messages/index.ts'
import type { Log } from '../../shared/ports.ts'
import { builtProgram } from '../program.ts'
import { until } from '../until.ts'
import { type Played, playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const processes = playedProcesses({ program: builtProgram })
const words = createTranslate('de')
const moving = 'Die Bibliothek wird verschoben'
const asked = 'Die Bibliothek in diesen Ordner verschieben?'
const done = (to: string) => `Die Bibliothek liegt jetzt in ${to}`

let folder: string
let elsewhere: string
let played: Played
let desktop: Desktop | undefined
let otherDisk: string | undefined

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-moving-'))
  elsewhere = path.join(folder, 'elsewhere', 'library')
  otherDisk = await mkdtemp('/dev/shm/cloister-moving-').catch(() => undefined)
})
afterEach(async () => {
  vi.restoreAllMocks()
  if (desktop && played.exited === undefined) await desktop.end()
  desktop = undefined
  for (const one of [folder, otherDisk]) if (one !== undefined) await rm(one, { recursive: true, force: true })
})

async function start(named: string | null = null, answer?: Played['answer']): Promise<Desktop> {
  played = playShell(folder)
  if (answer) played.answer = answer
  await mkdir(played.shell.folders.page, { recursive: true })
  await writeFile(path.join(played.shell.folders.page, 'index.html'), '<p nonce="__NONCE__"></p>')
  desktop = await startDesktop({
    shell: played.shell,
    processes,
    dataDirectory: named,
    keyGiven: false,
    usualDirectory: path.join(folder, 'data'),
    log: silent,
  })
  return desktop
}

const call = (name: string, input?: unknown) =>
  desktop!.handleCall({ window: 1, url: `${pageOrigin}/`, isMainFrame: true }, { name, input })
const client = () =>
  createClient({ routes: contract, url: pageOrigin, fetch: request => desktop!.handleRequest(request) })
const names = async () => (await client().projects.list()).projects.map(({ name }) => name)
const enabled = (name: string, items: readonly MenuItem[] = played.menu): boolean =>
  items.some(item =>
    item.type === 'submenu'
      ? enabled(name, item.items)
      : item.type === 'action' && item.action.name === name && item.enabled !== false,
  )
const preferences = async () => JSON.parse(await readFile(path.join(folder, 'window', 'desktop.json'), 'utf8'))
const isThere = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  )

describe('while the library is moved', () => {
  it('nothing starts its server, and what would touch it is refused; then it is where it was to go', async () => {
    await start()
    await client().projects.create({ name: 'Miete' })
    const refused: unknown[] = []
    played.folder = elsewhere
    played.answer = async question => {
      if (question.message !== done(elsewhere)) return 0
      expect(['move-data', 'backup-folder', 'back-up', 'take-models'].filter(name => enabled(name))).toEqual([])
      for (const [name, input] of [
        ['startServer'],
        ['takeModels'],
        ['protectKey', { passphrase: 'neun alte Kamele' }],
        ['unlockKey', { passphrase: 'neun alte Kamele' }],
        ['giveUpKey'],
      ] as const)
        refused.push(await call(name, input))
      for (const name of ['backup-folder', 'back-up', 'move-data'] as const) desktop!.choose({ name })
      await until(() => played.questions.length === 5, 'the menu is refused, too')
      await expect(client().projects.list()).rejects.toThrow()
      return 0
    }
    desktop!.choose({ name: 'move-data' })
    await until(() => played.exited === 0, 'it is moved')
    expect(refused).toEqual(Array(5).fill({ ok: false, reason: { code: 'library-busy' } }))
    expect(played.questions.map(({ message }) => message.split(' (')[0])).toEqual([
      asked,
      done(elsewhere),
      ...Array(3).fill('An der Bibliothek wird gerade anderes getan'),
    ])
    expect([played.relaunched, await isThere(path.join(folder, 'data'))]).toEqual([1, false])
    await start()
    expect(await names()).toContain('Miete')
    expect(await isThere(path.join(folder, 'data'))).toBe(false)
  })

  it.skipIf(process.platform === 'win32')(
    'nothing else is in work at it: models that are taken over keep it where it is',
    async () => {
      await start()
      await client().projects.create({ name: 'Miete' })
      const stick = path.join(folder, 'stick')
      await mkdir(stick)
      // Whoever only chooses a folder has nothing in work yet.
      const { promise: chosen, resolve: choose } = Promise.withResolvers<string>()
      played.shell.chooseFolder = () => chosen
      const taking = call('takeModels')
      played.shell.chooseFolder = async () => path.join(folder, 'data')
      desktop!.choose({ name: 'move-data' })
      await until(() => played.questions.length === 1, 'it is looked at')
      expect(played.questions[0]?.message).toBe(words('desktop.move.refused.same'))
      const { spawn } = processes
      const { promise: held, resolve: hold } = Promise.withResolvers<number>()
      vi.spyOn(processes, 'spawn').mockImplementationOnce(role => {
        const child = spawn(role)
        process.kill(child.pid!, 'SIGSTOP')
        hold(child.pid!)
        return child
      })
      choose(stick)
      const pid = await held
      played.shell.chooseFolder = async () => elsewhere
      desktop!.choose({ name: 'move-data' })
      const busy = () => played.questions.some(({ message }) => message.startsWith('An der Bibliothek wird gerade'))
      await until(busy, 'it is refused')
      expect(await names()).toContain('Miete')
      expect(await isThere(elsewhere)).toBe(false)
      process.kill(pid, 'SIGCONT')
      expect(await taking).toMatchObject({ ok: true })
      desktop!.choose({ name: 'move-data' })
      await until(() => played.exited === 0, 'it is moved')
      expect(await isThere(path.join(elsewhere, 'cloister.db'))).toBe(true)
    },
  )

  it('until it is decided, the server runs on: a refusal, second thoughts and trouble with asking end nothing', async () => {
    await start()
    await client().projects.create({ name: 'Miete' })
    await call('start')
    const { heard } = played.windows[0]!
    const since = heard.length
    const choose = async (to: string, answer: Played['answer']) => {
      const { length } = played.questions
      played.folder = to
      played.answer = answer
      desktop!.choose({ name: 'move-data' })
      await until(() => played.questions.length > length, 'it is asked')
      expect(await names()).toContain('Miete')
      return played.questions[length]?.message
    }
    await mkdir(path.join(folder, 'full', 'of'), { recursive: true })
    expect(await choose(path.join(folder, 'full'), () => 0)).toBe(words('desktop.move.refused.not-empty'))
    expect(await choose(path.join(folder, 'program', 'new'), () => 0)).toBe(words('desktop.move.refused.application'))
    expect(await choose(elsewhere, question => question.cancel)).toBe(asked)
    const failing = (question: Question) => {
      if (question.message === asked) throw new Error('there is no screen')
      return 0
    }
    expect(await choose(elsewhere, failing)).toBe(asked)
    expect(heard.slice(since).filter(({ type }) => type === 'server')).toEqual([])
    expect([played.relaunched, await isThere(elsewhere)]).toEqual([0, false])
  })

  it('one behind a link keeps its backups, beside the name it was opened by', async () => {
    await mkdir(path.join(folder, 'disk', 'library'), { recursive: true })
    await symlink(path.join(folder, 'disk', 'library'), path.join(folder, 'data'))
    const backups = path.join(folder, 'data-backups')
    await start()
    await until(async () => (await listBackups(backups)).length > 0, 'there is a backup')
    played.folder = elsewhere
    desktop!.choose({ name: 'move-data' })
    await until(() => played.exited === 0, 'it is moved')
    expect(await preferences()).toMatchObject({
      dataDirectory: elsewhere,
      backup: { folder: backups },
      opened: [path.join(folder, 'data')],
    })
  })

  // Of a pipe nobody reads anything, as of a drive that hangs.
  it.skipIf(process.platform === 'win32')('an old folder that cannot be taken away keeps nothing else', async () => {
    const old = path.join(folder, 'old')
    const pipe = path.join(old, 'running', 'pipe')
    await mkdir(path.dirname(pipe), { recursive: true })
    execFileSync('mkfifo', [pipe])
    await writeFile(path.join(old, 'moved'), 'this one')
    const data = path.join(folder, 'data')
    for (const one of [data, path.join(folder, 'window')]) await mkdir(one)
    const known = { dataDirectory: data, previous: { folder: old, since: Date.now(), mark: 'this one' } }
    await writeFile(path.join(folder, 'window', 'desktop.json'), JSON.stringify(known))
    await start()
    await client().projects.create({ name: 'Miete' })
    played.folder = elsewhere
    desktop!.choose({ name: 'move-data' })
    await until(() => played.questions.length === 1, 'it is refused')
    expect(played.questions[0]?.message).toBe(words('desktop.move.refused.clearing', { folder: old }))
    await writeFile(pipe, '')
    await until(async () => (await preferences()).previous.length === 0, 'it is gone')
    expect(await isThere(old)).toBe(false)
    desktop!.choose({ name: 'move-data' })
    await until(() => played.exited === 0, 'it is moved')
  })

  it('files on their way are asked about', async () => {
    await start()
    await client().projects.create({ name: 'Miete' })
    await call('start')
    await call('tellUploads', { count: 3 })
    played.folder = elsewhere
    const onTheirWay = '3 Dateien sind noch unterwegs'
    played.answer = question => (question.message === onTheirWay ? question.cancel : 0)
    desktop!.choose({ name: 'move-data' })
    await until(() => played.questions.length === 2, 'it is asked')
    expect(played.questions.map(({ message }) => message)).toEqual([asked, onTheirWay])
    expect(await names()).toContain('Miete')
    expect(await isThere(elsewhere)).toBe(false)
    played.answer = question => question.buttons.indexOf('Verschieben')
    desktop!.choose({ name: 'move-data' })
    await until(() => played.exited === 0, 'it is moved')
    expect(await isThere(path.join(elsewhere, 'cloister.db'))).toBe(true)
  })

  it('one that fails leaves it open where it was', async () => {
    await start()
    await client().projects.create({ name: 'Miete' })
    // No folder bears such a name.
    played.folder = path.join(folder, 'x'.repeat(300), 'library')
    desktop!.choose({ name: 'move-data' })
    await until(() => played.questions.length === 2, 'it is told')
    expect(played.questions[1]?.message).toMatch(/^Die Bibliothek ließ sich nicht verschieben.*ENAMETOOLONG/)
    expect(await names()).toContain('Miete')
  })

  it('to another disk, it can be ended by its button and by quitting; a whole copy takes its place', async context => {
    if (otherDisk === undefined || (await stat(otherDisk)).dev === (await stat(folder)).dev)
      return context.skip('there is one disk here')
    const to = path.join(otherDisk, 'library')
    await start()
    await client().projects.create({ name: 'Miete' })
    played.folder = to
    const press = (question: Question) => {
      if (question.message === moving) return question.buttons.indexOf('Abbrechen')
      return question.message === asked ? 0 : question.cancel
    }
    played.answer = press
    desktop!.choose({ name: 'move-data' })
    await until(() => played.questions.some(({ message }) => message === moving), 'it is asked')
    await until(() => enabled('move-data'), 'the library is open')
    expect(await isThere(to)).toBe(false)
    expect(await names()).toContain('Miete')

    // The end of the application takes back what was begun.
    const never = new Promise<number>(() => {})
    let quitting: Promise<void> | undefined
    played.answer = question => {
      if (question.message !== moving) return 0
      quitting = desktop!.quit()
      return never
    }
    desktop!.choose({ name: 'move-data' })
    await until(() => quitting !== undefined, 'it is quit')
    await quitting
    expect([played.exited, played.relaunched, await isThere(to)]).toEqual([0, 0, false])

    await start()
    expect(await names()).toContain('Miete')
    played.folder = to
    played.answer = question => (question.message === moving ? never : 0)
    desktop!.choose({ name: 'move-data' })
    await until(() => played.exited === 0, 'it is moved')
    expect(played.progress).toContain(1)
    expect(await isThere(path.join(folder, 'data', 'cloister.db'))).toBe(true)
    await start()
    expect(await names()).toContain('Miete')
    await until(async () => !(await isThere(path.join(folder, 'data'))), 'the old one goes')
  })
})

describe('a move that was ended in the middle', () => {
  async function startWith(move: object, answer?: Played['answer']): Promise<void> {
    const file = path.join(folder, 'window', 'desktop.json')
    const known = await readFile(file, 'utf8').catch(() => '{}')
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, JSON.stringify({ ...JSON.parse(known), move }))
    await start(null, answer)
  }
  beforeEach(async () => {
    await start()
    await client().projects.create({ name: 'Miete' })
    await desktop!.end()
    desktop = undefined
  })

  it('is finished by the next start, where the library was renamed', async () => {
    const data = path.join(folder, 'data')
    await mkdir(path.dirname(elsewhere))
    await rename(data, elsewhere)
    await startWith({
      from: data,
      to: elsewhere,
      way: 'rename',
      made: true,
      backups: path.join(folder, 'data-backups'),
    })
    expect(await names()).toContain('Miete')
    expect(played.questions[0]?.message).toBe(words('desktop.move.moved', { folder: elsewhere }))
    expect(await isThere(data)).toBe(false)
  })

  it('is taken back by the next start, where half of it was copied', async () => {
    await mkdir(elsewhere, { recursive: true })
    await writeFile(path.join(elsewhere, 'cloister.db'), 'half')
    await startWith({
      from: path.join(folder, 'data'),
      to: elsewhere,
      way: 'copy',
      made: true,
      backups: path.join(folder, 'data-backups'),
    })
    expect(await names()).toContain('Miete')
    expect(played.questions[0]?.message).toBe(words('desktop.move.undone'))
    expect(await isThere(elsewhere)).toBe(false)
  })

  it('waits for the drive of the library, which is the usual place', async () => {
    const data = path.join(folder, 'data')
    await rename(data, path.join(folder, 'unplugged'))
    const { promise: plugged, resolve: plug } = Promise.withResolvers<number>()
    played.questions = []
    const waiting = startWith(
      { from: data, to: elsewhere, way: 'copy', made: true, backups: path.join(folder, 'data-backups') },
      () => plugged,
    )
    await until(() => played.questions.length > 0, 'it is asked')
    expect(played.questions[0]?.message).toBe(`Die Bibliothek ist nicht da: ${data}`)
    expect(await isThere(data)).toBe(false)
    await rename(path.join(folder, 'unplugged'), data)
    plug(0)
    await waiting
    expect(await names()).toContain('Miete')
  })
})

it('while a backup takes the place of a library, the page cannot start the server on it', async () => {
  const backups = path.join(folder, 'data-backups')
  await start()
  await client().projects.create({ name: 'Miete' })
  await until(async () => (await listBackups(backups)).length > 0, 'there is a backup')
  await desktop!.end()
  const database = path.join(folder, 'data', 'cloister.db')
  await writeFile(database, Buffer.alloc(8192, 0x5a))
  for (const end of ['-wal', '-shm']) await rm(database + end, { force: true })
  let cancelled = 0
  const restoring = (question: Question) => question.message.endsWith('wird zurückgeholt')
  let left: string[] | undefined
  const restore = async (question: Question) => {
    // Once it is thought better of, at once.
    if (restoring(question))
      return cancelled++ > 0 ? new Promise<number>(() => {}) : question.buttons.indexOf('Abbrechen')
    if (cancelled === 1) left ??= await readdir(path.join(folder, 'data', 'set-aside')).catch(() => [])
    return Math.max(
      0,
      question.buttons.findIndex(label => label.startsWith('Sicherung vom')),
    )
  }
  await start(null, restore)
  await until(() => cancelled === 2 && !enabled('backup-folder'), 'it is restored')
  expect(left).toEqual([])
  expect(await call('startServer')).toEqual({ ok: false, reason: { code: 'library-busy' } })
  desktop!.choose({ name: 'backup-folder' })
  await until(() => enabled('new-question'), 'the library is open')
  expect((await client().projects.list()).projects.length).toBeGreaterThan(0)
  const messages = played.questions.map(({ message }) => message)
  expect(messages.some(message => message.startsWith('An der Bibliothek wird gerade anderes getan'))).toBe(true)
  expect(messages.at(-1)).toMatch(/ist jetzt die Bibliothek/)
  expect(await isThere(path.join(folder, 'data', 'set-aside'))).toBe(true)
})

it('an application that cannot start itself anew says so before it ends', async () => {
  await start()
  await client().projects.list()
  played.folder = elsewhere
  played.relaunches = false
  let told = 0
  played.answer = question => {
    if (question.message !== done(elsewhere) || ++told > 1) return 0
    // With its window it goes, and of that some systems say nothing.
    setImmediate(() => played.windows.at(-1)?.events.failed?.())
    return new Promise<number>(() => {})
  }
  desktop!.choose({ name: 'move-data' })
  await until(() => played.exited === 0, 'it is moved')
  expect(told).toBe(2)
  expect(played.questions.at(-1)?.message).toContain('Öffnen Sie es selbst')
  expect(await isThere(path.join(elsewhere, 'cloister.db'))).toBe(true)
})

describe('a library that the command line names', () => {
  it('is not moved, and it is said why', async () => {
    const named = path.join(folder, 'named')
    await start(named)
    await client().projects.list()
    played.folder = elsewhere
    desktop!.choose({ name: 'move-data' })
    await until(() => played.questions.length === 1, 'it is said')
    expect(played.questions[0]?.message).toContain(named)
    expect(played.questions[0]?.message).toContain('--data')
    expect((await client().projects.list()).projects).toHaveLength(1)
    expect(await isThere(elsewhere)).toBe(false)
  })

  it('and was moved before is not made anew: it is opened where it is, or not at all', async () => {
    await start()
    await client().projects.create({ name: 'Miete' })
    await desktop!.end()
    const named = path.join(folder, 'data')
    await mkdir(path.dirname(elsewhere), { recursive: true })
    await rename(named, elsewhere)
    const file = path.join(folder, 'window', 'desktop.json')
    const known = await readFile(file, 'utf8').catch(() => '{}')
    await writeFile(file, JSON.stringify({ ...JSON.parse(known), dataDirectory: elsewhere }))
    desktop = undefined
    // Nobody waits for a start that comes to nothing.
    void start(named, question => question.cancel)
    await until(() => played.exited === 0, 'the user leaves')
    expect(played.questions.map(({ message }) => message)).toEqual([
      `Die Bibliothek liegt nicht mehr in diesem Ordner: ${named}`,
    ])
    expect([await isThere(named), played.windows.length]).toEqual([false, 0])
    await start(named, () => 0)
    expect(await names()).toContain('Miete')
    expect(await isThere(named)).toBe(false)
  })
})
