/** Who is logged in. Read on each request, so in one look-up and not by way of better-auth, whose cookies and rows these are. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Clock, Log, Time } from '../../shared/ports.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'
import type { Role } from '../http/identity.ts'
import { lockGiver } from './granted.ts'
import { keptToken } from './hashed-sessions.ts'

export interface KnownSession {
  sessionId: string
  userId: string
  role: Role
}

/** One of a user's. */
export type OwnSession = Pick<KnownSession, 'userId' | 'sessionId'>

export interface ShownSession {
  id: string
  createdAt: number
  usedAt: number
  expiresAt: number
  userAgent: string
  address: string
}

export interface Sessions {
  /** The name of the cookie that holds one. */
  readonly cookie: string
  /**
   * By the cookies of a request. Undefined for none, one that has ended, or of somebody who is blocked. `looking`: it is asked for the
   * server's sake, which is no use of it.
   */
  find(cookies: string | undefined, looking?: 'looking'): Promise<KnownSession | undefined>
  /** Those that last, the latest first. */
  list(userId: string): Promise<ShownSession[]>
  /** False where there is none. */
  end(userId: string, sessionId: string): Promise<boolean>
  /** Ends the one that these cookies open, where its owner is blocked: whether it was so. */
  endBlocked(cookies: string): Promise<boolean>
  /** All of the user's, but this one. */
  endAll(tx: Tx, userId: string, except?: string): Promise<void>
  /**
   * Throws `unauthorized` where it has ended by now. Else whatever would end it, or blocks its owner, waits for this transaction: what was
   * asked before it (a password, a proof) may be worthless by the time it begins.
   */
  hold(tx: Tx, session: OwnSession): Promise<void>
  /** When its owner last showed in it who they are: by logging in, or by `prove`. */
  provenAt(session: OwnSession): Promise<Time>
  prove(session: OwnSession): Promise<void>
  sweep(): Promise<void>
}

const hour = 3_600_000
/** Milliseconds without a request after which a session has ended, however long it could have lasted. */
const mostIdle = 7 * 24 * hour
/** How exactly it is known when one was used: a request does not write. */
const grain = hour

export function createSessions({
  connection,
  secret,
  prefix,
  clock,
  log,
}: {
  connection: Connection
  secret: string
  prefix: string
  clock: Clock
  log: Log
}): Sessions {
  const cookie = `${prefix}.session_token`
  const iso = (time: number) => new Date(time).toISOString()

  return {
    cookie,
    async find(cookies, looking) {
      const token = tokenOf(cookies, cookie, secret)
      if (token === undefined) return undefined
      const row = await connection
        .read('internal')
        .selectFrom('auth_session')
        .innerJoin('auth_user', 'auth_user.id', 'auth_session.user_id')
        .select(['auth_session.id', 'auth_session.user_id', 'auth_session.updated_at', 'auth_session.expires_at'])
        .select(['auth_user.role', 'auth_user.blocked_at'])
        .where('auth_session.token', '=', keptToken(token))
        .executeTakeFirst()
      const now = clock.now()
      if (!row || row.blocked_at !== null) return undefined
      const used = Date.parse(row.updated_at)
      if (Date.parse(row.expires_at) <= now || used + mostIdle <= now) return undefined
      if (used + grain <= now && !looking) {
        // Nobody waits for it.
        void connection
          .write('internal')
          .updateTable('auth_session')
          .set({ updated_at: iso(now) })
          .where('id', '=', row.id)
          .execute()
          .catch(error => log.warn('the use of a session was not noted', { error }))
      }
      return { sessionId: row.id, userId: row.user_id, role: row.role as Role }
    },
    async list(userId) {
      const now = clock.now()
      const rows = await connection
        .read('internal')
        .selectFrom('auth_session')
        .selectAll()
        .where('user_id', '=', userId)
        .where('expires_at', '>', iso(now))
        .where('updated_at', '>', iso(now - mostIdle))
        .orderBy('updated_at', 'desc')
        .orderBy('id', 'desc')
        .execute()
      return rows.map(row => ({
        id: row.id,
        createdAt: Date.parse(row.created_at),
        usedAt: Date.parse(row.updated_at),
        expiresAt: Date.parse(row.expires_at),
        userAgent: row.user_agent ?? '',
        address: row.ip_address ?? '',
      }))
    },
    async end(userId, sessionId) {
      const { numDeletedRows } = await connection
        .write('internal')
        .deleteFrom('auth_session')
        .where('user_id', '=', userId)
        .where('id', '=', sessionId)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
    async endBlocked(cookies) {
      const token = tokenOf(cookies, cookie, secret)
      if (token === undefined) return false
      const db = connection.write('internal')
      const blocked = db.selectFrom('auth_user').select('id').where('blocked_at', 'is not', null)
      const { numDeletedRows } = await db
        .deleteFrom('auth_session')
        .where('token', '=', keptToken(token))
        .where('user_id', 'in', blocked)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
    async endAll(tx, userId, except) {
      const all = tx.deleteFrom('auth_session').where('user_id', '=', userId)
      await (except === undefined ? all : all.where('id', '!=', except)).execute()
    },
    async hold(tx, { userId, sessionId }) {
      // The user first, as all others do who take both.
      await lockGiver(tx, userId)
      const { numUpdatedRows } = await tx
        .updateTable('auth_session')
        .set(({ ref }) => ({ user_id: ref('user_id') }))
        .where('user_id', '=', userId)
        .where('id', '=', sessionId)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new AppError('unauthorized', { mode: 'server' })
    },
    async provenAt({ userId, sessionId }) {
      const row = await connection
        .read('internal')
        .selectFrom('auth_session')
        .select(['created_at', 'proven_at'])
        .where('user_id', '=', userId)
        .where('id', '=', sessionId)
        .executeTakeFirst()
      return row ? Math.max(Date.parse(row.created_at), row.proven_at ?? 0) : 0
    },
    async prove({ userId, sessionId }) {
      await connection
        .write('internal')
        .updateTable('auth_session')
        .set({ proven_at: clock.now() })
        .where('user_id', '=', userId)
        .where('id', '=', sessionId)
        .execute()
    },
    async sweep() {
      const now = clock.now()
      const write = connection.write('internal')
      await write.deleteFrom('auth_session').where('expires_at', '<', iso(now)).execute()
      await write
        .deleteFrom('auth_session')
        .where('updated_at', '<', iso(now - mostIdle))
        .execute()
      await write.deleteFrom('auth_verification').where('expires_at', '<', iso(now)).execute()
    },
  }
}

/** What the cookie holds, if we have signed it: `token.signature`, as better-call writes it. */
function tokenOf(cookies: string | undefined, name: string, secret: string): string | undefined {
  for (const pair of (cookies ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (pair.slice(0, at).trim() !== name) continue
    try {
      const [, token, signature] = /^([^.]+)\.([^.]+)$/.exec(decodeURIComponent(pair.slice(at + 1).trim())) ?? []
      if (token === undefined || signature === undefined) return undefined
      const expected = createHmac('sha256', secret).update(token).digest()
      const given = Buffer.from(signature, 'base64')
      return given.length === expected.length && timingSafeEqual(given, expected) ? token : undefined
    } catch {
      // A percent sign that stands for nothing.
      return undefined
    }
  }
  return undefined
}
