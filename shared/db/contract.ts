/** What every engine behind the `Database` port keeps. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompiledQuery, Kysely, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../ports.ts'

interface Row {
  id: number
  name: string | null
  amount: number | bigint | null
  ratio: number | null
  bytes: Uint8Array | null
}

interface Tables {
  thing: Row
  part: { id: number; thing: number }
  large: { id: number; name: string; bytes: Uint8Array }
}

export interface DatabaseHarness {
  engine: Database['engine']
  /** Opens the database that lies at this path, or makes an empty one. The path names it, twice the same path is one. */
  open(file: string): Promise<Database>
  /** Removes what lies beside the path. */
  drop?(): Promise<void>
}

/** What the engines say in words of their own. */
const dialects = {
  sqlite: {
    tables: [
      'create table thing (id integer primary key, name text unique, amount integer, ratio real, bytes blob) strict',
      'create table part (id integer primary key, thing integer not null references thing (id) deferrable initially deferred) strict',
      'create table large (id integer primary key, name text, bytes blob) strict',
    ],
    parameter: '?',
    unlock: ['pragma query_only = off', 'pragma query_only = off'],
    twice: 'UNIQUE constraint failed: thing.name',
    unique: 'SQLITE_CONSTRAINT_UNIQUE',
    primaryKey: 'SQLITE_CONSTRAINT_PRIMARYKEY',
    foreignKey: 'SQLITE_CONSTRAINT_FOREIGNKEY',
    readOnly: 'SQLITE_READONLY',
    unknown: 'SQLITE_ERROR',
    wrongType: 'SQLITE_CONSTRAINT_DATATYPE',
  },
  postgres: {
    tables: [
      'create table thing (id bigint primary key, name text unique, amount bigint, ratio double precision, bytes bytea)',
      'create table part (id bigint primary key, thing bigint not null references thing (id) deferrable initially deferred)',
      'create table large (id bigint primary key, name text, bytes bytea)',
    ],
    parameter: '$1',
    unlock: ['set transaction read write', 'set session characteristics as transaction read write'],
    twice: 'duplicate key value violates unique constraint "thing_name_key"',
    unique: '23505',
    primaryKey: '23505',
    foreignKey: '23503',
    readOnly: '25006',
    unknown: '42P01',
    wrongType: '22P02',
  },
} as const

/** On whose behalf transactions come one after the other. */
const someone = { userId: 'someone', projectId: 'something' }

