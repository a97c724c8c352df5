/**
 * Between better-auth and its adapter: `session.token` is in the database as its SHA-256 alone. What is looked for is hashed on its
 * way in; what comes out bears the token that was asked with, or, in a list, the hash itself, which finds nothing: sessions of a
 * list are ended by their id (`sessions.ts`).
 */
import type { DBAdapter, DBTransactionAdapter, Where } from 'better-auth'
import { hashOf } from './secrets.ts'

/** No token that better-auth makes has a colon. */
const mark = 'sha256:'
export const keptToken = (token: string): string => mark + hashOf(token)

type Row = Record<string, unknown>
type Verb = (given: Given) => Promise<unknown>

interface Given {
  model: string
  where?: Where[]
  data?: Row
  update?: Row
}

const wrapped = [
  'create',
  'findOne',
  'findMany',
  'update',
  'updateMany',
  'delete',
  'deleteMany',
  'count',
  'consumeOne',
  'incrementOne',
] as const

export function withHashedSessions(adapter: DBAdapter): DBAdapter {
  const transaction: DBAdapter['transaction'] = run => adapter.transaction(inner => run(wrap(inner)))
  return { ...wrap(adapter), transaction } as DBAdapter
}

function wrap<Inner extends DBTransactionAdapter>(adapter: Inner): Inner {
  const verbs = adapter as unknown as Record<string, Verb | undefined>
  const hashed = Object.fromEntries(
    wrapped.flatMap(name => {
      const verb = verbs[name]
      return verb ? [[name, (given: Given) => call(verb, given)]] : []
    }),
  )
  return { ...adapter, ...hashed }
}

async function call(verb: Verb, given: Given): Promise<unknown> {
  if (given.model !== 'session') return verb(given)
  const shown = new Map<string, string>()
  const keep = (token: unknown): unknown => {
    if (Array.isArray(token)) return token.map(keep)
    if (typeof token !== 'string') return token
    // Whoever reads the database must not come in with what stands there.
    if (token.startsWith(mark)) return `${mark}-`
    const kept = keptToken(token)
    shown.set(kept, token)
    return kept
  }
  const withKept = (row: Row | undefined) => row && ('token' in row ? { ...row, token: keep(row.token) } : row)
  const outcome = await verb({
    ...given,
    ...(given.data && { data: withKept(given.data) as Row }),
    ...(given.update && { update: withKept(given.update) as Row }),
    ...(given.where && {
      where: given.where.map(one => (one.field === 'token' ? { ...one, value: keep(one.value) as string } : one)),
    }),
  })
  const show = (row: unknown): unknown => {
    if (Array.isArray(row)) return row.map(show)
    if (typeof row !== 'object' || row === null || !('token' in row)) return row
    return { ...row, token: shown.get(String(row.token)) ?? row.token }
  }
  return show(outcome)
}
