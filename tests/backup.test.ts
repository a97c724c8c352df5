/** Backups from the command line: beside a server, into both engines, and killed in their midst. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, rename, stat, symlink, truncate } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { v7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFolderBlobs } from '../shared/blobs/folder.ts'
import type { PostgresDatabase } from '../shared/db/postgres/index.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import { openStore } from '../shared/store/index.ts'
import { bytes } from './open-core.ts'
import { silent } from './open-store.ts'
import { needsServer, postgres, type TestDatabase } from './postgres.ts'
import { makePlace, type Place } from './run-cli.ts'
import { until } from './until.ts'

interface Told {
  digest?: string
  file?: string
  error?: { code: string }
  code: number | null
}

let place: Place
/** The digest of the library “one”, whose backup lies in `whole.cloister`. */
let whole: string | undefined
const at = (name: string) => path.join(place.folder, name)
const sizeOf = (file: string) =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  )

beforeAll(async () => {
  place = await makePlace()
  await build(at('one'), 'Eins', 20)
  await build(at('two'), 'Zwei', 3)
  const made = await place.json<Told>(['--data', at('one'), 'backup', at('whole.cloister')])
  expect(made.code).toBe(0)
  whole = made.digest
}, 120_000)
afterAll(() => place.remove())

/** A library whose backup takes long enough to be killed in its midst. */
async function build(folder: string, name: string, documents: number): Promise<void> {
  await mkdir(folder)
  const database = await openSqlite({ file: path.join(folder, 'cloister.db') })
  const clock = { now: () => Date.now() }
  const backups = (file: string) => path.join(folder, file)
  const store = await openStore({ database, clock, ids: { next: () => v7() }, log: silent, backups })
  const blobs = await createFolderBlobs({ folder: path.join(folder, 'blobs') })
  await store.users.begin('local')
  const scope = store.projects.next('local')
  await store.transaction(scope, tx => store.projects.insert(tx, scope, name, 'documents'))
  for (let number = 0; number < documents; number++) {
    const text = randomBytes(300_000).toString('hex')
    const { hash, size } = await blobs.put(bytes(text))
    await store.transaction(scope, async tx => {
      const file = { name: `${number}.txt`, path: `${number}.txt`, mediaType: 'text/plain', size, blob: hash }
      const { id } = await store.documents.insert(tx, scope, file)
      const chunks = Array.from({ length: 20 }, (_, position) => {
        const terms = [name.toLowerCase(), ...text.slice(position * 800, position * 800 + 800).match(/.{8}/g)!]
        return {
          ...{ position, text: terms.join(' '), terms, contextTerms: [], headings: [], language: 'de' as const },
          pieces: [{ kind: 'paragraph' as const, segment: 1, block: 0, from: 0, to: 800, at: 0 }],
        }
      })
      await store.chunks.insert(tx, scope.projectId, id, chunks)
      await store.documents.update(tx, id, { state: 'ready', chunks: 20, segments: 1, parsed: 1, indexed: 1 })
    })
  }
  await store.close()
  await database.close()
}

/** What was written of a file before it has its name. */
async function partialOf(file: string): Promise<{ names: string[]; size: number }> {
  const start = `${path.basename(file)}.`
  const names = (await readdir(place.folder)).filter(name => name.startsWith(start) && name.endsWith('.partial'))
  const sizes = await Promise.all(names.map(name => sizeOf(at(name))))
  return { names, size: sizes.reduce((sum, size) => sum + size, names.length > 0 ? 1 : 0) }
}

async function digestOf(data: string, environment: Record<string, string> = {}): Promise<string | undefined> {
  const file = at(`digest-${v7()}.cloister`)
  const told = await place.json<Told>(['--data', at(data), 'backup', file], { environment })
  return told.digest
}

/** Kills the command when the condition holds; false where it ended before. */
async function killedWhen(
  args: readonly string[],
  condition: () => Promise<boolean>,
  environment: Record<string, string> = {},
): Promise<boolean> {
  const { child, finished } = place.start(args, { environment })
  let over = false
  void finished.then(() => {
    over = true
  })
  await until(async () => over || (await condition()), 'the moment to kill', 60_000)
  if (!over) process.kill(-(child.pid ?? 0), 'SIGKILL')
  const { signal } = await finished
  return signal === 'SIGKILL'
}

