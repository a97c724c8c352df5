/** Postgres' own SQL. Many transactions write at a time; lists come as arrays. */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../../ports.ts'
import { migrations } from '../migrations/postgres/index.ts'
import type { Read } from '../schema.ts'
import type { Engine } from './index.ts'
import { list, table } from './postgres-lists.ts'
import { createReadPage } from './postgres-pages.ts'
import { createPostgresVectors } from './postgres-vectors.ts'
import { postgresWords } from './postgres-words.ts'

export function createPostgresEngine(database: Pick<Database, 'vectors'>): Engine {
  return {
    migrations,
    ledger: `create table if not exists migration (
      number bigint primary key, name text collate "C" not null, checksum text collate "C" not null, applied_at bigint not null
    )`,
    hasTable,
    facts,

    async lock(tx, name, how) {
      const key = createHash('sha256').update(`cloister store ${name}`).digest().readBigInt64BE(0)
      await sql`select ${sql.raw(how === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock')}(${key})`.execute(
        tx,
      )
    },
    forUpdate: sql`for update`,
    async tallyDocuments(db, userId) {
      const { rows } = await sql<{ documents: number; bytes: number; own: number }>`
        select documents, bytes, current_setting('cloister.user', true) = ${userId} as own from tally_documents()`.execute(
        db,
      )
      if (rows[0]?.own !== 1) throw new Error('a transaction of another user cannot count these documents')
      return { documents: rows[0].documents, bytes: rows[0].bytes }
    },

    texts: (name, values) =>
      table(
        name,
        { value: 'text' },
        values.map(value => [value]),
      ),
    numbers: (name, values) =>
      table(
        name,
        { value: 'number' },
        values.map(value => [value]),
      ),
    rows: table,
    isAmong: (column, query) => sql<boolean>`${column} = any (array(${query}))`,
    least: (one, other) => sql<number>`least(cast(${one} as bigint), cast(${other} as bigint))`,
    // Of the same length for the same letters, as no search through a text is without regard to case.
    holdsWord: (text, word) => sql<boolean>`${text} ~ ${anyCase(word)}`,
    holdsPlace: ({ segment, block, from }) => sql<boolean>`exists (
      select from json_to_recordset(chunk.pieces::json) as piece (segment bigint, block bigint, "from" bigint, "to" bigint)
      where piece.segment = ${segment} and piece.block = ${block}
      and piece."from" <= ${from} and ${from} < greatest(piece."to", piece."from" + 1)
    )`,

    readPage: createReadPage(),

    words: postgresWords,
    vectors: database.vectors ? createPostgresVectors() : undefined,
  }
}

async function hasTable(db: Read, name: string): Promise<boolean> {
  const { rows } = await sql<{ found: number }>`select to_regclass(quote_ident(${name})) is not null as found`.execute(
    db,
  )
  return rows[0]?.found === 1
}

async function facts(read: Read, write: Read): ReturnType<Engine['facts']> {
  const names = ['server_version', 'fsync', 'full_page_writes', 'synchronous_commit', 'wal_level']
  const { rows } = await sql<{ name: string; setting: string }>`
    select name, setting from pg_settings where name = any (${list('text', names)})`.execute(write)
  const { server_version: version = '', ...settings } = Object.fromEntries(rows.map(row => [row.name, row.setting]))
  return {
    version,
    durable: settings.fsync === 'on' && settings.full_page_writes === 'on' && settings.synchronous_commit !== 'off',
    settings,
    jobs: await countJobs(read),
  }
}

/** In the tables of pg-boss; what comes again and again is always open. */
async function countJobs(read: Read): Promise<{ open: number; dead: number } | undefined> {
  const { rows: found } = await sql<{ found: number }>`select to_regclass('pgboss.job') is not null as found`.execute(
    read,
  )
  if (found[0]?.found !== 1) return undefined
  const { rows } = await sql<{ open: number; dead: number }>`
    select count(*) filter (where state in ('created', 'retry', 'active') and retry_delay = 0) as open,
      count(*) filter (where state = 'failed') as dead from pgboss.job`.execute(read)
  return rows[0]
}

/** A pattern for a word anywhere, in either case of each letter, whatever the locale; no sign means anything but itself. */
function anyCase(word: string): string {
  const cases = [...word].map(letter => {
    const both = [...new Set([letter, letter.toLowerCase(), letter.toUpperCase()])].filter(one => [...one].length === 1)
    const escaped = both.map(one => (/[\p{L}\p{N}]/u.test(one) ? one : `\\${one}`))
    return both.length > 1 ? `(?:${escaped.join('|')})` : escaped[0]
  })
  return cases.join('')
}
