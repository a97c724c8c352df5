/** What the routes of accounts do. In local mode there are none: all but two of them say so. */
import type { Account, SignInOptions } from '../../shared/api/account.ts'
import type { Core } from '../../shared/core.ts'
import { AppError } from '../../shared/errors.ts'
import type { AuditAction } from '../../shared/model/index.ts'
import type { Tx } from '../../shared/store/index.ts'
import type { Accounts } from '../auth/accounts.ts'
import type { Visit } from '../auth/visit.ts'
import type { Identity } from './identity.ts'
import { type CallContext, type Gates, os } from './routes/gates.ts'

export interface AccountDependencies {
  core: Pick<Core, 'audit'>
  /** Absent in local mode. */
  accounts?: Accounts | undefined
}

const localOptions: SignInOptions = {
  mode: 'local',
  setUp: true,
  registration: 'closed',
  mail: false,
  github: false,
  passkeys: false,
  passwordLength: { min: 0, max: 0 },
}

/** The one user there is. */
const localAccount = ({ userId, role }: Identity): Account => ({
  id: userId,
  email: null,
  name: '',
  role,
  language: null,
  emailVerified: false,
  secondFactor: false,
  password: false,
  github: false,
})

/** What is done with one's own account is done by oneself: no key may. Throws `session-needed`. */
function ownSession({ who }: { who: Identity }): { userId: string; sessionId: string } {
  if (who.via !== 'session' || who.sessionId === undefined) throw new AppError('session-needed')
  return { userId: who.userId, sessionId: who.sessionId }
}

/** Routes under `/auth`. Those that nobody must be logged in for are in `openRoutes`. */
export function authRoutes({ accounts: there }: AccountDependencies, { asUser }: Gates) {
  const on = (): Accounts => {
    if (!there) throw new AppError('accounts-off')
    return there
  }
  const visitOf = ({ visit }: CallContext): Visit => visit
  const { auth } = os

  return {
    options: auth.options.handler(async () => (there ? there.options() : localOptions)),
    register: auth.register.handler(async ({ input: { invitation, ...applicant }, context }) => {
      const language = applicant.language ?? context.caller.language
      return { state: await on().registration.register(visitOf(context), { ...applicant, language }, invitation) }
    }),
    verifyEmail: auth.verifyEmail.handler(async ({ input: { token, password }, context }) => {
      await on().registration.verifyEmail(visitOf(context), token, password)
    }),
    logIn: auth.logIn.handler(({ input: { email, password }, context }) =>
      on().signIn.logIn(visitOf(context), email, password),
    ),
    secondFactor: auth.secondFactor.handler(({ input, context }) => on().signIn.secondFactor(visitOf(context), input)),
    logOut: auth.logOut.handler(async ({ context }) => {
      await on().signIn.logOut(visitOf(context))
    }),
    me: auth.me.use(asUser).handler(async ({ context: { who } }) => {
      // The token of this machine is nobody's account before there is an owner.
      const known = there && (await there.people.byId(who.userId))
      const account = known ? await there.people.account(who.userId) : localAccount(who)
      return { account, via: who.via, scopes: who.scopes ? [...who.scopes] : null }
    }),
    update: auth.update.use(asUser).handler(async ({ input, context }) => {
      const { people } = on()
      const { userId } = ownSession(context)
      const { name, language } = input
      await people.update(userId, { ...(name !== undefined && { name }), ...(language !== undefined && { language }) })
      return people.account(userId)
    }),

    delete: auth.delete.use(asUser).handler(({ input: { password, confirmation }, context }) =>
      on().departure.leave(visitOf(context), ownSession(context), {
        ...(password !== undefined && { password }),
        ...(confirmation !== undefined && { confirmation }),
      }),
    ),
    forgotPassword: auth.forgotPassword.handler(async ({ input: { email, language }, context }) => {
      await on().credentials.forgot(email, language ?? context.caller.language)
    }),
    resetPassword: auth.resetPassword.handler(async ({ input: { token, password }, context }) => {
      await on().credentials.reset(visitOf(context), token, password)
    }),
    changePassword: auth.changePassword.use(asUser).handler(async ({ input, context }) => {
      const { current, password, everything } = input
      await on().credentials.change(visitOf(context), ownSession(context), { current, password, everything })
    }),
    prove: auth.prove.use(asUser).handler(async ({ input, context }) => {
      await on().credentials.prove(visitOf(context), ownSession(context), input.password)
    }),

    requestLink: auth.requestLink.handler(async ({ input, context }) => {
      const visit = visitOf(context)
      await on().signIn.requestLink({ ...visit, language: input.language ?? visit.language }, input.email)
    }),
    redeemLink: auth.redeemLink.handler(({ input: { token, here }, context }) =>
      on().signIn.redeemLink(visitOf(context), token, { here }),
    ),
    redeemSetUp: auth.redeemSetUp.handler(async ({ input: { token, ...applicant }, context }) => {
      const language = applicant.language ?? context.caller.language
      const { registration, signIn } = on()
      const userId = await registration.setUp(visitOf(context), token, { ...applicant, language })
      return signIn.openFor(visitOf(context), userId, { challenge: false })
    }),
    readInvitation: auth.readInvitation.handler(({ input }) => on().registration.readInvitation(input.token)),

    sessions: auth.sessions.use(asUser).handler(async ({ context }) => {
      const { sessions } = on()
      const { userId, sessionId } = ownSession(context)
      const all = await sessions.list(userId)
      return { sessions: all.map(one => ({ ...one, current: one.id === sessionId })) }
    }),
    endSession: auth.endSession.use(asUser).handler(async ({ input, context }) => {
      if (!(await on().sessions.end(ownSession(context).userId, input.sessionId)))
        throw new AppError('session-not-found')
    }),
    endOtherSessions: auth.endOtherSessions.use(asUser).handler(async ({ context }) => {
      const { sessions } = on()
      const { userId, sessionId } = ownSession(context)
      for (const { id } of await sessions.list(userId)) if (id !== sessionId) await sessions.end(userId, id)
    }),

    beginTotp: auth.beginTotp
      .use(asUser)
      .handler(({ input, context }) =>
        on().credentials.beginTotp(visitOf(context), ownSession(context), input.password),
      ),
    confirmTotp: auth.confirmTotp.use(asUser).handler(async ({ input, context }) => {
      await on().credentials.confirmTotp(ownSession(context), input.code)
    }),
    newRecoveryCodes: auth.newRecoveryCodes.use(asUser).handler(async ({ input, context }) => {
      const session = ownSession(context)
      return { recoveryCodes: await on().credentials.newRecoveryCodes(visitOf(context), session, input.password) }
    }),
    endTotp: auth.endTotp.use(asUser).handler(async ({ input, context }) => {
      await on().credentials.endTotp(visitOf(context), ownSession(context), input.password)
    }),

    passkeys: auth.passkeys.use(asUser).handler(async ({ context }) => ({
      passkeys: await on().credentials.passkeys(ownSession(context).userId),
    })),
    beginPasskey: auth.beginPasskey
      .use(asUser)
      .handler(({ context }) => on().credentials.beginPasskey(visitOf(context), ownSession(context))),
    addPasskey: auth.addPasskey.use(asUser).handler(async ({ input: { response, name }, context }) => {
      await on().credentials.addPasskey(visitOf(context), ownSession(context), { response, name })
    }),
    removePasskey: auth.removePasskey.use(asUser).handler(async ({ input, context }) => {
      await on().credentials.removePasskey(ownSession(context), input.passkeyId)
    }),
    beginPasskeyLogIn: auth.beginPasskeyLogIn.handler(({ context }) => on().signIn.beginPasskey(visitOf(context))),
    passkeyLogIn: auth.passkeyLogIn.handler(({ input, context }) =>
      on().signIn.passkey(visitOf(context), input.response),
    ),

    beginGitHub: auth.beginGitHub.handler(async ({ context }) => ({
      url: await on().signIn.beginGitHub(visitOf(context)),
    })),
    removeGitHub: auth.removeGitHub.use(asUser).handler(async ({ context }) => {
      await on().credentials.removeGitHub(ownSession(context))
    }),

    keys: auth.keys
      .use(asUser)
      .handler(async ({ context }) => ({ keys: await on().keys.list(ownSession(context).userId) })),
    addKey: auth.addKey
      .use(asUser)
      .handler(({ input, context }) => on().credentials.addKey(ownSession(context), input)),
    removeKey: auth.removeKey.use(asUser).handler(async ({ input, context }) => {
      await on().keys.remove(ownSession(context).userId, input.keyId)
    }),
  }
}