test('a backup that is killed leaves none, and the next one is whole', async () => {
  const size = await sizeOf(at('whole.cloister'))
  let killed = 0
  for (const part of [0, 1, 3]) {
    const file = at(`killed-${part}.cloister`)
    let next = file
    const reached = async () => (await partialOf(file)).size > (size * part) / 5
    if (await killedWhen(['--data', at('one'), 'backup', file], reached)) {
      const left = await sizeOf(file)
      if (left === 0) killed += 1
      // The kill came when it had its name: then it is whole.
      else {
        expect(Math.abs(left - size)).toBeLessThan(size / 100)
        next = at(`again-${part}.cloister`)
      }
      const again = await place.json<Told>(['--data', at('one'), 'backup', next])
      expect(again.digest).toBe(whole)
      // What was left is taken away by the next one of this name.
      expect((await partialOf(next)).names).toEqual([])
    }
  }
  expect(killed).toBeGreaterThanOrEqual(1)
}, 180_000)

test('a restore into SQLite that is killed leaves what was there, and is done by the next one', async () => {
  const before = await digestOf('two')
  expect(before).not.toBe(whole)
  const refused = await place.json<Told>(['--data', at('two'), 'restore', at('whole.cloister')])
  expect(refused).toMatchObject({ code: 1, error: { code: 'restore-not-empty' } })
  const args = ['--data', at('two'), 'restore', at('whole.cloister'), '--replace', '--yes']
  let killed = 0
  const size = await sizeOf(path.join(at('one'), 'cloister.db'))
  for (const part of [0, 0.3, 0.6]) {
    const beside = path.join(at('two'), 'cloister.db.restoring')
    const reached = async () => (await sizeOf(`${beside}-wal`)) + (await sizeOf(beside)) > part * size
    if (!(await killedWhen(args, reached))) break
    const digest = await digestOf('two')
    // The kill came when the new library was in its place.
    if (digest === whole) break
    killed += 1
    expect(digest).toBe(before)
  }
  expect(killed).toBeGreaterThanOrEqual(1)
  const done = await place.json<Told>(args)
  expect(done).toMatchObject({ code: 0, digest: whole })
  expect(await digestOf('two')).toBe(whole)
  expect((await readdir(at('two'))).filter(name => name.includes('restoring'))).toEqual([])
}, 180_000)

test('beside a server a backup is made, and nothing is restored', async () => {
  const { child, finished } = place.start(['--data', at('one'), 'serve', '--port', '0', '--json'])
  let out = ''
  child.stdout?.on('data', (text: string) => {
    out += text
  })
  await until(() => out.includes('address'), 'the server')
  const made = await place.json<Told>(['--data', at('one'), 'backup', at('beside.cloister')])
  expect(made).toMatchObject({ code: 0 })
  const refused = await place.json<Told>(['--data', at('one'), 'restore', at('beside.cloister'), '--replace', '--yes'])
  expect(refused).toMatchObject({ code: 1, error: { code: 'server-running' } })
  child.kill('SIGTERM')
  await finished
}, 60_000)

test('a backup that is interrupted leaves nothing', async () => {
  const file = at('interrupted.cloister')
  const { child, finished } = place.start(['--data', at('one'), 'backup', file, '--json'])
  let over = false
  void finished.then(() => {
    over = true
  })
  const begun = async () => (await readdir(place.folder)).some(name => name.startsWith('interrupted.'))
  await until(async () => over || (await begun()), 'the beginning of the backup', 60_000)
  child.kill('SIGINT')
  const { code, stdout } = await finished
  expect(over ? [0, 130] : [130]).toContain(code)
  if (code === 130) expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'cancelled' } })
  expect((await readdir(place.folder)).filter(name => name.startsWith('interrupted.') && code !== 0)).toEqual([])
}, 60_000)

