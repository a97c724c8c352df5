import { readFile } from 'node:fs/promises'
import type { OwnDatabase } from './own-database.ts'

/** What Linux counts in, unless it was built otherwise. */
const tick = 10

/** Milliseconds of processor time that these processes have taken so far; null where one is not of this machine, or gone. */
export async function processorTime(pids: readonly number[]): Promise<number | null> {
  let sum = 0
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // Behind the name, which may hold anything: state first, then 11 and 12 are user and system time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (stat === '') return null
    sum += (Number(fields[11]) + Number(fields[12])) * tick
  }
  return sum
}

/** A process of this machine and all that it started, and they. */
export async function familyOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const families = await Promise.all(
    children
      .split(' ')
      .filter(Boolean)
      .map(child => familyOf(Number(child))),
  )
  return [pid, ...families.flat()]
}

/**
 * The processes of Postgres that serve this database, but for the one that says so; of another machine they mean nothing. `application`:
 * only those that serve who has this `application_name`.
 */
export async function backendsOf({ query }: OwnDatabase, application?: string): Promise<number[]> {
  const rows = await query<{ pid: number }>(
    `select pid from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
    and application_name = coalesce($1, application_name)`,
    [application ?? null],
  )
  return rows.map(({ pid }) => pid)
}
