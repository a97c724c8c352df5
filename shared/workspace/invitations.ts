/**
 * Asking somebody into a project by their address. Nobody looks up whether it has an account, and nothing tells: the invitation is there
 * either way, until whoever has the address takes it up, or for a week. That it was declined is not told either.
 */
import { AppError } from '../errors.ts'
import type { ProjectInvitation, Scope } from '../model/index.ts'
import type { OpenInvitation, Store } from '../store/index.ts'
import type { Audit } from './audit.ts'
import type { Deed, MemberRole, Members } from './members.ts'

export interface Invitations {
  /** Of an address that is open already, the role and the time are those of now. Throws `too-many-invitations`. */
  add(
    scope: Scope,
    asked: { email: string; role: MemberRole },
    by: Deed,
  ): Promise<{ invitation: ProjectInvitation; isNew: boolean }>
  /** Those of a project that are open. */
  list(scope: Scope): Promise<ProjectInvitation[]>
  /** Throws `invitation-not-found`. */
  remove(scope: Scope, id: string, by: Deed): Promise<void>
  /** Those of an address. */
  of(email: string): Promise<OpenInvitation[]>
  /** Makes who has the address a member; who is one already stays what they are. Throws `invitation-not-found`. */
  accept(email: string, id: string, by: Deed): Promise<OpenInvitation>
  /** Throws `invitation-not-found`. */
  decline(email: string, id: string): Promise<void>
  /** Takes those away whose time is over. */
  tidy(): Promise<void>
}

const invitationAge = 7 * 86_400_000
/** Of one owner: each sends a mail to an address that nobody has proven. */
const mostOpen = 50

export function createInvitations({
  store,
  members,
  note,
}: {
  store: Pick<Store, 'invitations' | 'members' | 'transaction'>
  members: Pick<Members, 'joined'>
  note: Audit['note']
}): Invitations {
  return {
    add: (scope, { email, role }, by) =>
      store.transaction('internal', async tx => {
        const added = await store.invitations.add(tx, scope, email, role, invitationAge)
        if (added.isNew && (await store.invitations.count(tx, scope.userId)) > mostOpen)
          throw new AppError('too-many-invitations', { limit: mostOpen })
        await note({ ...by, ownerId: scope.userId, action: 'member.invite', objectId: scope.projectId }, tx)
        return added
      }),
    list: scope => store.invitations.list(scope),
    remove: (scope, id, by) =>
      store.transaction('internal', async tx => {
        if (!(await store.invitations.remove(tx, scope, id))) throw new AppError('invitation-not-found')
        await note({ ...by, ownerId: scope.userId, action: 'member.uninvite', objectId: scope.projectId }, tx)
      }),
    of: email => store.invitations.of(email),
    async accept(email, id, by) {
      const { actorId } = by
      const taken = await store.transaction('internal', async tx => {
        const invitation = await store.invitations.take(tx, email, id)
        if (!invitation) throw new AppError('invitation-not-found')
        const { ownerId, projectId, role } = invitation
        // The owner’s own address was invited.
        if (ownerId === actorId) return invitation
        await store.members.join(tx, { userId: ownerId, projectId }, actorId, role)
        await note({ ...by, ownerId, action: 'member.join', objectId: `${projectId} ${actorId}` }, tx)
        return invitation
      })
      members.joined(taken.projectId, [actorId, taken.ownerId])
      return taken
    },
    async decline(email, id) {
      if (!(await store.invitations.decline(email, id))) throw new AppError('invitation-not-found')
    },
    tidy: () => store.transaction('internal', tx => store.invitations.expire(tx)),
  }
}