test('a server makes backups from time to time, and doctor tells how old the latest is', async () => {
  const environment = { BACKUP_FOLDER: at('many'), BACKUP_EVERY: '1d', BACKUP_KEEP: '3' }
  const doctor = async (more: Record<string, string> = {}) => {
    const args = ['--data', at('two'), 'doctor']
    const told = await place.json<{ findings: { name: string; state: string; text: string }[] }>(args, {
      environment: { ...environment, ...more },
    })
    return told.findings.find(({ name }) => name === 'backup')
  }
  expect(await doctor()).toMatchObject({ state: 'warn', text: expect.stringContaining('no backup') })
  const serve = () => place.start(['--data', at('two'), 'serve', '--port', '0', '--json'], { environment })
  const made = async () => (await readdir(at('many')).catch(() => [])).filter(name => name.endsWith('.cloister')).length
  const first = serve()
  await until(async () => (await made()) === 1, 'the first backup', 60_000)
  first.child.kill('SIGTERM')
  await first.finished
  expect(await doctor()).toMatchObject({ state: 'ok' })
  // It is young enough for the next start.
  const second = serve()
  let out = ''
  second.child.stdout?.on('data', (text: string) => {
    out += text
  })
  await until(() => out.includes('address'), 'the server')
  second.child.kill('SIGTERM')
  await second.finished
  expect(await made()).toBe(1)
  const [name] = (await readdir(at('many'))).filter(each => each.endsWith('.cloister'))
  const restored = await place.json<Told>(['--data', at('from-many'), 'restore', path.join(at('many'), name)])
  expect(restored).toMatchObject({ code: 0, digest: await digestOf('two') })
  const old = path.join(at('many'), 'cloister-20260101T000000000Z.cloister')
  await rename(path.join(at('many'), name), old)
  expect(await doctor()).toMatchObject({ state: 'warn', text: expect.stringContaining('should be newer') })
  await truncate(old, 5000)
  expect(await doctor()).toMatchObject({ state: 'bad' })
}, 180_000)

test('a disk that fills up while a library is replaced leaves the old one', async ({ skip }) => {
  const disk = at('disk')
  await mkdir(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=10m', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    skip('a disk of its own can be mounted only by root')
  }
  try {
    await build(path.join(disk, 'data'), 'Klein', 2)
    const before = await digestOf('disk/data')
    const args = ['--data', path.join(disk, 'data'), 'restore', at('whole.cloister'), '--replace', '--yes']
    expect(await place.json<Told>(args)).toMatchObject({ code: 1, error: { code: 'disk-full' } })
    expect(await digestOf('disk/data')).toBe(before)
    const left = (await readdir(path.join(disk, 'data'))).filter(name => name.includes('restoring'))
    expect(left).toEqual([])
  } finally {
    execFileSync('umount', ['-l', disk], { stdio: 'ignore' })
  }
}, 120_000)

test('a database that a link points to is replaced where it lies', async () => {
  await build(at('real'), 'Ort', 2)
  await mkdir(at('linked'))
  await symlink(path.join(at('real'), 'cloister.db'), path.join(at('linked'), 'cloister.db'))
  const small = await place.json<Told>(['--data', at('two'), 'backup', at('small.cloister')])
  const args = ['--data', at('linked'), 'restore', at('small.cloister'), '--replace', '--yes']
  expect(await place.json<Told>(args)).toMatchObject({ code: 0, digest: small.digest })
  expect((await lstat(path.join(at('linked'), 'cloister.db'))).isSymbolicLink()).toBe(true)
  expect((await lstat(path.join(at('real'), 'cloister.db'))).isFile()).toBe(true)
  expect(await digestOf('linked')).toBe(small.digest)
}, 60_000)

test('what is said wrongly is said to be', async () => {
  for (const words of [['backup'], ['backup', 'x', '--to', 'y'], ['backup', 'x', '--keep', '2'], ['restore']])
    expect((await place.run(['--data', at('two'), ...words])).code).toBe(2)
  const none = await place.json<Told>(['--data', at('none'), 'backup', at('none.cloister')])
  expect(none).toMatchObject({ code: 1, error: { code: 'backup-nothing' } })
}, 60_000)

