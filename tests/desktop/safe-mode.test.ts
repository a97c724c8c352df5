/** A library that cannot be opened: found out, checked, kept, and its backup put in its place, by the processes that the desktop has. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backupSettings, listBackups } from '../../main/data/backups.ts'
import { decideSafeMode } from '../../main/data/safe-mode.ts'
import { runServerTask } from '../../main/data/server-task.ts'
import { openLibraryKey } from '../../main/keychain/library-key.ts'
import { createServerProcess } from '../../main/processes/server-process.ts'
import { shareDirectory } from '../../server/directory-lock.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import type { Log } from '../../shared/ports.ts'
import { asLateUtility } from '../../shared/processes/fixture-utility.ts'
import type { Keychain } from '../../shared/secrets/keychain.ts'
import { builtProgram } from '../program.ts'
import { playedProcesses } from './start-desktop.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
const processes = playedProcesses({ program: builtProgram })
let folder: string
let dataDirectory: string
let backups: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-safe-'))
  dataDirectory = path.join(folder, 'data')
  backups = path.join(folder, 'data-backups')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function start(settings: Record<string, string>) {
  const server = createServerProcess({
    processes,
    socketFolders: [folder],
    dataDirectory,
    settings: async () => settings,
    log,
  })
  const client = createClient({ routes: contract, url: 'http://localhost', fetch: request => server.fetch(request) })
  server.start()
  return { server, client }
}

/** In waiting for something there is nothing to be gained by less. */
async function until<T>(look: () => Promise<T | undefined | false>, within = 60_000): Promise<T> {
  const end = performance.now() + within
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > end) throw new Error('it never came')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const settings = () => ({
  ...backupSettings({ on: true, folder: null, keep: 3 }, dataDirectory),
  LC_ALL: 'de_DE.UTF-8',
})
const name = 'Vor dem Schaden'

async function fill(): Promise<void> {
  const { server, client } = start(settings())
  expect(await server.settled()).toEqual({ name: 'ready' })
  const { id: projectId } = await client.projects.create({ name })
  const file = new File(['Die Miete beträgt 900 Euro.'], 'Mietvertrag.txt')
  const form = new FormData()
  form.append('file', file)
  const added = await server.fetch(
    new Request(`http://localhost/api/v1/projects/${projectId}/documents`, {
      method: 'POST',
      body: form,
      headers: { 'x-cloister': '1' },
    }),
  )
  expect(added.ok).toBe(true)
  await until(async () => (await client.jobs.list()).total === 0)
  await server.stop()
  // Those of the start are of a library without all this.
  await rm(backups, { recursive: true, force: true })
  const again = start(settings())
  expect(await again.server.settled()).toEqual({ name: 'ready' })
  await until(async () => (await listBackups(backups)).length > 0)
  await again.server.stop()
}

/** As a command does, again and again, while what is set aside lies there and the damaged database still bears its name. */
function tryToOpen() {
  let going = true
  let tried = 0
  let opened = 0
  const database = path.join(dataDirectory, 'cloister.db')
  const isDamaged = async () => (await readFile(database)).subarray(0, 16).every(byte => byte === 0x5a)
  const isKept = async () => (await readdir(path.join(dataDirectory, 'set-aside')).catch(() => [])).length > 0
  const trying = (async () => {
    while (going) {
      if (await isKept()) {
        const lock = await shareDirectory(dataDirectory)
        tried += 1
        if (lock && (await isDamaged())) opened += 1
        lock?.release()
      }
      await new Promise(resolve => setTimeout(resolve, 2))
    }
  })()
  return {
    async end() {
      going = false
      await trying
      return { tried: tried > 0, opened }
    },
  }
}

test('the daily backup is made where the desktop says; a damaged library is found, kept, and replaced by it', async () => {
  await fill()
  const [backup] = await listBackups(backups)
  expect(backup?.at).toBeGreaterThan(Date.now() - 10 * 60_000)
  const sound = await runServerTask(processes, { type: 'check', dataDirectory, settings: settings() })
  expect(sound).toMatchObject({ type: 'checked' })
  expect(sound.type === 'checked' && sound.findings.filter(({ state }) => state === 'bad')).toEqual([])
  expect(sound.type === 'checked' && sound.findings.map(({ text }) => text).join(' ')).toContain('Datenverzeichnis')

  const database = path.join(dataDirectory, 'cloister.db')
  const damaged = await readFile(database)
  damaged.fill(0x5a, 0, 8192)
  await writeFile(database, damaged)
  for (const end of ['-wal', '-shm']) await rm(database + end, { force: true })
  const { server } = start(settings())
  const state = await server.settled()
  await server.stop()
  expect(state.name).toBe('failed')
  expect(state.name === 'failed' && decideSafeMode({ reason: state.reason })).toMatchObject({ why: 'refused' })

  const found = await runServerTask(processes, { type: 'check', dataDirectory, settings: settings() })
  expect(found.type === 'checked' && found.findings.some(({ state }) => state === 'bad')).toBe(true)

  const blobs = async (at: string) =>
    (await readdir(path.join(at, 'blobs'), { recursive: true })).filter(name => name.includes(path.sep)).sort()
  const before = await blobs(dataDirectory)
  const task = { type: 'restore', dataDirectory, settings: settings(), file: backup!.file } as const
  const parts: number[] = []
  const strangers = tryToOpen()
  const restored = await runServerTask(processes, task, { progress: ({ part }) => parts.push(part) })
  // From the moment that something is kept until all of it is replaced nobody got in, however often they tried.
  expect(await strangers.end()).toEqual({ tried: true, opened: 0 })
  expect(parts.length).toBeGreaterThan(0)
  expect(parts).toEqual(parts.toSorted((a, b) => a - b))
  if (restored.type !== 'restored') throw new Error(JSON.stringify(restored))
  const { aside } = restored
  expect(await blobs(aside)).toEqual(before)
  expect((await readFile(path.join(aside, 'cloister.db'))).equals(damaged)).toBe(true)
  const next = start(settings())
  expect(await next.server.settled()).toEqual({ name: 'ready' })
  const { projects } = await next.client.projects.list()
  const project = projects.find(project => project.name === name)!
  const { documents } = await next.client.documents.list({ projectId: project.id })
  expect(documents.map(({ name }) => name)).toEqual(['Mietvertrag.txt'])
  await next.server.stop()
  expect(await blobs(aside)).toEqual(before)
}, 180_000)

