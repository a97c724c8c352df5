import type { ApiMember } from '../../../shared/api/member.ts'
import type { Core } from '../../../shared/core.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Member } from '../../../shared/model/index.ts'
import type { Accounts } from '../../auth/accounts.ts'
import { deedOf, type Gates, os } from './gates.ts'

type Dependencies = {
  core: Core
  accounts?: (Pick<Accounts, 'addressOf' | 'tellInvited'> & { people: Pick<Accounts['people'], 'byId'> }) | undefined
}

export function memberRoutes({ core, accounts }: Dependencies, { inProject }: Gates) {
  const managing = inProject('manage')

  async function shown(
    { userId, role, createdAt, expiresAt }: Omit<Member, 'createdAt'> & { createdAt: number | null },
    addresses: boolean,
  ): Promise<ApiMember> {
    const person = await accounts?.people.byId(userId)
    return {
      userId,
      name: person?.name ?? null,
      email: addresses ? (person?.email ?? null) : null,
      role,
      createdAt,
      expiresAt,
    }
  }

  return {
    list: os.members.list.use(inProject('read')).handler(async ({ context: { scope, role } }) => {
      const owner = { userId: scope.userId, role: 'owner' as const, createdAt: null, expiresAt: null }
      const all = [owner, ...(await core.members.list(scope))]
      const invitations = role === 'owner' ? await core.invitations.list(scope) : []
      return { members: await Promise.all(all.map(one => shown(one, role === 'owner'))), invitations }
    }),
    add: os.members.add
      .use(managing)
      .handler(async ({ input, context }) =>
        shown(await core.members.set(context.scope, input.userId, input.role, deedOf(context)), true),
      ),
    invite: os.members.invite.use(managing).handler(async ({ input: { email, role }, context }) => {
      if (!accounts) throw new AppError('accounts-off')
      const { scope, userId, caller } = context
      if ((await accounts.people.byId(userId))?.email === email) throw new AppError('member-owner')
      const { invitation, isNew } = await core.invitations.add(scope, { email, role }, deedOf(context))
      // Nobody gets a mail for each time that somebody clicks.
      if (isNew) await accounts.tellInvited(userId, email, caller.language)
      return invitation
    }),
    uninvite: os.members.uninvite.use(managing).handler(async ({ input, context }) => {
      await core.invitations.remove(context.scope, input.invitationId, deedOf(context))
    }),
    update: os.members.update
      .use(managing)
      .handler(async ({ input, context }) =>
        shown(await core.members.change(context.scope, input.userId, input.role, deedOf(context)), true),
      ),
    remove: os.members.remove.use(inProject('read')).handler(async ({ input, context }) => {
      if (context.role !== 'owner' && input.userId !== context.userId) throw new AppError('project-role')
      await core.members.remove(context.scope, input.userId, deedOf(context))
    }),
  }
}

/** What one was asked into. */
export function invitationRoutes({ core, accounts }: Dependencies, { asUser }: Gates) {
  const { invitations } = os

  /** Of those who may still let anybody in. */
  async function open(userId: string) {
    const email = await accounts?.addressOf(userId)
    if (!accounts || email === undefined) return { email: '', those: [] }
    const { people } = accounts
    const all = await Promise.all(
      (await core.invitations.of(email)).map(async one => ({ one, owner: await people.byId(one.ownerId) })),
    )
    return {
      email,
      those: all.flatMap(({ one, owner }) => (owner && owner.blocked_at === null ? [{ one, owner }] : [])),
    }
  }

  return {
    list: invitations.list.use(asUser).handler(async ({ context: { userId } }) => ({
      invitations: (await open(userId)).those.map(({ one: { id, project, role, expiresAt }, owner }) => ({
        id,
        project,
        owner: owner.email,
        role,
        expiresAt,
      })),
    })),
    accept: invitations.accept.use(asUser).handler(async ({ input: { invitationId: id }, context }) => {
      const { email, those } = await open(context.userId)
      if (!those.some(({ one }) => one.id === id)) throw new AppError('invitation-not-found')
      const { projectId } = await core.invitations.accept(email, id, deedOf(context))
      return { projectId }
    }),
    decline: invitations.decline.use(asUser).handler(async ({ input, context: { userId } }) => {
      await core.invitations.decline((await open(userId)).email, input.invitationId)
    }),
  }
}
