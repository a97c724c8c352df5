/** Everybody with an account: the rows, and what those who look after the installation do with them. */
import type { Account } from '../../shared/api/account.ts'
import type { ApiUser } from '../../shared/api/user.ts'
import { AppError } from '../../shared/errors.ts'
import type { Clock, Ids } from '../../shared/ports.ts'
import type { AuthTables } from '../../shared/store/auth-tables.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Read, Tx } from '../../shared/store/schema.ts'
import { firstOwner } from '../../shared/store/users.ts'
import type { Identity, Role } from '../http/identity.ts'
import { revokeGrants } from './granted.ts'
import type { Sessions } from './sessions.ts'

export type Person = AuthTables['auth_user']
export type Language = 'de' | 'en'

export interface NewPerson {
  email: string
  name: string | undefined
  role: Role
  language: Language
  emailVerified: boolean
  passwordHash: string
}

/** What is to be done in the same transaction, or not at all. It may run again. */
export type Within = (tx: Tx) => Promise<void>

export interface People {
  byId(id: string, db?: Read): Promise<Person | undefined>
  byEmail(email: string, db?: Read): Promise<Person | undefined>
  /** Throws `account-not-found`. */
  account(id: string): Promise<Account>
  /** Undefined where the address is taken, also by somebody who registers it at the same moment. */
  insert(tx: Tx, person: NewPerson): Promise<string | undefined>
  update(id: string, changes: { name?: string; language?: Language }): Promise<void>
  passwordOf(userId: string): Promise<string | undefined>
  setPassword(tx: Tx, userId: string, hash: string): Promise<void>
  /** The same where the password is still `before` (undefined: none); else false. The user's row must be locked. */
  replacePassword(tx: Tx, userId: string, before: string | undefined, hash: string): Promise<boolean>
  /** The address is theirs. Whether that was not known before: then all that opens the account may be somebody else's. */
  proveEmail(tx: Tx, userId: string): Promise<boolean>
  hasOwner(db?: Read): Promise<boolean>
  /** The first of the owners who may log in: who the token of this machine stands for. */
  firstOwner(): Promise<string | undefined>
  list(): Promise<ApiUser[]>
  /**
   * Throws `account-not-found`; `role-needed` where an administrator would touch an owner, or make one; `last-owner`.
   */
  administer(by: Identity, id: string, changes: { role?: Role; blocked?: boolean }, within?: Within): Promise<ApiUser>
}

export const languageOf = (person: Pick<Person, 'language'>, otherwise: Language = 'en'): Language =>
  person.language === 'de' || person.language === 'en' ? person.language : otherwise

/** What one may know of one's own; undefined of the one user of a library without accounts. */
export async function readAccount(db: Read, id: string): Promise<Account | undefined> {
  const find = db.selectFrom('auth_user').selectAll().where('id', '=', id)
  const [person, ways] = await Promise.all([find.executeTakeFirst(), waysOf(db, id)])
  if (!person) return undefined
  return {
    id,
    email: person.email,
    name: person.name,
    role: person.role as Role,
    language: person.language === null ? null : languageOf(person),
    emailVerified: person.email_verified !== 0,
    secondFactor: person.two_factor_enabled === 1,
    password: ways.some(({ provider_id, password }) => provider_id === 'credential' && password !== null),
    github: ways.some(({ provider_id }) => provider_id === 'github'),
  }
}

const waysOf = (db: Read, userId: string) =>
  db.selectFrom('auth_account').select(['provider_id', 'password']).where('user_id', '=', userId).execute()

