/** The library is moved, by all of main but Electron and real processes: who may have it meanwhile, and where it is afterwards. */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listBackups } from '../../main/data/backups.ts'
import { holdDirectory } from '../../main/data/hold-directory.ts'
import { startDesktop } from '../../main/desktop.ts'
import type { MenuItem } from '../../main/native/menu.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import { createServerProcess } from '../../main/processes/server-process.ts'
import type { Desktop, Question } from '../../main/shell.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import type { ChildProcess, Log, Processes } from '../../shared/ports.ts'
import { until } from '../until.ts'
import { type Played, playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const processes = playedProcesses()
const moving = 'Die Bibliothek wird verschoben'
const asked = 'Die Bibliothek in diesen Ordner verschieben?'

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
      if (question.message !== asked) return 0
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
      await until(() => played.questions.length === 4, 'the menu is refused, too')
      await expect(client().projects.list()).rejects.toThrow()
      return 0
    }
    desktop!.choose({ name: 'move-data' })
    await until(() => played.exited === 0, 'it is moved')
    expect(refused).toEqual(Array(5).fill({ ok: false, reason: { code: 'library-busy' } }))
    expect(played.questions.map(({ message }) => message.split(' (')[0])).toEqual([
      asked,
      ...Array(3).fill('An der Bibliothek wird gerade anderes getan'),
      `Die Bibliothek liegt jetzt in ${elsewhere}`,
    ])
    expect([played.relaunched, await isThere(path.join(folder, 'data'))]).toEqual([1, false])
    await start()
    expect(await names()).toContain('Miete')
    expect(await isThere(path.join(folder, 'data'))).toBe(false)
  })

  it('nothing else is in work at it: models that are taken over keep it where it is', async () => {
    await start()
    await client().projects.create({ name: 'Miete' })
    // The folder of the stick is being chosen, which is part of it.
    const { promise: stick, resolve: choose } = Promise.withResolvers<string | undefined>()
    played.shell.chooseFolder = () => stick
    const taking = call('takeModels')
    played.shell.chooseFolder = async () => elsewhere
    desktop!.choose({ name: 'move-data' })
    const busy = () => played.questions.some(({ message }) => message.startsWith('An der Bibliothek wird gerade'))
    await until(busy, 'it is refused')
    expect(await names()).toContain('Miete')
    expect(await isThere(elsewhere)).toBe(false)
    choose(undefined)
    expect(await taking).toMatchObject({ ok: true })
    desktop!.choose({ name: 'move-data' })
    await until(() => played.exited === 0, 'it is moved')
    expect(await isThere(path.join(elsewhere, 'cloister.db'))).toBe(true)
  })

  it('on second thoughts, it is open again where it was', async () => {
    await start()
    await client().projects.create({ name: 'Miete' })
    played.folder = elsewhere
    played.answer = question => question.cancel
    desktop!.choose({ name: 'move-data' })
    await until(() => played.questions.length === 1, 'it is asked')
    await until(() => enabled('move-data'), 'the library is open')
    expect(await names()).toContain('Miete')
    expect([played.relaunched, await isThere(elsewhere)]).toEqual([0, false])
  })

  it('to another disk, it can be ended by its button and by quitting; a whole copy takes its place', async context => {
    if (otherDisk === undefined || (await stat(otherDisk)).dev === (await stat(folder)).dev)
      return context.skip('there is one disk here')
    const to = path.join(otherDisk, 'library')
    await start()
    await client().projects.create({ name: 'Miete' })
    played.folder = to
    const press = (question: Question) => {
      if (question.message === moving) return 0
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
    if (restoring(question) && cancelled++ > 0) return new Promise<number>(() => {})
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
  await until(() => enabled('new-chat'), 'the library is open')
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
  desktop!.choose({ name: 'move-data' })
  await until(() => played.exited === 0, 'it is moved')
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

describe('a folder that is held', () => {
  it('is opened by no server and by no command until it is let go', async () => {
    const dataDirectory = path.join(folder, 'data')
    const held = await holdDirectory(processes, { dataDirectory })
    await expect(holdDirectory(processes, { dataDirectory })).rejects.toMatchObject({ code: 'server-running' })
    const server = createServerProcess({
      processes,
      socketFolders: [folder],
      dataDirectory,
      log: silent,
    })
    server.start()
    expect(await server.settled()).toMatchObject({ name: 'failed', reason: { code: 'server-running' } })
    const command = spawn(process.execPath, ['server/main.ts', 'projects', 'list', '--data', dataDirectory], {
      stdio: 'ignore',
    })
    expect(await new Promise(resolve => command.once('exit', resolve))).not.toBe(0)
    expect(await readdir(dataDirectory)).not.toContain('cloister.db')
    expect(held.lost.aborted).toBe(false)
    await held.release()
    expect(held.lost.aborted).toBe(false)
    server.start()
    expect(await server.settled()).toEqual({ name: 'ready' })
    await expect(holdDirectory(processes, { dataDirectory })).rejects.toMatchObject({ code: 'server-running' })
    await server.stop()
  })

  it('is known to be held no longer when its process is killed', async () => {
    const children: ChildProcess[] = []
    const watched: Processes = {
      spawn(role) {
        const child = processes.spawn(role)
        children.push(child)
        return child
      },
    }
    const held = await holdDirectory(watched, { dataDirectory: path.join(folder, 'data') })
    children[0]!.kill()
    await until(() => held.lost.aborted, 'it is known')
    await held.release()
  })
})

describe('a server that is held', () => {
  const of = (from: Processes) => {
    const dataDirectory = path.join(folder, 'data')
    return createServerProcess({
      processes: from,
      socketFolders: [folder],
      dataDirectory,
      log: silent,
    })
  }

  it('starts when it is let go, if somebody asked for it and nobody took that back', async () => {
    const server = of(processes)
    const [first, second] = [server.hold(), server.hold()]
    server.start()
    expect([server.state().name, server.pid]).toEqual(['stopped', undefined])
    first()
    first()
    expect(server.state().name).toBe('stopped')
    await server.stop()
    second()
    expect(server.state().name).toBe('stopped')
    const third = server.hold()
    server.start()
    third()
    expect(await server.settled()).toEqual({ name: 'ready' })
    // While it stops, too.
    const fourth = server.hold()
    const stopped = server.stop()
    server.start()
    await stopped
    fourth()
    expect(await server.settled()).toEqual({ name: 'ready' })
    await server.stop()
  })

  it('that cannot even be spawned has failed, and can be stopped', async () => {
    const server = of({
      spawn() {
        throw new Error('no memory')
      },
    })
    server.start()
    expect(await server.settled()).toEqual({ name: 'failed', reason: { code: 'internal' } })
    await server.stop()
    expect(server.state()).toEqual({ name: 'stopped' })
  })
})
