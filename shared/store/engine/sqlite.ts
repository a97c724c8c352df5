/** SQLite's own SQL. One transaction writes at a time, so there is nothing to lock; lists come as JSON. */
import { sql } from 'kysely'
import type { Database } from '../../ports.ts'
import { migrations } from '../migrations/sqlite/index.ts'
import type { Read } from '../schema.ts'
import type { Engine } from './index.ts'
import { jsonList } from './sqlite-lists.ts'
import { readPage } from './sqlite-pages.ts'
import { createSqliteVectors } from './sqlite-vectors.ts'
import { sqliteWords } from './sqlite-words.ts'

export function createSqliteEngine(database: Pick<Database, 'vectors'>): Engine {
  return {
    migrations,
    ledger: `create table if not exists migration (
      number integer primary key, name text not null, checksum text not null, applied_at integer not null
    ) strict`,
    hasTable,
    async facts(read, write) {
      const journal = String(await single(write, 'pragma journal_mode'))
      const synchronous = Number(await single(write, 'pragma synchronous'))
      const jobs = async (which: string) => Number(await single(read, `select count(*) from job where state ${which}`))
      return {
        version: String(await single(read, 'select sqlite_version()')),
        // FULL: without it a commit survives a crash of the process, but not a loss of power.
        durable: journal === 'wal' && synchronous === 2,
        settings: { journal, synchronous },
        jobs: (await hasTable(read, 'job'))
          ? { open: await jobs(`<> 'dead'`), dead: await jobs(`= 'dead'`) }
          : undefined,
      }
    },

    async lock() {},
    forUpdate: sql``,
    async tallyDocuments(db, userId) {
      return db
        .selectFrom('document')
        .innerJoin('project', 'project.id', 'document.project_id')
        .select(({ fn }) => fn.countAll<number>().as('documents'))
        .select(sql<number>`coalesce(sum(document.size), 0)`.as('bytes'))
        .where('project.user_id', '=', userId)
        .executeTakeFirstOrThrow()
    },

    texts: jsonList,
    numbers: jsonList,
    rows(name, columns, values) {
      const fields = Object.keys(columns).map((column, at) => sql`value ->> ${sql.lit(at)} as ${sql.ref(column)}`)
      return sql`(select ${sql.join(fields)} from json_each(${JSON.stringify(values)})) as ${sql.ref(name)}`
    },
    isAmong: (column, query) => sql<boolean>`${column} in (${query})`,
    least: (one, other) => sql<number>`min(${one}, ${other})`,
    holdsWord: (text, word) => sql<boolean>`${text} glob ${anyCase(word)}`,
    holdsPlace: ({ segment, block, from }) => sql<boolean>`exists (
      select 1 from json_each(chunk.pieces) as piece
      where piece.value ->> 'segment' = ${segment} and piece.value ->> 'block' = ${block}
      and piece.value ->> 'from' <= ${from} and ${from} < max(piece.value ->> 'to', piece.value ->> 'from' + 1)
    )`,

    readPage,

    words: sqliteWords,
    vectors: database.vectors ? createSqliteVectors() : undefined,
  }
}

async function hasTable(db: Read, name: string): Promise<boolean> {
  const { rows } = await sql`select 1 from sqlite_master where name = ${name}`.execute(db)
  return rows.length > 0
}

async function single(db: Read, text: string): Promise<unknown> {
  const { rows } = await sql.raw<Record<string, unknown>>(text).execute(db)
  return Object.values(rows[0] ?? {})[0]
}

/** A pattern for `glob` that finds a word anywhere in either case; `like` knows only A to Z. */
function anyCase(word: string): string {
  const cases = [...word].map(letter => {
    const both = new Set([letter, letter.toLowerCase(), letter.toUpperCase()].filter(one => [...one].length === 1))
    return both.size > 1 || '*?['.includes(letter) ? `[${[...both].join('')}]` : letter
  })
  return `*${cases.join('')}*`
}