/** Everybody with an account, for those who look after the installation. */
export function userRoutes({ core, accounts: there }: AccountDependencies, { asAdministrator }: Gates) {
  const on = (): Accounts => {
    if (!there) throw new AppError('accounts-off')
    return there
  }
  const { users } = os
  /** What somebody did with another's account, where that one may read it. */
  const note = ({ who, visit }: { who: Identity; visit: Visit }, userId: string, action: AuditAction, tx?: Tx) => {
    const { address = null } = visit
    return core.audit.note({ actorId: who.userId, ownerId: userId, action, objectId: userId, address }, tx)
  }
  /** What was done with somebody who has no account. */
  const noteInvitation = (
    { who, visit }: { who: Identity; visit: Visit },
    action: 'account.invite' | 'account.uninvite',
    objectId: string,
    tx: Tx,
  ) => core.audit.note({ actorId: who.userId, ownerId: null, action, objectId, address: visit.address ?? null }, tx)
  return {
    list: users.list.use(asAdministrator).handler(async () => ({ users: await on().people.list() })),
    update: users.update.use(asAdministrator).handler(async ({ input: { userId, role, blocked }, context }) => {
      const changes = { ...(role !== undefined && { role }), ...(blocked !== undefined && { blocked }) }
      return on().people.administer(context.who, userId, changes, async tx => {
        if (role !== undefined) await note(context, userId, 'account.role', tx)
        if (blocked !== undefined) await note(context, userId, blocked ? 'account.block' : 'account.unblock', tx)
      })
    }),
    delete: users.delete
      .use(asAdministrator)
      .handler(({ input, context: { who } }) => on().departure.remove(who, input.userId)),
    resetPassword: users.resetPassword.use(asAdministrator).handler(async ({ input, context }) => {
      const { people, credentials } = on()
      const person = await people.byId(input.userId)
      if (!person) throw new AppError('account-not-found', { name: input.userId })
      // Who may set an owner's password is one.
      if (context.who.role !== 'owner' && person.role === 'owner') throw new AppError('role-needed')
      // Before there is a link: whoever has it may read everything, and the account's own log says who had it made.
      await note(context, person.id, 'account.reset')
      return { link: await credentials.resetLink(input.userId) }
    }),
    invitations: users.invitations
      .use(asAdministrator)
      .handler(async () => ({ invitations: await on().registration.invitations() })),
    invite: users.invite.use(asAdministrator).handler(({ input: { email, role, language }, context }) => {
      const invited = { email, role, language: language ?? context.caller.language }
      return on().registration.invite(context.who, invited, (tx, id) =>
        noteInvitation(context, 'account.invite', id, tx),
      )
    }),
    uninvite: users.uninvite.use(asAdministrator).handler(async ({ input: { invitationId: id }, context }) => {
      await on().registration.uninvite(id, tx => noteInvitation(context, 'account.uninvite', id, tx))
    }),
  }
}
