/**
 * Jobs in a table beside the facts that cause them. A claim is a lease: a token that every later write must show, and a
 * time after which others may claim the job. The token fences: who lost it cannot write, however late he notices.
 *
 * The table `job` belongs to the store's migrations. Its states: `waiting` (from `run_after` on), `running`, `dead`;
 * what is done is gone. `attempts` counts claims since the job last got on. `fair_group` is '' for a job without a group.
 */
import { AppError } from '../errors.ts'
import type { Time } from '../model/index.ts'
import type { Clock, DeadJob, Ids, Job, Queue, RunTransaction, SqlExecutor } from '../ports.ts'
import { mayLive, type Owner } from './owner.ts'
import { keptError, leaseTime, longestPause, mostAttempts, mostClaims, mostListed, pauseAfter } from './tries.ts'

export { currentOwner, type Owner } from './owner.ts'

const mendTime = 1000
/** How often the dead that are old enough are looked for, in milliseconds. */
const sweepTime = 60 * 60 * 1000

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
  fair_group: string
  every: number | null
}

interface Candidate extends Row {
  /** Of a group whose turn comes before that of the groups served in this round. */
  ahead: 0 | 1
}

/** A waiting job may be claimed. Never tried means due, whatever the clock did since, but for one that comes again. */
const due = `((attempts = 0 and every is null) or run_after <= ?)`

