import { createHash } from 'node:crypto'
import type { Access } from '../../ports.ts'
import { type Statement, statement } from './batch.ts'

/** The role of all that is done on behalf of a user: it owns nothing, so row-level security holds for it in any case. */
export const scopedRole = 'cloister_scoped'

export interface Limits {
  /** Schemas in which names are looked up, as `search_path` has them: a role must not change what a name means. */
  searchPath: string
  /** Milliseconds; 0 for none. */
  statementTimeout: number
  idleInTransactionTimeout: number
}

const reading = statement('begin isolation level repeatable read read only', [], false, 'any')
const writing = statement('begin isolation level read committed', [], false, 'any')
const settings =
  "set_config('search_path', $1, true), set_config('statement_timeout', $2, true), \
set_config('idle_in_transaction_session_timeout', $3, true)"
/** What is asked on behalf of a user takes milliseconds: compiling a plan, or starting other processes for it, takes more. */
const scope =
  "set_config('cloister.user', $4, true), set_config('cloister.project', $5, true), set_config('role', $6, true), \
set_config('cloister.member', $7, true), set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"

/**
 * What opens a transaction: role and tenant, for this transaction only. Readers see one moment; those who write in the same
 * project (without one, for the same user) come one after the other, which a lock of the database sees to across processes.
 */
export function beginAs(access: Access, role: 'reader' | 'writer', limits: Limits): Statement[] {
  const begin = role === 'reader' ? reading : writing
  const { searchPath, statementTimeout, idleInTransactionTimeout } = limits
  const values = [searchPath, statementTimeout, idleInTransactionTimeout]
  if (access === 'internal') return [begin, statement(`select ${settings}`, values, false, 'any')]
  const { userId, projectId = '', memberId = userId } = access
  const scoped = [...values, userId, projectId, scopedRole, memberId]
  const opening = [begin, statement(`select ${settings}, ${scope}`, scoped, false, 'any')]
  if (role === 'reader') return opening
  return [...opening, statement('select pg_advisory_xact_lock($1)', [lockOf(keyOf(access))], false, 'any')]
}

/** Behind what opens a transaction: whoever commits it does not wait for the server's disk. */
export const hastily = statement('set local synchronous_commit = off', [], false, 'any')

/** Who writes with the same key waits for each other; undefined: for nobody. */
export function turnOf(access: Access): string | undefined {
  return access === 'internal' ? undefined : keyOf(access)
}

/** An empty id would be what the settings hold where no tenant was ever set. Throws a `TypeError`. */
export function checkAccess(access: Access): void {
  if (access === 'internal') return
  const { userId, projectId, memberId } = access
  for (const id of [userId, ...[projectId, memberId].filter(one => one !== undefined)])
    if (typeof id !== 'string' || id === '' || id.length > 200 || id.includes('\0'))
      throw new TypeError('an access needs the ids of a user and, where it has them, of a project and a member')
}

/** The number of an advisory lock; two names that share one only wait for each other. */
export function lockOf(name: string): bigint {
  return createHash('sha256').update(`cloister ${name}`).digest().readBigInt64BE(0)
}

function keyOf({ userId, projectId }: Exclude<Access, 'internal'>): string {
  return projectId === undefined ? `user ${userId}` : `project ${projectId}`
}
