import { fork } from 'node:child_process'
import { copyFile, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../ports.ts'
import { databaseContract } from '../contract.ts'
import { isOlder } from './connection.ts'
import { createDialect } from './dialect.ts'
import { openSqlite, type SqliteSettings } from './index.ts'
import { createPool } from './pool.ts'
import { startThread, startWorker, type Thread } from './remote.ts'

databaseContract({ engine: 'sqlite', open: file => openSqlite({ file }) })

describe('sqlite', () => {
  interface Tables {
    thing: { id: number; name: string }
  }
  let folder: string
  let file: string
  const opened: Database[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sqlite-'))
    file = join(folder, 'x.db')
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(each => each.close()))
    await rm(folder, { recursive: true, force: true })
  })

  it('runs a statement once for each value of a list, in one message', async () => {
    const { write, read } = await start()
    await sql`insert into thing (name) values ${sql.join(['a', 'b', 'c', 'd'].map(name => sql`(${name})`))}`.execute(
      write,
    )
    const deleted = await write.transaction().execute(tx => sql`delete from thing where id = ${[1, 3, 9]}`.execute(tx))
    expect(Number(deleted.numAffectedRows)).toBe(2)
    const names = await read.selectFrom('thing').select('name').orderBy('id').execute()
    expect(names.map(({ name }) => name)).toEqual(['b', 'd'])
  })

  async function start(settings: Partial<SqliteSettings> = {}) {
    const database = await openSqlite({ file, ...settings })
    opened.push(database)
    const write = new Kysely<Tables>({ dialect: database.writer('internal') })
    const read = new Kysely<Tables>({ dialect: database.reader('internal') })
    await sql`create table if not exists thing (id integer primary key, name text)`.execute(write)
    return { database, write, read }
  }
  const ids = async (db: Kysely<Tables>) =>
    (await db.selectFrom('thing').select('id').orderBy('id').execute()).map(row => row.id)
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'nothing was thrown',
      error => error.code,
    )

  it('gives every connection its settings', async () => {
    const { write, read } = await start()
    const settings = async (db: Kysely<Tables>) => {
      const { rows } =
        await sql`select journal_mode, synchronous, foreign_keys, timeout, trusted_schema, cell_size_check,
        journal_size_limit, query_only from pragma_journal_mode, pragma_synchronous, pragma_foreign_keys, pragma_busy_timeout,
        pragma_trusted_schema, pragma_cell_size_check, pragma_journal_size_limit, pragma_query_only`.execute(db)
      return rows[0]
    }
    const same = {
      journal_mode: 'wal',
      synchronous: 2,
      foreign_keys: 1,
      timeout: 5000,
      trusted_schema: 0,
      cell_size_check: 1,
      journal_size_limit: 67_108_864,
    }
    await write.insertInto('thing').values({ id: 1, name: 'a' }).execute()
    expect(await settings(write)).toEqual({ ...same, query_only: 0 })
    // Both readers: each is held while the other is asked.
    await read.connection().execute(async one => {
      expect(await settings(one)).toEqual({ ...same, query_only: 1 })
      expect(await settings(read)).toEqual({ ...same, query_only: 1 })
    })
  })

  it('does without the disk for single hasty statements alone', async () => {
    const { database, write, read } = await start()
    const hasty = new Kysely<Tables>({ dialect: database.hastyWriter('internal') })
    // The very first write too: what looks whether commits are kept must not take it for all others.
    const level = async (db: Kysely<Tables>) =>
      (await sql<{ synchronous: number }>`select synchronous from pragma_synchronous`.execute(db)).rows[0]?.synchronous
    expect(await level(hasty)).toBe(1)
    await hasty.insertInto('thing').values({ id: 1, name: 'a' }).execute()
    expect([await ids(read), await level(write)]).toEqual([[1], 2])
    expect(await codeOf(hasty.insertInto('thing').values({ id: 1, name: 'b' }).execute())).toMatch(/^SQLITE_CONSTRAINT/)
    expect(await level(write)).toBe(2)
    await expect(hasty.transaction().execute(tx => ids(tx))).rejects.toThrow('hastily')
    await write.insertInto('thing').values({ id: 2, name: 'b' }).execute()
    expect(await ids(read)).toEqual([1, 2])
  })

  it('knows tables of vectors where it can, opens without them where not, and lets no SQL load anything', async () => {
    const { database, write, read } = await start()
    expect(database.vectors).toBe(true)
    await sql`create virtual table near using vec0 (id integer primary key, vector float[2])`.execute(write)
    await sql`insert into near (id, vector) values (${1}, ${'[1, 2]'})`.execute(write)
    await expect(sql`select load_extension('nothing')`.execute(write)).rejects.toThrow('not authorized')
    const without = await start({ vectors: false })
    expect(without.database.vectors).toBe(false)
    await expect(sql`select * from near`.execute(without.read)).rejects.toThrow('no such module: vec0')
    await without.write.insertInto('thing').values({ id: 1, name: 'a' }).execute()
    expect([await ids(read), await without.database.check(true)]).toEqual([[1], []])
  })

  it('spreads readers over the threads and pins a transaction to one', async () => {
    const { write, read } = await start()
    await write.insertInto('thing').values({ id: 1, name: 'a' }).execute()
    const order: string[] = []
    const slow = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000) select sum(i) from n`
    await Promise.all([
      slow.execute(read).then(() => order.push('slow')),
      (async () => {
        for (let time = 0; time < 20; time++) await ids(read)
        order.push('quick')
      })(),
    ])
    expect(order).toEqual(['quick', 'slow'])
  })

  it('takes the connection from a caller who hangs, and rolls back', async () => {
    const { write } = await start({ idleLimit: 80 })
    let goOn = () => {}
    const hung = write.transaction().execute(async tx => {
      await tx.insertInto('thing').values({ id: 1, name: 'hung' }).execute()
      await new Promise<void>(resolve => {
        goOn = resolve
      })
      await tx.insertInto('thing').values({ id: 2, name: 'late' }).execute()
    })
    await write.insertInto('thing').values({ id: 3, name: 'next' }).execute()
    goOn()
    expect(await codeOf(hung)).toBe('database-busy')
    expect(await ids(write)).toEqual([3])
  })

  it('survives a thread that dies: what was pending is refused, its transaction rolled back, the next one works', async () => {
    await start()
    const threads: Thread[] = []
    const startOne = async () => {
      threads.push(await startThread(startWorker({ file, role: 'writer', vectors: false })))
      return threads.at(-1) as Thread
    }
    const pool = createPool([await startOne()], startOne, { size: 1, idleLimit: 30_000 })
    const db = new Kysely<Tables>({ dialect: createDialect(pool) })
    const codes: unknown[] = []
    const lost = db.transaction().execute(async tx => {
      await tx.insertInto('thing').values({ id: 1, name: 'lost' }).execute()
      void threads[0].kill()
      const both = await Promise.allSettled([ids(tx), tx.insertInto('thing').values({ id: 2, name: 'lost' }).execute()])
      codes.push(...both.map(each => each.status === 'rejected' && each.reason.code))
      await ids(tx)
    })
    const next = db.insertInto('thing').values({ id: 3, name: 'after' }).execute()
    expect(await codeOf(lost)).toBe('SQLITE_THREAD_GONE')
    expect(codes).toEqual(['SQLITE_THREAD_GONE', 'SQLITE_THREAD_GONE'])
    await next
    expect(await ids(db)).toEqual([3])
    expect(threads.length).toBe(2)
    await pool.close(1000)
  })

  it('finds damage', async () => {
    const { database, write } = await start()
    const nameOf = (id: number) => `${'x'.repeat(1000)}-${1000 + id}`
    await write
      .insertInto('thing')
      .values(Array.from({ length: 400 }, (_, id) => ({ id, name: nameOf(id) })))
      .execute()
    await sql`create index thing_by_name on thing (name, id)`.execute(write)
    const copy = join(folder, 'copy.db')
    await database.snapshot(copy)

    const broken = join(folder, 'broken.db')
    await copyFile(copy, broken)
    const bytes = await open(broken, 'r+')
    // The header of a page in the middle.
    await bytes.write(Buffer.alloc(64, 0xa5), 0, 64, 4096 * 40)
    await bytes.close()
    const damaged = await openSqlite({ file: broken })
    opened.push(damaged)
    expect((await damaged.check(false)).length).toBeGreaterThan(0)
    expect((await damaged.check(true)).length).toBeGreaterThan(0)
    await expect(damaged.snapshot(join(folder, 'of-damaged.db'))).rejects.toThrow('data-damaged')
    expect((await readdir(folder)).filter(each => each.includes('of-damaged'))).toEqual([])

    // A row and its index entry say different things: found by the deep check only.
    const subtle = join(folder, 'subtle.db')
    const content = await readFile(copy)
    content.write('y', content.indexOf(nameOf(123)) + 500)
    await writeFile(subtle, content)
    const reopened = await openSqlite({ file: subtle })
    opened.push(reopened)
    expect(await reopened.check(false)).toEqual([])
    expect((await reopened.check(true)).length).toBeGreaterThan(0)
  })

  it('says why it cannot open', async () => {
    const bad = join(folder, 'text.db')
    await writeFile(bad, 'this is no database, and long enough for a header '.repeat(100))
    expect(await codeOf(openSqlite({ file: bad }))).toBe('data-damaged')
    expect((await readFile(bad, 'utf8')).startsWith('this is no database')).toBe(true)
    expect(await codeOf(openSqlite({ file: folder }))).toBe('data-directory')
    expect(await codeOf(openSqlite({ file: join(folder, 'none', 'x.db') }))).toBe('data-directory')
    expect(await codeOf(openSqlite({ file: `${file} ` }))).toBe('data-directory')
  })

  it('knows which versions are too old', () => {
    expect(['3.51.2', '3.9.0', '3.51', '2.99.99'].map(version => isOlder(version, '3.51.3'))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(['3.51.3', '3.51.10', '3.54.1', '4.0'].map(version => isOlder(version, '3.51.3'))).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  it('keeps its files private and leaves no log behind', async () => {
    const { database, write } = await start()
    await write.insertInto('thing').values({ id: 1, name: 'a' }).execute()
    for (const name of await readdir(folder))
      expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600])
    await database.snapshot(join(folder, 'copy.db'))
    expect((await stat(join(folder, 'copy.db'))).mode & 0o777).toBe(0o600)
    await database.close()
    expect((await readdir(folder)).sort()).toEqual(['copy.db', 'x.db'])
  })

  const program = new URL('./index.ts', import.meta.url).href
  async function child(body: string) {
    const script = join(folder, `child-${Math.random()}.mjs`)
    const kysely = import.meta.resolve('kysely')
    await writeFile(
      script,
      `import { openSqlite } from '${program}'\nimport { Kysely, sql } from '${kysely}'\nconst file = ${JSON.stringify(file)}\n${body}`,
    )
    const running = fork(script, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
    let complaint = ''
    running.stderr?.on('data', text => {
      complaint += text
    })
    const said: unknown[] = []
    running.on('message', message => said.push(message))
    const exit = new Promise<number | string | null>(resolve =>
      running.on('exit', (code, signal) => resolve(signal ?? code)),
    )
    return { running, said, exit, complaint: () => complaint }
  }

  it('lets several processes open and write one new file at once', async () => {
    const count = `
      const database = await openSqlite({ file })
      const db = new Kysely({ dialect: database.writer('internal') })
      await sql\`create table if not exists thing (id integer primary key, name text)\`.execute(db)
      await sql\`insert or ignore into thing values (0, '0')\`.execute(db)
      for (let time = 0; time < 40; time++) await db.transaction().execute(async tx => {
        const row = await tx.selectFrom('thing').select('name').where('id', '=', 0).executeTakeFirstOrThrow()
        await tx.updateTable('thing').set({ name: String(Number(row.name) + 1) }).where('id', '=', 0).execute()
      })
      await database.close()
      process.disconnect()`
    const children = await Promise.all([child(count), child(count), child(count)])
    for (const each of children) expect([await each.exit, each.complaint()]).toEqual([0, ''])
    const { database, read } = await start()
    expect((await read.selectFrom('thing').selectAll().execute())[0].name).toBe('120')
    expect(await database.check(true)).toEqual([])
  })

  it('loses nothing that was committed when the process is killed', async () => {
    const { running, said, exit } = await child(`
      const database = await openSqlite({ file })
      const db = new Kysely({ dialect: database.writer('internal') })
      await sql\`create table thing (id integer primary key, name text)\`.execute(db)
      for (let id = 0; ; id += 2) {
        await db.transaction().execute(async tx => {
          await sql\`insert into thing values (\${id}, 'a')\`.execute(tx)
          await sql\`insert into thing values (\${id + 1}, 'b')\`.execute(tx)
        })
        process.send(id + 1)
      }`)
    await expect.poll(() => said.length, { timeout: 30_000 }).toBeGreaterThan(20)
    running.kill('SIGKILL')
    expect(await exit).toBe('SIGKILL')
    const { database, read } = await start()
    const kept = await ids(read)
    expect(kept.length).toBeGreaterThanOrEqual(Number(said.at(-1)) + 1)
    expect(kept.length % 2).toBe(0)
    expect(await database.check(true)).toEqual([])
  })

  it('keeps the process alive for an answer, and no longer', async () => {
    const { said, exit, complaint } = await child(`
      const database = await openSqlite({ file })
      const db = new Kysely({ dialect: database.reader('internal') })
      process.channel.unref()
      const { rows } = await sql\`with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) select count(*) as n from n\`.execute(db)
      process.send(rows[0].n)`)
    expect([await exit, complaint()]).toEqual([0, ''])
    expect(said).toEqual([200_000])
  })
})
