/** How accounts come about: the set-up of the first owner, invitations, registering. */
import type { ApiInvitation } from '../../shared/api/user.ts'
import { AppError } from '../../shared/errors.ts'
import type { Clock, Ids, Log } from '../../shared/ports.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'
import { localUser } from '../../shared/workspace/projects.ts'
import type { Registration as Policy } from '../config-auth.ts'
import type { Identity, Role } from '../http/identity.ts'
import { lockGiver, mayGrant, stillGranted } from './granted.ts'
import type { Links } from './links.ts'
import { demandGoodPassword, type Passwords } from './passwords.ts'
import { type Language, languageOf, type People, type Within } from './people.ts'
import type { Post } from './post.ts'
import type { SameBrowser } from './same-browser.ts'
import { hashOf, newSecret } from './secrets.ts'
import type { Turns } from './turns.ts'
import type { Visit } from './visit.ts'
import type { Ways } from './ways.ts'

export interface RegistrationDependencies {
  connection: Connection
  clock: Clock
  ids: Ids
  log: Log
  people: People
  links: Links
  passwords: Passwords
  turns: Turns
  ways: Ways
  /** Where somebody has given the password of an address that is not proven yet. */
  registrant: SameBrowser
  post: Post
  policy: Policy
  publicUrl: string
  /** Gives a user what another one has, in a transaction in which this runs first. */
  adopt: (from: string, within: (tx: Tx) => Promise<string>) => Promise<void>
}

interface Applicant {
  email: string
  password: string
  name?: string | undefined
  language: Language
}

export type Registration = ReturnType<typeof createRegistration>

const hour = 3_600_000
const day = 24 * hour
const verifyAge = 24 * hour
const invitationAge = 7 * day
const setUpAge = 7 * day