const onServer = postgres.name === 'Postgres'
describe.skipIf(!onServer)(onServer ? 'on Postgres' : `on Postgres: ${needsServer}`, () => {
  let held: TestDatabase<PostgresDatabase>
  /** In one connection, whose lock `inTheMidst` holds. */
  let watcher: pg.Client
  let environment: Record<string, string>
  beforeAll(async () => {
    held = await postgres.openReady()
    environment = { DATABASE_URL: held.url ?? '' }
    watcher = new pg.Client({ connectionString: held.url })
    await watcher.connect()
    await held.database.close()
  }, 60_000)
  afterAll(async () => {
    await watcher?.end()
    await held?.drop()
  })

  const lock = 4711
  const waiting = async () => {
    const { rows } = await watcher.query(
      `select 1 from pg_locks where locktype = 'advisory' and objid = ${lock} and not granted
       and database = (select oid from pg_database where datname = current_database())`,
    )
    return rows.length > 0
  }

  /** Runs while whoever writes rows into the table waits in that very statement, and lets it go on then. */
  async function inTheMidst(table: string, run: () => Promise<void>): Promise<void> {
    await watcher.query(`create function held_up() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock_shared(${lock}); return null; end'`)
    await watcher.query(`create trigger held_up after insert on ${table} execute function held_up()`)
    await watcher.query(`select pg_advisory_lock(${lock})`)
    try {
      await run()
    } finally {
      await watcher.query(`select pg_advisory_unlock(${lock})`)
      await watcher.query('drop function held_up cascade')
    }
  }

  test('a backup of SQLite and back has the same digest; a killed restore leaves what was there', async () => {
    const restore = (file: string) => ['--data', at('pg'), 'restore', at(file), '--replace', '--yes']
    expect(await place.json<Told>(restore('whole.cloister'), { environment })).toMatchObject({ digest: whole })
    const back = await place.json<Told>(['--data', at('pg'), 'backup', at('back.cloister')], { environment })
    expect(back.digest).toBe(whole)
    const again = await place.json<Told>(['--data', at('three'), 'restore', at('back.cloister')])
    expect(again).toMatchObject({ code: 0, digest: whole })

    await build(at('four'), 'Vier', 3)
    const other = await place.json<Told>(['--data', at('four'), 'backup', at('four.cloister')])
    const others = async () => {
      const { rows } = await watcher.query(
        `select 1 from pg_stat_activity where datname = current_database() and application_name like 'cloister%'`,
      )
      return rows.length
    }
    for (const table of ['chunk', 'chunk_words', 'changes']) {
      await inTheMidst(table, async () => {
        expect(await killedWhen(restore('four.cloister'), waiting, environment)).toBe(true)
      })
      // The server still does what it was at, and hears only then that nobody waits for it.
      expect(await digestOf('pg', environment)).toBe(whole)
      await until(async () => (await others()) === 0, 'the connections of the killed one are gone')
    }
    const done = await place.json<Told>(restore('four.cloister'), { environment })
    expect(done).toMatchObject({ code: 0, digest: other.digest })
    expect(await digestOf('pg', environment)).toBe(other.digest)
  }, 300_000)

  test('of several workers one makes the backup that is due', async () => {
    const settings = { ...environment, BACKUP_FOLDER: at('many-pg') }
    const workers = [1, 2, 3].map(() =>
      place.start(['--data', at('pg'), 'worker', '--json'], { environment: settings }),
    )
    const made = async () =>
      (await readdir(at('many-pg')).catch(() => [])).filter(name => name.endsWith('.cloister')).length
    await until(async () => (await made()) > 0, 'the first backup', 60_000)
    for (const { child, finished } of workers) {
      child.kill('SIGTERM')
      await finished
    }
    expect(await made()).toBe(1)
    const [name] = (await readdir(at('many-pg'))).filter(each => each.endsWith('.cloister'))
    const restored = await place.json<Told>(['--data', at('from-pg'), 'restore', path.join(at('many-pg'), name)])
    expect(restored).toMatchObject({ code: 0, digest: await digestOf('pg', environment) })
  }, 180_000)
})
