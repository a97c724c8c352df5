/**
 * The ledger of what left this machine, or was to: see `LedgerEntry`. Written on behalf of the installation, also where a
 * request is somebody's: whom it tells on must not be able to change it.
 */
import { sql } from 'kysely'
import type { LedgerEntry, LedgerFilter, LedgerPurpose, LedgerSum, Time } from '../model/index.ts'
import type { Access, Clock, Ids } from '../ports.ts'
import { readCursor, writeCursor } from './cursor.ts'
import type { Engine } from './engine/index.ts'
import type { EgressRow, ReadAs } from './schema.ts'

export interface LedgerPage {
  entries: LedgerEntry[]
  next: string | null
}

export interface LedgerStore {
  /** New ones, and known ones as they are now. `hastily`: a loss of power they outlive with whatever is written next in another way. */
  write(entries: readonly LedgerEntry[], how?: 'hastily'): Promise<void>
  /** The user's own, and where that is asked for the installation's, the latest first. Throws `input-invalid` where `after` is no `next`. */
  page(userId: string, filter: LedgerFilter & { limit: number; after?: string }): Promise<LedgerPage>
  /** Those that most was sent to and received from first, 1,000 at most. */
  sums(userId: string, filter: LedgerFilter): Promise<LedgerSum[]>
  /** Names what the product stands on, where that was not done since `since`. */
  name(connections: readonly Connection[], since: Time): Promise<void>
  /** Requests that nobody has said anything of since then have failed. Gives how many are open still. */
  settle(before: Time): Promise<number>
  forget(before: Time): Promise<void>
}

export interface Connection {
  purpose: Exclude<LedgerPurpose, 'model' | 'download' | 'mail' | 'crawl' | 'sync' | 'update'>
  host: string
  port: number
}

const mostSums = 1000
/** So that nobody waits long for the writer. */
const forgottenAtOnce = 5000