export function createRegistration(deps: RegistrationDependencies) {
  const { connection, clock, ids, log, people, links, passwords, turns, ways, registrant } = deps
  const { post, policy, publicUrl, adopt } = deps

  const openInvitations = (db: Tx | ReturnType<Connection['read']> = connection.read('internal')) =>
    db
      .selectFrom('auth_invitation')
      .leftJoin('auth_user', 'auth_user.id', 'auth_invitation.invited_by')
      .select(['auth_invitation.id', 'auth_invitation.email', 'auth_invitation.role', 'auth_invitation.created_at'])
      .select(['auth_invitation.expires_at', 'auth_user.name as inviter'])
      .where('accepted_at', 'is', null)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', clock.now())
      .where(stillGranted)

  interface Found {
    id: string
    email: string
    role: string
    created_at: number
    expires_at: number
    inviter: string | null
  }
  const shown = ({ created_at, expires_at, role, ...rest }: Found): ApiInvitation => ({
    ...rest,
    role: role as Role,
    createdAt: created_at,
    expiresAt: expires_at,
  })

  /** Throws `invitation-invalid`. */
  async function readInvitation(token: string): Promise<ApiInvitation> {
    const row = await openInvitations().where('hash', '=', hashOf(token)).executeTakeFirst()
    if (!row) throw new AppError('invitation-invalid')
    return shown(row)
  }

  const verifyLink = (token: string) => `${publicUrl}/#verify=${token}`

  type Link = Awaited<ReturnType<Links['add']>>
  const mailVerification = (tx: Tx, to: string, language: Language, { token, good }: Link) => {
    const values = { link: verifyLink(token), hours: verifyAge / hour }
    return post.send(tx, { kind: 'verify', to, language, values }, { nobody: !good })
  }

  async function accept(visit: Visit, token: string, { email, password, name, language }: Applicant): Promise<void> {
    const invitation = await readInvitation(token)
    // It is for who it was sent to.
    if (invitation.email !== email) throw new AppError('invitation-invalid')
    const passwordHash = await turns.as(visit, () => passwords.hash(password))
    await connection.transaction('internal', async tx => {
      const giver = tx.selectFrom('auth_invitation').select('invited_by').where('id', '=', invitation.id)
      await lockGiver(tx, (await giver.executeTakeFirst())?.invited_by ?? null)
      const taken = await tx
        .updateTable('auth_invitation')
        .set({ accepted_at: clock.now() })
        .where('id', '=', invitation.id)
        .where('accepted_at', 'is', null)
        .where('revoked_at', 'is', null)
        // What was good when the page was opened may have ended while the password was chosen, or hashed.
        .where('expires_at', '>', clock.now())
        .where(stillGranted)
        .returning('id')
        .executeTakeFirst()
      if (!taken) throw new AppError('invitation-invalid')
      const { role } = invitation
      // With mail, the token came to that address; without, whoever looks after the installation handed it over, and is believed. Else
      // mail that is set up later would make the first forgotten password a proof, which ends the second factor.
      const person = { email, name, role, language, emailVerified: true, passwordHash }
      if (!(await people.insert(tx, person))) throw new AppError('account-exists', { email })
    })
  }

  return {
    /** The link to be printed, where there is no owner yet. All links that were printed hold until one is used. */
    async setUpLink(): Promise<string | undefined> {
      if (await people.hasOwner()) return undefined
      const token = newSecret()
      const now = clock.now()
      await connection.transaction('internal', async tx => {
        await tx
          .deleteFrom('auth_setup')
          .where('created_at', '<', now - setUpAge)
          .execute()
        await tx
          .insertInto('auth_setup')
          .values({ id: ids.next(), hash: hashOf(token), created_at: now, used_at: null })
          .execute()
      })
      return `${publicUrl}/#setup=${token}`
    },

    /**
     * Makes the first owner, who takes over what local mode's user had. Throws `link-invalid`, and what is wrong with the password. The
     * owner's id.
     */
    async setUp(visit: Visit, token: string, { email, password, name, language }: Applicant): Promise<string> {
      demandGoodPassword(password, email)
      // Nobody who has no link makes the server work.
      const known = connection.read('internal').selectFrom('auth_setup').select('id').where('hash', '=', hashOf(token))
      const open = known.where('used_at', 'is', null).where('created_at', '>', clock.now() - setUpAge)
      if (!(await open.executeTakeFirst())) throw new AppError('link-invalid')
      const passwordHash = await turns.as(visit, () => passwords.hash(password))
      let userId = ''
      await adopt(localUser, async tx => {
        const now = clock.now()
        // Takes all of them: of two at once, the second one waits here, and finds none.
        const open = await tx
          .updateTable('auth_setup')
          .set({ used_at: now })
          .where('used_at', 'is', null)
          .where('created_at', '>', now - setUpAge)
          .returning('hash')
          .execute()
        if (!open.some(({ hash }) => hash === hashOf(token)) || (await people.hasOwner(tx)))
          throw new AppError('link-invalid')
        // Whoever has the link of the server's own log needs no mail to be believed.
        const person = { email, name, role: 'owner', language, emailVerified: true, passwordHash } as const
        const made = await people.insert(tx, person)
        if (made === undefined) throw new AppError('account-exists', { email })
        userId = made
        return made
      })
      log.info('the first owner is set up', { userId })
      return userId
    },

    /**
     * Throws `registration-closed`, `invitation-invalid`, `account-exists` (by invitation alone, where nobody learns more than they
     * were told), and what is wrong with the password. Without an invitation it says and does the same whether there is an account.
     */
    async register(
      visit: Visit,
      applicant: Applicant,
      invitation: string | undefined,
    ): Promise<'registered' | 'confirm'> {
      const { email, password, name, language } = applicant
      if (invitation === undefined && policy !== 'open') throw new AppError('registration-closed')
      demandGoodPassword(password, email)
      if (invitation !== undefined) {
        await accept(visit, invitation, applicant)
        return 'registered'
      }
      const passwordHash = await turns.as(visit, () => passwords.hash(password))
      const browser = registrant.mark(visit, verifyAge)
      await connection.transaction('internal', async tx => {
        const person = { email, name, role: 'member', language, emailVerified: false, passwordHash } as const
        const userId = await people.insert(tx, person)
        const known = userId === undefined ? await people.byEmail(email, tx) : undefined
        // Whose address was never proven may try again. The password stays who came first's: so the link is nobody's browser's. Where it
        // is proven, nobody is sent it; but the mail that goes out instead is counted by it.
        const added = userId === undefined ? { userId: known?.id ?? null } : { userId, browser }
        const link = await links.add(tx, { purpose: 'verify', age: verifyAge, ...added })
        if (!known || known.email_verified === 0) return mailVerification(tx, email, language, link)
        const mail = { to: email, language: languageOf(known, language), values: { link: `${publicUrl}/` } }
        await post.send(tx, { kind: 'known-address', ...mail }, { nobody: !link.good })
      })
      return post.on ? 'confirm' : 'registered'
    },

    /** Another mail to confirm an address, for somebody who has just given the password. */
    async confirmAgain(visit: Visit, email: string): Promise<void> {
      const person = await people.byEmail(email)
      if (person?.email_verified !== 0) return
      const browser = registrant.mark(visit, verifyAge)
      const asked = { purpose: 'verify', userId: person.id, age: verifyAge, browser } as const
      await connection.transaction('internal', async tx =>
        mailVerification(tx, email, languageOf(person), await links.add(tx, asked)),
      )
    },

    /**
     * In the browser where somebody gave the account's password, the click is enough. In any other, who registered the address may be
     * somebody else than who reads its mail: it takes a new password, and nothing that was there before opens the account any more.
     * Throws `link-invalid`, `verify-elsewhere` where a password is needed, and what is wrong with it.
     */
    async verifyEmail(visit: Visit, token: string, password: string | undefined): Promise<void> {
      const found = await links.look('verify', token, registrant.secretOf(visit))
      if (found === undefined) throw new AppError('link-invalid')
      if (found.place === 'elsewhere' && password === undefined) throw new AppError('verify-elsewhere')
      if (password !== undefined) demandGoodPassword(password, found.email)
      const hash = password === undefined ? undefined : await turns.as(visit, () => passwords.hash(password))
      await connection.transaction('internal', async tx => {
        const userId = await links.take(tx, 'verify', token)
        if (userId === undefined) throw new AppError('link-invalid')
        const first = await people.proveEmail(tx, userId)
        if (hash === undefined) return
        if (!first) throw new AppError('link-invalid')
        const { ended } = await ways.end(tx, userId, 'proof')
        await people.setPassword(tx, userId, hash)
        // In the language of who reads it: that of the account may be somebody else's choice.
        const mail = { to: found.email, language: visit.language, values: { link: `${publicUrl}/`, ended } }
        await post.send(tx, { kind: 'address-proven', ...mail })
      })
      registrant.forget(visit)
    },

    readInvitation,
    invitations: async (): Promise<ApiInvitation[]> =>
      (await openInvitations().orderBy('auth_invitation.created_at').execute()).map(shown),

    /**
     * The link only where no mail goes out. An earlier invitation of the same address ends. Throws `account-exists`, `role-needed`.
     */
    async invite(
      by: Identity,
      { email, role, language }: { email: string; role: Role; language: Language },
      within?: (tx: Tx, invitationId: string) => Promise<void>,
    ): Promise<{ invitation: ApiInvitation; link: string | null }> {
      if (!mayGrant(by.role, role)) throw new AppError('role-needed')
      const token = newSecret()
      const now = clock.now()
      const id = ids.next()
      const link = `${publicUrl}/#invitation=${token}`
      await connection.transaction('internal', async tx => {
        await lockGiver(tx, by.userId)
        const giver = await people.byId(by.userId, tx)
        if (giver?.blocked_at !== null || !mayGrant(giver.role as Role, role)) throw new AppError('role-needed')
        if (await people.byEmail(email, tx)) throw new AppError('account-exists', { email })
        await tx
          .updateTable('auth_invitation')
          .set({ revoked_at: now })
          .where('email', '=', email)
          .where('accepted_at', 'is', null)
          .where('revoked_at', 'is', null)
          .execute()
        const times = { created_at: now, expires_at: now + invitationAge, accepted_at: null, revoked_at: null }
        await tx
          .insertInto('auth_invitation')
          .values({ id, hash: hashOf(token), email, role, language, invited_by: by.userId, ...times })
          .execute()
        const values = { link, inviter: giver.name, days: invitationAge / day }
        await post.send(tx, { kind: 'invitation', to: email, language, values })
        await within?.(tx, id)
      })
      const invitation = shown(
        (await openInvitations().where('auth_invitation.id', '=', id).executeTakeFirst()) as Found,
      )
      return { invitation, link: post.on ? null : link }
    },

    /** Throws `invitation-not-found`. */
    async uninvite(id: string, within?: Within): Promise<void> {
      await connection.transaction('internal', async tx => {
        const { numUpdatedRows } = await tx
          .updateTable('auth_invitation')
          .set({ revoked_at: clock.now() })
          .where('id', '=', id)
          .where('accepted_at', 'is', null)
          .where('revoked_at', 'is', null)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) throw new AppError('invitation-not-found')
        await within?.(tx)
      })
    },
  }
}