test('a backup that is none, and a library that is in use, are said to be; nothing changes', async () => {
  const { server, client } = start(settings())
  expect(await server.settled()).toEqual({ name: 'ready' })
  await client.projects.create({ name })
  const file = path.join(folder, 'cloister-20260101T000000000Z.cloister')
  await writeFile(file, 'no backup')
  const task = { type: 'restore', dataDirectory, settings: settings(), file } as const
  expect(await runServerTask(processes, task)).toMatchObject({ type: 'failed', code: 'backup-format' })
  expect(await runServerTask(processes, { ...task, file: `${file}.gone` })).toMatchObject({ code: 'backup-unreadable' })
  const [good] = await until(async () => {
    const found = await listBackups(backups)
    return found.length > 0 && found
  })
  expect(await runServerTask(processes, { ...task, file: good!.file })).toMatchObject({
    type: 'failed',
    code: 'server-running',
  })
  const made = await runServerTask(processes, {
    type: 'backup',
    dataDirectory,
    settings: settings(),
    folder: path.join(folder, 'now'),
  })
  // Beside the server, which goes on.
  expect(made).toMatchObject({ type: 'backed-up', documents: 0, incomplete: false })
  expect((await listBackups(path.join(folder, 'now'))).map(({ file }) => file)).toEqual([
    made.type === 'backed-up' && made.file,
  ])
  const cancelled = AbortSignal.abort()
  expect(await runServerTask(processes, task, { signal: cancelled })).toEqual({ type: 'cancelled' })
  expect((await client.projects.list()).projects.map(({ name }) => name)).toContain(name)
  await server.stop()
}, 120_000)

test('what a process says last is heard, however late it comes', async () => {
  const { server, client } = start(settings())
  expect(await server.settled()).toEqual({ name: 'ready' })
  await client.projects.create({ name })
  const [backup] = await until(async () => {
    const found = await listBackups(backups)
    return found.length > 0 && found
  })
  await server.stop()
  // What has not come when its process has ended is lost.
  const late = playedProcesses({ program: builtProgram, fork: asLateUtility(300) })
  const library = { dataDirectory, settings: settings() }
  expect(await runServerTask(late, { type: 'check', ...library })).toMatchObject({ type: 'checked' })
  expect(await runServerTask(late, { type: 'restore', file: backup!.file, ...library })).toMatchObject({
    type: 'restored',
  })
  const database = path.join(dataDirectory, 'cloister.db')
  await writeFile(database, Buffer.alloc(8192, 0x5a))
  for (const end of ['-wal', '-shm']) await rm(database + end, { force: true })
  expect(await runServerTask(late, { type: 'restore', file: `${backup!.file}.gone`, ...library })).toMatchObject({
    code: 'backup-unreadable',
  })
  const damaged = createServerProcess({ processes: late, socketFolders: [folder], dataDirectory, log })
  damaged.start()
  expect(await damaged.settled()).toMatchObject({ name: 'failed', reason: { code: 'data-damaged' } })
}, 120_000)

test('the server seals with the key that the desktop hands it, and none lies in its folder', async () => {
  const kept = new Map<string, string>()
  const keychain: Keychain = {
    get: async account => kept.get(account) ?? null,
    set: async (account, secret) => void kept.set(account, secret),
    remove: async account => kept.delete(account),
  }
  const key = await openLibraryKey({ dataDirectory, keychain, log })
  if (key.state !== 'ready') throw new Error(key.state)
  const { server, client } = start({ BACKUP_FOLDER: '', SECRETS_KEY: key.key })
  expect(await server.settled()).toEqual({ name: 'ready' })
  const provider = await client.providers.add({
    slug: 'local',
    name: 'Local',
    kind: 'openai-compatible',
    baseUrl: 'http://127.0.0.1:9/v1',
    key: 'sk-0123456789-abcdefghijkl',
  })
  expect(provider.slug).toBe('local')
  await server.stop()
  expect(await readdir(dataDirectory)).not.toContain('secrets.key')
  expect(await stat(backups).catch(() => 'none')).toBe('none')
}, 60_000)