export function createPeople({
  connection,
  clock,
  ids,
  sessions,
}: {
  connection: Connection
  clock: Clock
  ids: Ids
  sessions: Sessions
}): People {
  const read = () => connection.read('internal')
  const now = () => new Date(clock.now()).toISOString()

  const byId = (id: string, db: Read = read()) =>
    db.selectFrom('auth_user').selectAll().where('id', '=', id).executeTakeFirst()

  async function hasOwner(db: Read = read()): Promise<boolean> {
    const row = await db.selectFrom('auth_user').select('id').where('role', '=', 'owner').limit(1).executeTakeFirst()
    return row !== undefined
  }

  async function list(): Promise<ApiUser[]> {
    const rows = await read().selectFrom('auth_user').selectAll().orderBy('created_at').orderBy('id').execute()
    const seen = await read()
      .selectFrom('auth_session')
      .select(({ fn }) => ['user_id', fn.max('updated_at').as('at')])
      .groupBy('user_id')
      .execute()
    const seenAt = new Map(seen.map(({ user_id, at }) => [user_id, at]))
    return rows.map(row => {
      const at = seenAt.get(row.id)
      return {
        id: row.id,
        email: row.email,
        name: row.name,
        role: row.role as Role,
        emailVerified: row.email_verified !== 0,
        secondFactor: row.two_factor_enabled === 1,
        blocked: row.blocked_at !== null,
        createdAt: Date.parse(row.created_at),
        seenAt: at === undefined ? null : Date.parse(at),
      }
    })
  }

  return {
    byId,
    byEmail: (email, db = read()) =>
      db.selectFrom('auth_user').selectAll().where('email', '=', email).executeTakeFirst(),
    async account(id) {
      const account = await readAccount(read(), id)
      if (!account) throw new AppError('account-not-found', { name: id })
      return account
    },
    async insert(tx, { email, name, role, language, emailVerified, passwordHash }) {
      const id = ids.next()
      const at = { created_at: now(), updated_at: now() }
      const plain = { image: null, two_factor_enabled: 0, blocked_at: null }
      const shown = name ?? email.split('@')[0]
      const made = await tx
        .insertInto('auth_user')
        .values({ id, email, name: shown, role, language, email_verified: emailVerified ? 1 : 0, ...plain, ...at })
        .onConflict(conflict => conflict.column('email').doNothing())
        .returning('id')
        .executeTakeFirst()
      if (!made) return undefined
      await insertPassword(tx, id, passwordHash)
      await tx
        .insertInto('user')
        .values({ id, created_at: clock.now() })
        .onConflict(conflict => conflict.doNothing())
        .execute()
      return id
    },
    async update(id, { name, language }) {
      const changes = { ...(name !== undefined && { name }), ...(language !== undefined && { language }) }
      await connection
        .write('internal')
        .updateTable('auth_user')
        .set({ ...changes, updated_at: now() })
        .where('id', '=', id)
        .execute()
    },
    async passwordOf(userId) {
      const ways = await waysOf(read(), userId)
      return ways.find(({ provider_id }) => provider_id === 'credential')?.password ?? undefined
    },
    async setPassword(tx, userId, hash) {
      const { numUpdatedRows } = await tx
        .updateTable('auth_account')
        .set({ password: hash, updated_at: now() })
        .where('user_id', '=', userId)
        .where('provider_id', '=', 'credential')
        .executeTakeFirst()
      if (numUpdatedRows === 0n) await insertPassword(tx, userId, hash)
    },
    async replacePassword(tx, userId, before, hash) {
      const kept = () => tx.selectFrom('auth_account').select('id').where('user_id', '=', userId)
      if (before === undefined) {
        if (await kept().where('provider_id', '=', 'credential').executeTakeFirst()) return false
        await insertPassword(tx, userId, hash)
        return true
      }
      const { numUpdatedRows } = await tx
        .updateTable('auth_account')
        .set({ password: hash, updated_at: now() })
        .where('user_id', '=', userId)
        .where('provider_id', '=', 'credential')
        .where('password', '=', before)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async proveEmail(tx, userId) {
      const { numUpdatedRows } = await tx
        .updateTable('auth_user')
        .set({ email_verified: 1, updated_at: now() })
        .where('id', '=', userId)
        .where('email_verified', '=', 0)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    hasOwner,
    firstOwner: () => firstOwner(read()),
    list,
    async administer(by, id, { role, blocked }, within) {
      await connection.transaction('internal', async tx => {
        // All who change an owner take the rows of all of them, so that the last two cannot both go.
        await tx.updateTable('auth_user').set({ role: 'owner' }).where('role', '=', 'owner').execute()
        const person = await byId(id, tx)
        if (!person) throw new AppError('account-not-found', { name: id })
        const touches = person.role === 'owner' || role === 'owner'
        if (by.role !== 'owner' && (by.role !== 'admin' || touches)) throw new AppError('role-needed')
        const ends = person.role === 'owner' && ((role !== undefined && role !== 'owner') || blocked === true)
        if (ends) {
          const owners = await tx
            .selectFrom('auth_user')
            .select('id')
            .where('role', '=', 'owner')
            .where('blocked_at', 'is', null)
            .where('id', '!=', id)
            .execute()
          if (owners.length === 0) throw new AppError('last-owner')
        }
        const since = blocked === undefined ? person.blocked_at : blocked ? (person.blocked_at ?? clock.now()) : null
        await tx
          .updateTable('auth_user')
          .set({ role: role ?? person.role, blocked_at: since, updated_at: now() })
          .where('id', '=', id)
          .execute()
        await revokeGrants(tx, id, clock.now())
        await within?.(tx)
        if (blocked === undefined) return
        // What was begun before the block must not go on behind it: a code that is asked for, a way to GitHub, a trusted browser.
        await sessions.endAll(tx, id)
        await tx.deleteFrom('auth_verification').where('value', 'like', `%${id}%`).execute()
      })
      const all = await list()
      return all.find(one => one.id === id) as ApiUser
    },
  }

  async function insertPassword(tx: Tx, userId: string, hash: string): Promise<void> {
    const none = {
      access_token: null,
      refresh_token: null,
      id_token: null,
      access_token_expires_at: null,
      refresh_token_expires_at: null,
      scope: null,
    }
    const at = { created_at: now(), updated_at: now() }
    const way = { user_id: userId, provider_id: 'credential', account_id: userId, password: hash }
    await tx
      .insertInto('auth_account')
      .values({ id: ids.next(), ...way, ...none, ...at })
      .execute()
  }
}
