/** What one logs in with, changed by oneself: password, second factor, passkeys, GitHub. */
import type { KeyScope } from '../../shared/api/account.ts'
import { AppError } from '../../shared/errors.ts'
import type { MailRequest, MailValues } from '../../shared/model/index.ts'
import type { Clock, Time } from '../../shared/ports.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'
import type { ApiKeys } from './api-keys.ts'
import type { BetterAuth } from './better-auth.ts'
import type { Links } from './links.ts'
import { takeCode } from './once.ts'
import { demandGoodPassword, type Passwords } from './passwords.ts'
import { type Language, languageOf, type People } from './people.ts'
import type { Post } from './post.ts'
import type { OwnSession, Sessions } from './sessions.ts'
import type { Tries } from './tries.ts'
import type { Turns } from './turns.ts'
import { asked, askedWith, headersOf, refusal, type Visit } from './visit.ts'
import type { Ways } from './ways.ts'

export interface CredentialDependencies {
  connection: Connection
  clock: Clock
  better: () => Promise<BetterAuth>
  people: People
  sessions: Sessions
  links: Links
  passwords: Passwords
  turns: Turns
  ways: Ways
  keys: ApiKeys
  post: Post
  tries: Tries
  publicUrl: string
}

export type News = {
  [Kind in MailRequest['kind']]: { kind: Kind; values?: Omit<MailValues[Kind], 'link'> }
}['password-changed' | 'new-totp' | 'ended-totp' | 'new-passkey' | 'new-key' | 'new-github' | 'address-proven']
export type Credentials = ReturnType<typeof createCredentials>

const minute = 60_000
const resetAge = 30 * minute
/** Minutes for which whoever has shown who they are need not do it again. */
const proofHolds = 10

