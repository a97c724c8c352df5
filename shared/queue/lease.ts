/**
 * Jobs in a table beside the facts that cause them. A claim is a lease: a token that every later write must show, and a
 * time after which others may claim the job. The token fences: who lost it cannot write, however late he notices.
 *
 * The table `job` belongs to the store's migrations. Its states: `waiting` (from `run_after` on), `running`, `dead`;
 * what is done is gone. `attempts` counts claims since the job last got on.
 */
import { AppError } from '../errors.ts'
import type { Time } from '../model/index.ts'
import type { Clock, Ids, Job, Queue, RunTransaction, SqlExecutor } from '../ports.ts'
import { mayLive, type Owner } from './owner.ts'

export { currentOwner, type Owner } from './owner.ts'

/** Milliseconds; the runner renews three times in it. */
export const leaseTime = 15_000
/** Claims without progress (ended by `retry`, or by the death of whoever ran it), after which a job is dead. */
export const mostAttempts = 5
const errorLength = 2000
const mendTime = 1000

export interface LeaseQueue extends Queue {
  /** Of these kinds; of all without them. */
  next(kinds?: readonly string[]): Promise<Time | undefined>
}

interface Row {
  id: string
  kind: string
  key: string
  payload: string
  state: 'waiting' | 'running' | 'dead'
  run_after: number
  attempts: number
  lease_until: number | null
  owner: string | null
}

/**
 * Milliseconds until the next try: 1, 4, 16, 64 seconds, each times 0.5 to 1.5, so that what failed together (a full
 * disk, say) does not come back together.
 */
export function pauseAfter(attempts: number, random: number): number {
  return Math.round(1000 * 4 ** (attempts - 1) * (0.5 + random))
}
const longestPause = pauseAfter(mostAttempts - 1, 1)