export function createLedgerStore({
  read,
  write,
  writeHastily,
  engine,
  clock,
  ids,
}: {
  read: ReadAs
  write: ReadAs
  writeHastily: ReadAs
  engine: Engine
  clock: Clock
  ids: Ids
}): LedgerStore {
  /** On behalf of a user, nobody sees what is the installation's. */
  const accessOf = (userId: string, { installation }: LedgerFilter): Access => (installation ? 'internal' : { userId })

  const matching = (userId: string, filter: LedgerFilter) => {
    const { from, to, projectId, purposes, outcomes, host } = filter
    let query = read(accessOf(userId, filter)).selectFrom('egress')
    if (from !== undefined) query = query.where('started_at', '>=', from)
    if (to !== undefined) query = query.where('started_at', '<', to)
    if (projectId !== undefined) query = query.where('project_id', '=', projectId)
    if (purposes) query = query.where('purpose', 'in', [...purposes, ''])
    if (outcomes) query = query.where('outcome', 'in', [...outcomes, ''])
    if (host) query = query.where(engine.holdsWord(sql<string>`host`, host))
    return query
  }

  async function insert(entries: readonly LedgerEntry[], how?: 'hastily'): Promise<void> {
    if (entries.length === 0) return
    const beat = clock.now()
    await (how ? writeHastily : write)('internal')
      .insertInto('egress')
      .values(entries.map(entry => toRow(entry, beat)))
      .onConflict(conflict =>
        conflict
          .column('id')
          .doUpdateSet(eb => Object.fromEntries(changing.map(column => [column, eb.ref(`excluded.${column}`)]))),
      )
      .execute()
  }

  return {
    write: insert,
    async page(userId, { limit, after, ...filter }) {
      const end = after === undefined ? undefined : readCursor(after, 'number')
      const as = read(accessOf(userId, filter))
      /** Each by its index, to its limit: an `or` would read everybody's. */
      const some = (whose: string | null) => {
        let query = matching(userId, filter)
          .selectAll()
          .where('user_id', whose === null ? 'is' : '=', whose)
        if (end) query = query.where(sql<boolean>`(started_at, id) < (${end.key}, ${end.id})`)
        const latest = query
          .orderBy('started_at', 'desc')
          .orderBy('id', 'desc')
          .limit(limit + 1)
        return as.selectFrom(latest.as('latest')).selectAll()
      }
      const rows = await as
        .selectFrom((filter.installation ? some(userId).unionAll(some(null)) : some(userId)).as('entry'))
        .selectAll()
        .orderBy('started_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute()
      const entries = rows.slice(0, limit).map(toEntry)
      const last = entries.at(-1)
      return { entries, next: last && rows.length > limit ? writeCursor({ key: last.startedAt, id: last.id }) : null }
    },
    async sums(userId, filter) {
      const count = (outcome: string) =>
        sql<number>`cast(sum(case when outcome = ${outcome} then 1 else 0 end) as bigint)`
      const rows = await matching(userId, filter)
        .where(eb => eb.or([eb('user_id', '=', userId), ...(filter.installation ? [eb('user_id', 'is', null)] : [])]))
        .select([
          'host',
          'purpose',
          ({ fn }) => fn.countAll<number>().as('requests'),
          count('open').as('open'),
          count('failed').as('failed'),
          count('refused').as('refused'),
          sql<number>`cast(sum(sent) as bigint)`.as('sent'),
          sql<number>`cast(sum(received) as bigint)`.as('received'),
          sql<number>`max(started_at)`.as('last'),
        ])
        .groupBy(['host', 'purpose'])
        .orderBy(sql`sum(sent) + sum(received)`, 'desc')
        .orderBy('host')
        .orderBy('purpose')
        .limit(mostSums)
        .execute()
      return rows.map(row => ({ ...row, purpose: row.purpose as LedgerPurpose }))
    },
    async name(connections, since) {
      for (const { purpose, host, port } of connections) {
        const known = await read('internal')
          .selectFrom('egress')
          .select('id')
          .where('started_at', '>=', since)
          .where('purpose', '=', purpose)
          .where('host', '=', host)
          .where('port', '=', port)
          .limit(1)
          .executeTakeFirst()
        if (known) continue
        const now = clock.now()
        const when = { id: ids.next(), startedAt: now, endedAt: now, userId: null, projectId: null }
        const what = { address: null, sent: 0, received: 0, outcome: 'done' as const, why: null }
        await insert([{ ...when, purpose, host, port, ...what }])
      }
    },
    async settle(before) {
      const open = await read('internal')
        .selectFrom('egress')
        .select(['id', 'beat'])
        .where('outcome', '=', 'open')
        .execute()
      if (!open.some(({ beat }) => beat < before)) return open.length
      await write('internal')
        .updateTable('egress')
        .set(eb => ({ outcome: 'failed', why: 'interrupted', ended_at: eb.ref('beat') }))
        .where('outcome', '=', 'open')
        .where('beat', '<', before)
        .execute()
      return open.filter(({ beat }) => beat >= before).length
    },
    async forget(before) {
      for (;;) {
        const old = await read('internal')
          .selectFrom('egress')
          .select('id')
          .where('started_at', '<', before)
          .orderBy('started_at')
          .limit(forgottenAtOnce)
          .execute()
        if (old.length === 0) return
        const gone = old.map(({ id }) => id)
        await write('internal').deleteFrom('egress').where('id', 'in', gone).execute()
      }
    },
  }
}

const changing = ['ended_at', 'beat', 'address', 'sent', 'received', 'outcome', 'why'] as const

function toRow(entry: LedgerEntry, beat: Time): EgressRow {
  return {
    id: entry.id,
    started_at: entry.startedAt,
    ended_at: entry.endedAt,
    beat,
    user_id: entry.userId,
    project_id: entry.projectId,
    purpose: entry.purpose,
    host: entry.host,
    port: entry.port,
    address: entry.address,
    sent: entry.sent,
    received: entry.received,
    outcome: entry.outcome,
    why: entry.why,
  }
}

function toEntry(row: EgressRow): LedgerEntry {
  return {
    id: row.id,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    userId: row.user_id,
    projectId: row.project_id,
    purpose: row.purpose as LedgerPurpose,
    host: row.host,
    port: row.port,
    address: row.address,
    sent: row.sent,
    received: row.received,
    outcome: row.outcome as LedgerEntry['outcome'],
    why: row.why as LedgerEntry['why'],
  }
}