export function createCredentials(deps: CredentialDependencies) {
  const { connection, clock, better, people, sessions, keys, links } = deps
  const { passwords, turns, ways, post, tries, publicUrl } = deps

  /** What happens to the account in this transaction, to its owner. */
  async function tell(tx: Tx, userId: string, { kind, values }: News): Promise<void> {
    const person = await people.byId(userId, tx)
    if (!person) return
    await post.send(tx, { kind, ...addressed(person), values: { ...values, link: `${publicUrl}/` } } as MailRequest)
  }
  const addressed = (person: { email: string; language: string | null }) => ({
    to: person.email,
    language: languageOf(person),
  })

  /**
   * What the password is kept as; undefined where there is none. Throws `password-incorrect`, `too-many-tries`. Whoever sits at somebody
   * else's screen must not guess on.
   */
  async function demandPassword(visit: Visit, userId: string, given: string | undefined): Promise<string | undefined> {
    const kept = await people.passwordOf(userId)
    if (kept === undefined) return undefined
    const one = { email: `user ${userId}`, address: visit.address }
    await tries.begin(one)
    const right = await turns
      .as(visit, () => passwords.verify(kept, given ?? ''))
      .catch(async error => {
        await tries.giveBack(one)
        throw error
      })
    if (!right) throw new AppError('password-incorrect')
    await tries.succeeded(one)
    return kept
  }

  /**
   * Before anything that opens the account from then on, or takes from its owner what does: whoever found a session open, or took its
   * cookie, must not come back by it. Throws `proof-needed` where neither a log-in nor `prove` was in the last minutes.
   */
  async function demandProof(session: OwnSession): Promise<void> {
    if ((await sessions.provenAt(session)) + proofHolds * minute <= clock.now())
      throw new AppError('proof-needed', { minutes: proofHolds })
  }

  /** The password where there is one, and what it is kept as; else a session that was proven. Throws as `demandPassword`, `demandProof`. */
  async function demandOwner(
    visit: Visit,
    session: OwnSession,
    password: string | undefined,
  ): Promise<string | undefined> {
    const kept = await demandPassword(visit, session.userId, password)
    if (kept === undefined) await demandProof(session)
    return kept
  }

  /**
   * Behind what better-auth has written by itself, without asking again who does it: its owner is told. Takes it back where the session has
   * ended in between, and throws `unauthorized` then; also where its owner cannot be told.
   */
  async function demandStands(
    session: OwnSession | undefined,
    news: News,
    undo: (tx: Tx) => Promise<unknown>,
  ): Promise<void> {
    try {
      await connection.transaction('internal', async tx => {
        if (!session) throw new AppError('unauthorized', { mode: 'server' })
        await sessions.hold(tx, session)
        await tell(tx, session.userId, news)
      })
    } catch (error) {
      await connection.transaction('internal', undo)
      throw error
    }
  }

  const resetLink = (token: string) => `${publicUrl}/#reset=${token}`

  return {
    demandPassword,
    demandProof,
    tell,

    /** Throws `password-incorrect`, `too-many-tries`; `proof-needed` where there is no password: then it takes logging in. */
    async prove(visit: Visit, session: OwnSession, password: string): Promise<void> {
      // A proof must not prove the next one.
      if ((await demandPassword(visit, session.userId, password)) === undefined)
        throw new AppError('proof-needed', { minutes: proofHolds })
      await sessions.prove(session)
    },

    /** Says and does the same whether there is such an account. Throws `mail-off`. */
    async forgot(email: string, language: Language): Promise<void> {
      if (!post.on) throw new AppError('mail-off')
      const person = await people.byEmail(email)
      const known = person && person.blocked_at === null ? person : undefined
      const link = { purpose: 'reset', userId: known?.id ?? null, age: resetAge } as const
      const mail = { to: email, language: known ? languageOf(known, language) : language }
      await connection.transaction('internal', async tx => {
        const { token, good } = await links.add(tx, link)
        const values = { link: resetLink(token), minutes: resetAge / minute }
        await post.send(tx, { kind: 'reset', ...mail, values }, { nobody: !good })
      })
    },

    /** For those who look after the installation: the link where there is no mail, else it goes out. Throws `account-not-found`. */
    async resetLink(userId: string): Promise<string | null> {
      const person = await people.byId(userId)
      if (!person) throw new AppError('account-not-found', { name: userId })
      const link = { purpose: 'reset', userId, age: resetAge, by: 'administrator' } as const
      return connection.transaction('internal', async tx => {
        const { token } = await links.add(tx, link)
        const values = { link: resetLink(token), minutes: resetAge / minute }
        await post.send(tx, { kind: 'reset', ...addressed(person), values })
        return post.on ? null : values.link
      })
    },

    /** Ends all that opens the account, but its second factor. Throws `link-invalid`, and what is wrong with the password. */
    async reset(visit: Visit, token: string, password: string): Promise<void> {
      // Nobody who has no link makes the server work.
      const found = await links.look('reset', token, undefined)
      if (!found) throw new AppError('link-invalid')
      demandGoodPassword(password, found.email)
      const hash = await turns.as(visit, () => passwords.hash(password))
      await connection.transaction('internal', async tx => {
        const taken = await links.take(tx, 'reset', token)
        if (taken === undefined) throw new AppError('link-invalid')
        // Where no mail goes out, somebody handed the link over, which proves no address.
        const first = post.on && (await people.proveEmail(tx, taken))
        const news = await ways.end(tx, taken, first ? 'proof' : 'reset')
        await people.setPassword(tx, taken, hash)
        await tell(tx, taken, { kind: 'password-changed', values: news })
      })
    },

    /**
     * Ends all other sessions; with `everything`, also keys, passkeys and GitHub. Throws `password-incorrect`, `too-many-tries`,
     * `proof-needed` for the first password, `unauthorized` where the session ends meanwhile, and what is wrong with the new one.
     */
    async change(
      visit: Visit,
      session: OwnSession,
      { current, password, everything }: { current: string | undefined; password: string; everything: boolean },
    ): Promise<void> {
      const { userId, sessionId } = session
      const person = await people.byId(userId)
      if (!person) throw new AppError('account-not-found', { name: userId })
      const before = await demandOwner(visit, session, current)
      demandGoodPassword(password, person.email)
      const hash = await turns.as(visit, () => passwords.hash(password))
      await connection.transaction('internal', async tx => {
        // Since the old one was looked at, its owner may have taken the account back, from whoever is asking here.
        await sessions.hold(tx, session)
        if (!(await people.replacePassword(tx, userId, before, hash))) throw new AppError('password-incorrect')
        const news = await ways.end(tx, userId, everything ? 'change-all' : 'change', sessionId)
        await tell(tx, userId, { kind: 'password-changed', values: news })
      })
    },

    /** Throws `password-incorrect`, `proof-needed`, `second-factor-set`. */
    async beginTotp(visit: Visit, session: OwnSession, password: string | undefined) {
      await demandOwner(visit, session, password)
      const { api } = await better()
      const body = { method: 'totp' as const, ...(password !== undefined && { password }) }
      const made = await turns.as(visit, () => asked(api.enableTwoFactor({ body, headers: headersOf(visit) })))
      if (!('totpURI' in made) || !made.totpURI) throw new AppError('internal')
      return { uri: made.totpURI, recoveryCodes: made.backupCodes ?? [] }
    },
    /**
     * The session stays. better-auth would open another one in its place, also behind a reset, and one in which somebody has just logged
     * in. Throws `code-wrong`, `second-factor-none`, `second-factor-set`, `unauthorized`.
     */
    async confirmTotp(session: OwnSession, code: string): Promise<void> {
      const { userId } = session
      const { secretConfig } = await (await better()).$context
      await connection.transaction('internal', async tx => {
        await sessions.hold(tx, session)
        const query = tx.selectFrom('auth_two_factor').select('verified').where('user_id', '=', userId)
        const row = await query.executeTakeFirst()
        if (!row) throw new AppError('second-factor-none')
        if (row.verified !== 0) throw new AppError('second-factor-set')
        if ((await takeCode(tx, secretConfig, userId, code)) !== 'taken') throw new AppError('code-wrong')
        await tx.updateTable('auth_two_factor').set({ verified: 1 }).where('user_id', '=', userId).execute()
        await tx.updateTable('auth_user').set({ two_factor_enabled: 1 }).where('id', '=', userId).execute()
        await tell(tx, userId, { kind: 'new-totp' })
      })
    },
    async newRecoveryCodes(visit: Visit, session: OwnSession, password: string | undefined): Promise<string[]> {
      await demandOwner(visit, session, password)
      const { api } = await better()
      const body = password === undefined ? {} : { password }
      const call = () => asked(api.generateBackupCodes({ body, headers: headersOf(visit) }))
      return (await turns.as(visit, call)).backupCodes
    },
    /**
     * The session stays, for the reasons that `confirmTotp` has. Browsers that were trusted are not, where it is set up again. Throws
     * `password-incorrect`, `proof-needed`, `unauthorized`.
     */
    async endTotp(visit: Visit, session: OwnSession, password: string | undefined): Promise<void> {
      const { userId } = session
      await demandOwner(visit, session, password)
      await connection.transaction('internal', async tx => {
        await sessions.hold(tx, session)
        await ways.endBegun(tx, userId)
        await tx.updateTable('auth_user').set({ two_factor_enabled: 0 }).where('id', '=', userId).execute()
        const gone = tx.deleteFrom('auth_two_factor').where('user_id', '=', userId).returning('verified')
        const ended = (await gone.execute()).some(({ verified }) => verified !== 0)
        if (ended) await tell(tx, userId, { kind: 'ended-totp' })
      })
    },

    async passkeys(userId: string) {
      const rows = await connection
        .read('internal')
        .selectFrom('auth_passkey')
        .select(['id', 'name', 'created_at'])
        .where('user_id', '=', userId)
        .orderBy('created_at')
        .execute()
      return rows.map(({ id, name, created_at }) => ({
        id,
        name,
        createdAt: created_at === null ? null : Date.parse(created_at),
      }))
    },
    /** Throws `proof-needed`. */
    async beginPasskey(visit: Visit, session: OwnSession): Promise<Record<string, unknown>> {
      await demandProof(session)
      const { api } = await better()
      const call = api.generatePasskeyRegistrationOptions({ query: {}, headers: headersOf(visit), returnHeaders: true })
      return { ...(await askedWith(visit, call, 'passkey-failed')) }
    },
    /** Throws `proof-needed`, `passkey-failed`, `passkey-unverified`, `unauthorized`. */
    async addPasskey(
      visit: Visit,
      session: OwnSession,
      { response, name }: { response: Record<string, unknown>; name: string | undefined },
    ): Promise<void> {
      await demandProof(session)
      const { api } = await better()
      const body = { response: response as never, ...(name !== undefined && { name }) }
      const call = api.verifyPasskeyRegistration({ body, headers: headersOf(visit), returnHeaders: true })
      const made = call as Promise<{ headers: Headers; response: { id: string } }>
      const { id } = await askedWith(visit, made, 'passkey-failed')
      const news = { kind: 'new-passkey', values: { name: name ?? 'Passkey' } } as const
      await demandStands(session, news, tx => tx.deleteFrom('auth_passkey').where('id', '=', id).execute())
    },
    /** Throws `proof-needed`, `passkey-not-found`. */
    async removePasskey(session: OwnSession, id: string): Promise<void> {
      const { userId } = session
      await demandProof(session)
      const { numDeletedRows } = await connection
        .write('internal')
        .deleteFrom('auth_passkey')
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .executeTakeFirst()
      if (numDeletedRows === 0n) throw new AppError('passkey-not-found')
    },

    /** `key` is to be seen this once. Throws `proof-needed`, and as `ApiKeys.add`. */
    async addKey(
      session: OwnSession,
      key: { name: string; scopes: readonly KeyScope[]; expiresAt: Time | null },
    ): Promise<{ id: string; key: string }> {
      await demandProof(session)
      return keys.add(session.userId, key, async tx => {
        await sessions.hold(tx, session)
        await tell(tx, session.userId, { kind: 'new-key', values: { name: key.name } })
      })
    },

    /** GitHub has been added to an account, in a browser with these cookies. Throws `unauthorized`: then it was not. */
    async gitHubAdded(userId: string, id: string, cookies: string | undefined): Promise<void> {
      const session = await sessions.find(cookies)
      const own = session?.userId === userId ? session : undefined
      const undo = (tx: Tx) => tx.deleteFrom('auth_account').where('id', '=', id).execute()
      await demandStands(own, { kind: 'new-github' }, undo).catch(error => {
        // Of other errors better-auth writes the whole to the console.
        throw error instanceof AppError ? refusal(error) : error
      })
    },
    /** Throws `proof-needed`. */
    async removeGitHub(session: OwnSession): Promise<void> {
      const { userId } = session
      await demandProof(session)
      await connection
        .write('internal')
        .deleteFrom('auth_account')
        .where('user_id', '=', userId)
        .where('provider_id', '=', 'github')
        .execute()
    },
  }
}