export function createLeaseQueue({
  transaction,
  clock,
  ids,
  owner,
  random = Math.random,
  retention = Number.POSITIVE_INFINITY,
}: {
  transaction: RunTransaction
  clock: Clock
  ids: Ids
  owner: Owner
  random?: () => number
  /** Milliseconds after which what died is forgotten. */
  retention?: number
}): Queue {
  const self = JSON.stringify(owner)
  let mended = Number.NEGATIVE_INFINITY
  let swept = Number.NEGATIVE_INFINITY
  /** Of each kind the group served last here; the ones behind it come first. */
  const served = new Map<string, string>()

  /** Whether the holder of this lease is known to be dead, or its time is over. */
  function isFree(row: Row, now: Time): boolean {
    if (row.lease_until === null || row.owner === null || row.lease_until <= now) return true
    return row.owner !== self && !mayLive(JSON.parse(row.owner) as Owner, owner)
  }

  /**
   * The job of these kinds that may be claimed now and has been due for longest: one whose holder is gone, or of each
   * kind the first of the group whose turn it is. Two seeks for each kind, however many groups and jobs wait.
   */
  async function oldest(tx: SqlExecutor, kinds: readonly string[], now: Time): Promise<Row | undefined> {
    const ahead = (kind: string) => ({
      kind,
      ahead: 1,
      than: served.has(kind) ? '>' : '>=',
      group: served.get(kind) ?? '',
    })
    const around = (kind: string) => ({ kind, ahead: 0, than: '<=', group: served.get(kind) ?? '' })
    const seeks = [...kinds.map(ahead), ...kinds.filter(kind => served.has(kind)).map(around)]
    const running = `select *, 1 as ahead from job where state = 'running' and kind in (${places(kinds)})`
    const waiting = seeks.map(
      seek => `select * from (select *, ${seek.ahead} as ahead from job where state = 'waiting' and kind = ?
        and fair_group ${seek.than} ? and ${due} order by fair_group, run_after, id limit 1)`,
    )
    const rows = await tx.execute<Candidate>([running, ...waiting].join(' union all '), [
      ...kinds,
      ...seeks.flatMap(({ kind, group }) => [kind, group, now]),
    ])
    const inTurn = new Set(rows.filter(row => row.state === 'waiting' && row.ahead === 1).map(row => row.kind))
    return rows
      .filter(row => (row.state === 'waiting' ? row.ahead === 1 || !inTurn.has(row.kind) : isFree(row, now)))
      .sort((a, b) => a.run_after - b.run_after || (a.id < b.id ? -1 : 1))[0]
  }

  function runningOf(tx: SqlExecutor, kinds: readonly string[]): Promise<Row[]> {
    return tx.execute<Row>(`select * from job where state = 'running' and kind in (${places(kinds)})`, kinds)
  }

  /**
   * A clock that was set back leaves times behind that no clock of now could have written; they would hold jobs up for
   * as long as it went back. Looked for when there is nothing else to do, once a second.
   */
  async function mendTimes(tx: SqlExecutor, now: Time): Promise<boolean> {
    if (now >= mended && now < mended + mendTime) return false
    mended = now
    const waiting = await tx.execute(
      `update job set run_after = ? where state = 'waiting' and run_after > ? + max(?, coalesce(every, 0)) returning id`,
      [now, now, longestPause],
    )
    await tx.execute(`update job set lease_until = ? where state = 'running' and lease_until > ?`, [
      now + leaseTime,
      now + leaseTime,
    ])
    return waiting.length > 0
  }

  async function forgetOld(tx: SqlExecutor, now: Time): Promise<void> {
    if (now >= swept && now < swept + sweepTime) return
    swept = now
    if (retention < Number.POSITIVE_INFINITY)
      await tx.execute(`delete from job where state = 'dead' and updated_at < ?`, [now - retention])
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
    async enqueue(tx, { kind, key, payload, group = '', every = null }) {
      const now = clock.now()
      await tx.execute(
        `insert into job (id, kind, key, payload, fair_group, every, state, run_after, attempts, created_at, updated_at)
         values (?, ?, ?, ?, ?, ?, 'waiting', ?, 0, ?, ?)
         on conflict (key) where state in ('waiting', 'running')
         do update set every = excluded.every, run_after = min(run_after, excluded.run_after + excluded.every)
         where excluded.every is not null`,
        [ids.next(), kind, key, JSON.stringify(payload), group, every, now, now, now],
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
          if (!row) {
            await forgetOld(tx, now)
            return undefined
          }
          if (row.attempts >= mostClaims) {
            // Not even burying it worked.
            await tx.execute(
              `update job set state = 'dead', lease = null, updated_at = ?, error = coalesce(error, ?) where id = ?`,
              [now, 'its process died each time', row.id],
            )
            continue
          }
          served.set(row.kind, row.fair_group)
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
            ...(row.fair_group !== '' && { group: row.fair_group }),
            ...(row.every !== null && { every: row.every }),
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
      const free = 'lease = null, lease_until = null, owner = null, updated_at = ?'
      const again = (error: string | null) =>
        tx.execute(
          `update job set state = 'waiting', run_after = ? + every, attempts = 0, error = ?, ${free} where id = ?`,
          [now, error, now, job.id],
        )
      if (outcome.state === 'done' && job.every === undefined) {
        await whileHeld(tx, 'delete from job', [], job)
        return { last: false }
      }
      if (outcome.state === 'done') {
        await whileHeld(tx, `update job set updated_at = ?`, [now], job)
        await again(null)
        return { last: false }
      }
      if (outcome.state === 'released') {
        await whileHeld(tx, `update job set state = 'waiting', attempts = attempts - 1, ${free}`, [now], job)
        return { last: false }
      }
      if (outcome.state === 'later') {
        // Never tried would mean due at once; and a time farther off would be taken for one of a clock that was set back.
        const then = Math.min(outcome.until, now + longestPause)
        const set = `update job set state = 'waiting', run_after = ?, attempts = max(1, attempts - 1), ${free}`
        await whileHeld(tx, set, [then, now], job)
        return { last: false }
      }
      const error = keptError(outcome.error)
      const { attempts } = await whileHeld(tx, `update job set state = 'dead', error = ?, ${free}`, [error, now], job)
      if (outcome.state === 'dead' || attempts >= mostAttempts) {
        if (job.every !== undefined) await again(error)
        return { last: true }
      }
      const then = now + pauseAfter(attempts, random())
      await tx.execute(`update job set state = 'waiting', run_after = ? where id = ?`, [then, job.id])
      return { last: false }
    },

    // Nothing of them stays behind, nor of those that died.
    async cancel(tx, keys) {
      for (let at = 0; at < keys.length; at += 500) {
        const some = keys.slice(at, at + 500)
        await tx.execute(`delete from job where key in (${places(some)})`, some)
      }
    },

    async next(kinds) {
      return transaction(async tx => {
        const now = clock.now()
        const open =
          kinds ?? (await tx.execute<{ kind: string }>('select distinct kind from job', [])).map(row => row.kind)
        if (open.length === 0) return undefined
        const [waiting] = await tx.execute<{ due: number | null }>(
          `select min(run_after) as due from job where state = 'waiting' and kind in (${places(open)})`,
          open,
        )
        const times = (await runningOf(tx, open)).map(row => (isFree(row, now) ? now : (row.lease_until ?? now)))
        if (waiting.due !== null) times.push(waiting.due)
        return times.length === 0 ? undefined : Math.min(...times)
      })
    },

    async dead() {
      const rows = await transaction(tx =>
        tx.execute<Row & { error: string | null; updated_at: number }>(
          `select * from job where state = 'dead' order by updated_at desc, id desc limit ?`,
          [mostListed],
        ),
      )
      return rows.map(
        (row): DeadJob => ({
          id: row.id,
          kind: row.kind,
          key: row.key,
          payload: JSON.parse(row.payload) as Record<string, unknown>,
          ...(row.fair_group !== '' && { group: row.fair_group }),
          error: row.error ?? '',
          diedAt: row.updated_at,
        }),
      )
    },

    async revive(tx, id) {
      const now = clock.now()
      const revived = await tx.execute(
        `update job set state = 'waiting', run_after = ?, attempts = 0, error = null, updated_at = ?
         where id = ? and state = 'dead'
           and not exists (select 1 from job o where o.key = job.key and o.state in ('waiting', 'running'))
         returning id`,
        [now, now, id],
      )
      return revived.length > 0
    },
  }
}

const places = (values: readonly unknown[]) => values.map(() => '?').join(', ')