/** `skip`: names of tests an engine is excused from, each a stated exception in its own test file. */
export function databaseContract(
  { engine, open, drop }: DatabaseHarness,
  { skip = [] }: { skip?: readonly string[] } = {},
): void {
  const names = new Set<string>()
  const test = (name: string, run: () => Promise<void>) => {
    names.add(name)
    it.skipIf(skip.includes(name))(name, run)
  }
  const dialect = dialects[engine]

  describe(`database contract, ${engine}`, () => {
    let folder: string
    let file: string
    let database: Database
    let write: Kysely<Tables>
    let read: Kysely<Tables>
    const opened: Database[] = []

    async function openAt(path: string) {
      const other = await open(path)
      opened.push(other)
      const handles = {
        write: new Kysely<Tables>({ dialect: other.writer('internal') }),
        read: new Kysely<Tables>({ dialect: other.reader('internal') }),
      }
      return { database: other, ...handles }
    }

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'database-'))
      file = join(folder, 'cloister.db')
      ;({ database, write, read } = await openAt(file))
      for (const table of dialect.tables) await write.executeQuery(CompiledQuery.raw(table))
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map(each => each.close()))
      await rm(folder, { recursive: true, force: true })
      await drop?.()
    })

    it('is excused from tests that exist', () => {
      expect(skip.filter(name => !names.has(name))).toEqual([])
    })

    const insert = (db: Kysely<Tables>, row: Partial<Row> & { id: number }) =>
      db
        .insertInto('thing')
        .values({ name: null, amount: null, ratio: null, bytes: null, ...row })
        .execute()
    const ids = async (db: Kysely<Tables>) =>
      (await db.selectFrom('thing').select('id').orderBy('id').execute()).map(row => row.id)
    const codeOf = async (promise: Promise<unknown>) => {
      const error = await promise.then(
        () => expect.fail('it should have been refused'),
        (reason: unknown) => reason,
      )
      return error instanceof Error && 'code' in error ? error.code : error
    }

    test('a hasty statement is there for all others, and leaves the next ones as they are', async () => {
      const hasty = new Kysely<Tables>({ dialect: database.hastyWriter('internal') })
      await insert(hasty, { id: 1, name: 'a' })
      expect(await ids(read)).toEqual([1])
      expect(await codeOf(insert(hasty, { id: 2, name: 'a' }))).toBe(dialect.unique)
      await insert(write, { id: 2, name: 'b' })
      expect(await ids(read)).toEqual([1, 2])
    })

    test('values come back as they went in', async () => {
      const rows: Row[] = [
        { id: 1, name: '', amount: 0, ratio: 0, bytes: new Uint8Array() },
        { id: 2, name: 'Grüße 💶 \u202e end', amount: 2 ** 53 - 1, ratio: -1.5e-300, bytes: Uint8Array.of(0, 255) },
        { id: 3, name: "'; drop table thing; --", amount: 1 - 2 ** 53, ratio: 1e308, bytes: null },
        { id: 4, name: null, amount: null, ratio: null, bytes: Buffer.from('abcdef').subarray(2, 4) },
      ]
      for (const row of rows) await insert(write, row)
      const found = await read.selectFrom('thing').selectAll().orderBy('id').execute()
      expect(found).toEqual([...rows.slice(0, 3), { ...rows[3], bytes: Uint8Array.of(99, 100) }])
      expect(found[1].bytes?.constructor).toBe(Uint8Array)
      expect(Object.keys(found[0])).toEqual(['id', 'name', 'amount', 'ratio', 'bytes'])
    })

    test('whole numbers of 64 bits, and U+0000 in text', async () => {
      const wide = [2n ** 63n - 1n, -(2n ** 63n)]
      await insert(write, { id: 1, name: 'a\0b' })
      for (const [at, amount] of wide.entries()) await insert(write, { id: at + 2, amount })
      const names = await read.selectFrom('thing').select('name').where('name', '=', 'a\0b').execute()
      const amounts = read.selectFrom('thing').select('amount').where('id', '>', 1).orderBy('id').execute()
      if (engine === 'sqlite') {
        expect(names).toEqual([{ name: 'a\0b' }])
        expect(await amounts).toEqual(wide.map(amount => ({ amount })))
      } else {
        // Postgres keeps no U+0000; nor does anything of ours count so far.
        expect(names).toEqual([{ name: 'a\ufffdb' }])
        await expect(amounts).rejects.toThrow('beyond 2^53')
        expect(await ids(read)).toEqual([1, 2, 3])
      }
    })

    test('whole numbers stay whole', async () => {
      const { rows } = await sql<{ a: string; b: string; c: string; d: number }>`
        select typeof(${7}) as a, typeof(${5e9}) as b, ${3} || 'x' as c, ${7} / ${2} as d`.execute(read)
      expect(rows).toEqual([{ a: 'integer', b: 'integer', c: '3x', d: 3 }])
    })

    test('true and false are 1 and 0; what has no column type is refused', async () => {
      const ask = (value: unknown, type = 'integer') =>
        read.executeQuery(CompiledQuery.raw(`select cast(${dialect.parameter} as ${type}) as value`, [value]))
      expect((await ask(true)).rows).toEqual([{ value: 1 }])
      expect((await ask(false)).rows).toEqual([{ value: 0 }])
      for (const value of [undefined, Number.NaN, new Date(0), {}, () => 1, Symbol('s'), 2n ** 63n])
        await expect(ask(value)).rejects.toThrow(TypeError)
      expect((await ask('still there', 'text')).rows).toEqual([{ value: 'still there' }])
    })

    test('a megabyte of text and ten of bytes', async () => {
      const name = 'ß€😀'.repeat(200_000)
      const bytes = new Uint8Array(10_000_000).map((_, at) => at % 251)
      await write.insertInto('large').values({ id: 1, name, bytes }).execute()
      const row = await read.selectFrom('large').selectAll().executeTakeFirstOrThrow()
      expect(row.name === name).toBe(true)
      expect(Buffer.compare(row.bytes, bytes)).toBe(0)
    })

    test('many rows, and rows of a returning statement', async () => {
      const rows = Array.from({ length: 5000 }, (_, id) => ({
        id,
        name: `n${id}`,
        amount: id,
        ratio: null,
        bytes: null,
      }))
      await write.insertInto('thing').values(rows).execute()
      expect(await read.selectFrom('thing').selectAll().orderBy('id').execute()).toEqual(rows)
      const gone = await write.deleteFrom('thing').where('id', '<', 2).returning(['id', 'name']).execute()
      expect(gone).toEqual([
        { id: 0, name: 'n0' },
        { id: 1, name: 'n1' },
      ])
      const changed = await write.updateTable('thing').set({ ratio: 1 }).where('id', '<', 10).executeTakeFirstOrThrow()
      expect(changed.numUpdatedRows).toBe(8n)
    })

    test('a column that comes later is seen by statements asked before', async () => {
      await insert(write, { id: 1 })
      const ask = () => read.selectFrom('thing').selectAll().execute()
      // As often as any engine may have connections.
      for (let time = 0; time < 8; time++) await ask()
      await sql`alter table thing rename column ratio to share`.execute(write)
      await sql`alter table thing add column extra integer`.execute(write)
      for (let time = 0; time < 8; time++)
        expect(await ask()).toEqual([{ id: 1, name: null, amount: null, share: null, bytes: null, extra: null }])
    })

    test('a transaction is all or nothing', async () => {
      await expect(
        write.transaction().execute(async tx => {
          await insert(tx, { id: 1 })
          expect(await ids(tx)).toEqual([1])
          throw new Error('on second thoughts')
        }),
      ).rejects.toThrow('on second thoughts')
      expect(await ids(write)).toEqual([])
      await write.transaction().execute(async tx => {
        await insert(tx, { id: 2 })
        await insert(tx, { id: 3 })
      })
      expect(await ids(read)).toEqual([2, 3])
    })

    test('an error inside a transaction that the caller swallows undoes its statement only', async () => {
      await write.transaction().execute(async tx => {
        await insert(tx, { id: 1, name: 'a' })
        expect(await codeOf(insert(tx, { id: 2, name: 'a' }))).toBe(dialect.unique)
        await insert(tx, { id: 3, name: 'c' })
      })
      expect(await ids(read)).toEqual([1, 3])
    })

    test('what fails at the commit is rolled back and leaves a usable connection', async () => {
      const orphan = write.transaction().execute(tx => tx.insertInto('part').values({ id: 1, thing: 99 }).execute())
      expect(await codeOf(orphan)).toBe(dialect.foreignKey)
      expect(await read.selectFrom('part').selectAll().execute()).toEqual([])
      await insert(write, { id: 1 })
      expect(await ids(read)).toEqual([1])
    })

    test('a transaction that lost itself does not go on piece by piece', async () => {
      const run = write.transaction().execute(async tx => {
        await insert(tx, { id: 1 })
        await tx.executeQuery(CompiledQuery.raw('rollback'))
        await insert(tx, { id: 2 })
      })
      await expect(run).rejects.toThrow()
      expect(await ids(read)).toEqual([])
    })

    test('a transaction on a kept connection ends with itself', async () => {
      await write.connection().execute(async one => {
        const failing = one.transaction().execute(async tx => {
          await insert(tx, { id: 1 })
          throw new Error('no')
        })
        await expect(failing).rejects.toThrow('no')
        await insert(one, { id: 2 })
        expect(await ids(read)).toEqual([2])
      })
      expect(await ids(read)).toEqual([2])
    })

    test('savepoints', async () => {
      const tx = await write.startTransaction().execute()
      await insert(tx, { id: 1 })
      const inner = await tx.savepoint('it"s').execute()
      await insert(inner, { id: 2 })
      const outer = await inner.rollbackToSavepoint('it"s').execute()
      await insert(outer, { id: 3 })
      await outer.commit().execute()
      expect(await ids(read)).toEqual([1, 3])
    })

    test('readers see committed data only, and each transaction one moment', async () => {
      await insert(write, { id: 1 })
      await read.transaction().execute(async view => {
        expect(await ids(view)).toEqual([1])
        await write.transaction().execute(async tx => {
          await insert(tx, { id: 2 })
          expect(await ids(tx)).toEqual([1, 2])
          expect(await ids(read)).toEqual([1])
        })
        expect(await ids(read)).toEqual([1, 2])
        expect(await ids(view)).toEqual([1])
      })
      expect(await ids(read)).toEqual([1, 2])
    })

    test('readers cannot write', async () => {
      expect(await codeOf(insert(read, { id: 1 }))).toBe(dialect.readOnly)
      expect(await codeOf(read.transaction().execute(tx => insert(tx, { id: 1 })))).toBe(dialect.readOnly)
      for (const text of dialect.unlock) await read.executeQuery(CompiledQuery.raw(text)).catch(() => {})
      for (let time = 0; time < 4; time++) expect(await codeOf(insert(read, { id: 1 }))).toBe(dialect.readOnly)
      expect(await ids(write)).toEqual([])
    })

    test('concurrent transactions come one after the other, also through two handles', async () => {
      await insert(write, { id: 1, amount: 0 })
      const other = await openAt(file)
      const [first, again, elsewhere] = [database, database, other.database].map(
        each => new Kysely<Tables>({ dialect: each.writer(someone) }),
      )
      const count = (db: Kysely<Tables>) =>
        db.transaction().execute(async tx => {
          const row = await tx.selectFrom('thing').select('amount').where('id', '=', 1).executeTakeFirstOrThrow()
          await new Promise(resolve => setImmediate(resolve))
          await tx
            .updateTable('thing')
            .set({ amount: Number(row.amount) + 1 })
            .where('id', '=', 1)
            .execute()
        })
      await Promise.all(Array.from({ length: 60 }, (_, at) => count([first, again, elsewhere][at % 3])))
      const row = await other.read.selectFrom('thing').select('amount').executeTakeFirstOrThrow()
      expect(row.amount).toBe(60)
    })

    test('statements outside a transaction wait for the one under way', async () => {
      let outside: Promise<unknown> | undefined
      await write
        .transaction()
        .execute(async tx => {
          await insert(tx, { id: 1 })
          outside = insert(write, { id: 2 })
          await insert(tx, { id: 3 })
        })
        .then(() => outside)
      expect(await ids(read)).toEqual([1, 2, 3])
    })

    test('errors keep code and message', async () => {
      await insert(write, { id: 1, name: 'a' })
      const twice = insert(write, { id: 2, name: 'a' })
      await expect(twice).rejects.toThrow(dialect.twice)
      expect(await codeOf(twice)).toBe(dialect.unique)
      expect(await codeOf(insert(write, { id: 1 }))).toBe(dialect.primaryKey)
      expect(await codeOf(sql`select * from nothing`.execute(read))).toBe(dialect.unknown)
      expect(await codeOf(sql`insert into thing (id, amount) values (9, 'many')`.execute(write))).toBe(
        dialect.wrongType,
      )
      await expect(read.executeQuery(CompiledQuery.raw(`select ${dialect.parameter}`, []))).rejects.toThrow()
      await expect(read.executeQuery(CompiledQuery.raw('select 1; select 2', []))).rejects.toThrow()
    })

    test('a snapshot is the whole database at one moment, while writing goes on', async () => {
      for (let id = 0; id < 300; id++) await insert(write, { id, bytes: new Uint8Array(2000).fill(id) })
      const target = join(folder, 'copy.db')
      let last = 300
      let done = false
      const writing = (async () => {
        while (!done)
          await write.transaction().execute(async tx => {
            await insert(tx, { id: last })
            await insert(tx, { id: last + 1 })
            last += 2
          })
      })()
      const snapshot = database.snapshot ?? expect.fail('it makes none')
      await snapshot(target)
      done = true
      await writing
      const copy = await openAt(target)
      const kept = await ids(copy.read)
      expect(kept.length).toBeGreaterThanOrEqual(300)
      expect(kept.length % 2).toBe(0)
      expect(kept).toEqual(Array.from(kept, (_, at) => at))
      const first = (db: Kysely<Tables>) =>
        db.selectFrom('thing').selectAll().where('id', '<', 300).orderBy('id').execute()
      expect(await first(copy.read)).toEqual(await first(read))
      expect(await copy.database.check(true)).toEqual([])
      await expect(snapshot(target)).rejects.toThrow()
      expect(await ids(copy.read)).toEqual(kept)
    })

    test('a sound database has nothing to report', async () => {
      await insert(write, { id: 1, name: 'a' })
      expect(await database.check(false)).toEqual([])
      expect(await database.check(true)).toEqual([])
    })

    test('closing lets finish what was asked, refuses what comes after, and can be said twice', async () => {
      const slow = write.transaction().execute(async tx => {
        await insert(tx, { id: 1 })
        await new Promise(resolve => setTimeout(resolve, 50))
        await insert(tx, { id: 2 })
      })
      const queued = insert(write, { id: 3 })
      const closing = database.close()
      await Promise.all([slow, queued, closing, database.close()])
      await expect(ids(read)).rejects.toThrow()
      await expect(insert(write, { id: 4 })).rejects.toThrow()
      if (database.snapshot) await expect(database.snapshot(join(folder, 'late.db'))).rejects.toThrow()
      const again = await openAt(file)
      expect(await ids(again.read)).toEqual([1, 2, 3])
    })
  })
}