export function createLeaseQueue({
  transaction,
  clock,
  ids,
  owner,
  random = Math.random,
}: {
  transaction: RunTransaction
  clock: Clock
  ids: Ids
  owner: Owner
  random?: () => number
}): LeaseQueue {
  const self = JSON.stringify(owner)
  let mended = Number.NEGATIVE_INFINITY

  /** Whether the holder of this lease is known to be dead, or its time is over. */
  function isFree(row: Row, now: Time): boolean {
    if (row.lease_until === null || row.owner === null || row.lease_until <= now) return true
    return row.owner !== self && !mayLive(JSON.parse(row.owner) as Owner, owner)
  }

  /** The oldest job of these kinds that may be claimed now: the one that has been due for longest. */
  async function oldest(tx: SqlExecutor, kinds: readonly string[], now: Time): Promise<Row | undefined> {
    // Never tried means due, whatever the clock did since.
    const perKind = `select * from (select * from job where state = 'waiting' and kind = ?
      and (attempts = 0 or run_after <= ?) order by run_after, id limit 1)`
    const running = `select * from job where state = 'running' and kind in (${kinds.map(() => '?').join(', ')})`
    const rows = await tx.execute<Row>([running, ...kinds.map(() => perKind)].join(' union all '), [
      ...kinds,
      ...kinds.flatMap(kind => [kind, now]),
    ])
    return rows
      .filter(row => row.state === 'waiting' || isFree(row, now))
      .sort((a, b) => a.run_after - b.run_after || (a.id < b.id ? -1 : 1))[0]
  }

  function runningOf(tx: SqlExecutor, kinds: readonly string[]): Promise<Row[]> {
    const places = kinds.map(() => '?').join(', ')
    return tx.execute<Row>(`select * from job where state = 'running' and kind in (${places})`, kinds)
  }

  /**
   * A clock that was set back leaves times behind that no clock of now could have written; they would hold jobs up for
   * as long as it went back. Looked for when there is nothing else to do, once a second.
   */
  async function mendTimes(tx: SqlExecutor, now: Time): Promise<boolean> {
    if (now >= mended && now < mended + mendTime) return false
    mended = now
    const waiting = await tx.execute(
      `update job set run_after = ? where state = 'waiting' and run_after > ? returning id`,
      [now, now + longestPause],
    )
    await tx.execute(`update job set lease_until = ? where state = 'running' and lease_until > ?`, [
      now + leaseTime,
      now + leaseTime,
    ])
    return waiting.length > 0
  }

  async function whileHeld(
    tx: SqlExecutor,
    text: string,
    parameters: unknown[],
    job: Job,
  ): Promise<{ attempts: number }> {
    const held = `where id = ? and lease = ? and state = 'running' returning attempts`
    const [row] = await tx.execute<{ attempts: number }>(`${text} ${held}`, [...parameters, job.id, job.lease])
    if (!row) throw new AppError('lease-lost')
    return row
  }

  return {
    async enqueue(tx, { kind, key, payload }) {
      const now = clock.now()
      await tx.execute(
        `insert into job (id, kind, key, payload, state, run_after, attempts, created_at, updated_at)
         values (?, ?, ?, ?, 'waiting', ?, 0, ?, ?)
         on conflict (key) where state in ('waiting', 'running') do nothing`,
        [ids.next(), kind, key, JSON.stringify(payload), now, now, now],
      )
      await tx.execute(`delete from job where key = ? and state = 'dead'`, [key])
    },

    async claim(kinds) {
      if (kinds.length === 0) return undefined
      return transaction(async tx => {
        const now = clock.now()
        for (;;) {
          const row = await oldest(tx, kinds, now)
          if (!row && (await mendTimes(tx, now))) continue
          if (!row) return undefined
          if (row.attempts >= 2 * mostAttempts) {
            // Not even burying it worked.
            await tx.execute(`update job set state = 'dead', lease = null, updated_at = ? where id = ?`, [now, row.id])
            continue
          }
          const lease = ids.next()
          await tx.execute(
            `update job set state = 'running', attempts = attempts + 1, lease = ?, lease_until = ?, owner = ?,
               updated_at = ? where id = ?`,
            [lease, now + leaseTime, self, now, row.id],
          )
          return {
            id: row.id,
            kind: row.kind,
            key: row.key,
            payload: JSON.parse(row.payload) as Record<string, unknown>,
            attempt: row.attempts + 1,
            lease,
            exhausted: row.attempts >= mostAttempts,
          }
        }
      })
    },

    // A lease whose time ran out is still good as long as nobody else took the job: after a laptop slept, say.
    async renew(tx, job, beat) {
      const now = clock.now()
      const set = `update job set lease_until = ?, updated_at = ?${beat ? '' : ', attempts = 1'}`
      await whileHeld(tx, set, [now + leaseTime, now], job)
    },

    async settle(tx, job, outcome) {
      const now = clock.now()
      if (outcome.state === 'done') {
        await whileHeld(tx, 'delete from job', [], job)
        return { last: false }
      }
      const free = 'lease = null, lease_until = null, owner = null, updated_at = ?'
      if (outcome.state === 'released') {
        await whileHeld(tx, `update job set state = 'waiting', attempts = attempts - 1, ${free}`, [now], job)
        return { last: false }
      }
      if (outcome.state === 'later') {
        // Never tried would mean due at once; and a time farther off would be taken for one of a clock that was set back.
        const due = Math.min(outcome.until, now + longestPause)
        const set = `update job set state = 'waiting', run_after = ?, attempts = max(1, attempts - 1), ${free}`
        await whileHeld(tx, set, [due, now], job)
        return { last: false }
      }
      const error = outcome.error.slice(0, errorLength)
      const { attempts } = await whileHeld(tx, `update job set state = 'dead', error = ?, ${free}`, [error, now], job)
      if (outcome.state === 'dead' || attempts >= mostAttempts) return { last: true }
      const due = now + pauseAfter(attempts, random())
      await tx.execute(`update job set state = 'waiting', run_after = ? where id = ?`, [due, job.id])
      return { last: false }
    },

    // Nothing of them stays behind, nor of those that died.
    async cancel(tx, keys) {
      for (let at = 0; at < keys.length; at += 500) {
        const some = keys.slice(at, at + 500)
        await tx.execute(`delete from job where key in (${some.map(() => '?').join(', ')})`, some)
      }
    },

    async next(kinds) {
      return transaction(async tx => {
        const now = clock.now()
        const open =
          kinds ?? (await tx.execute<{ kind: string }>('select distinct kind from job', [])).map(row => row.kind)
        if (open.length === 0) return undefined
        const places = open.map(() => '?').join(', ')
        const [waiting] = await tx.execute<{ due: number | null }>(
          `select min(run_after) as due from job where state = 'waiting' and kind in (${places})`,
          open,
        )
        const times = (await runningOf(tx, open)).map(row => (isFree(row, now) ? now : (row.lease_until ?? now)))
        if (waiting.due !== null) times.push(waiting.due)
        return times.length === 0 ? undefined : Math.min(...times)
      })
    },
  }
}
