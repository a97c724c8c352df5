/** Who was asked into which project. On behalf of the installation: whoever was, has no part in it yet. */
import { AppError } from '../errors.ts'
import type { ProjectInvitation, Scope } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { ProjectInvitationRow, ReadAs, Tx } from './schema.ts'

/** With whose project it is. */
export type OpenInvitation = ProjectInvitation & { ownerId: string; project: string }

export interface InvitationStore {
  /**
   * The one there is for this address, with this role, open from now on for so long, also where it was declined; `isNew`: there was none.
   * Throws `project-not-found`.
   */
  add(
    tx: Tx,
    scope: Scope,
    email: string,
    role: ProjectInvitation['role'],
    age: number,
  ): Promise<{ invitation: ProjectInvitation; isNew: boolean }>
  /** Those that are open, oldest first, also those that were declined. */
  list(scope: Scope): Promise<ProjectInvitation[]>
  /** How many are open in all projects of this owner. */
  count(tx: Tx, ownerId: string): Promise<number>
  /** False when there is none. */
  remove(tx: Tx, scope: Scope, id: string): Promise<boolean>
  /** What this address was asked into and may still take, oldest first. */
  of(email: string): Promise<OpenInvitation[]>
  /** Takes it away, for whoever has the address; undefined where there is none that may still be taken. */
  take(tx: Tx, email: string, id: string): Promise<OpenInvitation | undefined>
  /** False when there is none. */
  decline(email: string, id: string): Promise<boolean>
  expire(tx: Tx): Promise<void>
}

export function createInvitationStore({
  read,
  write,
  clock,
  ids,
}: {
  read: ReadAs
  write: ReadAs
  clock: Clock
  ids: Ids
}): InvitationStore {
  const open = (db: Tx | ReturnType<ReadAs>, email: string) =>
    db
      .selectFrom('project_invitation')
      .innerJoin('project', 'project.id', 'project_invitation.project_id')
      .selectAll('project_invitation')
      .select(['project.user_id as owner', 'project.name as project'])
      .where('email', '=', email)
      .where('expires_at', '>', clock.now())
      .where('declined_at', 'is', null)
      .where('project.deleted_at', 'is', null)
  const shown = ({ owner, project, ...row }: ProjectInvitationRow & { owner: string; project: string }) => ({
    ...toInvitation(row),
    ownerId: owner,
    project,
  })

  return {
    async add(tx, { userId, projectId }, email, role, age) {
      const owned = tx.selectFrom('project').select('id').where('id', '=', projectId).where('user_id', '=', userId)
      if (!(await owned.where('deleted_at', 'is', null).executeTakeFirst()))
        throw new AppError('project-not-found', { name: projectId })
      const now = clock.now()
      const until = now + age
      await tx
        .deleteFrom('project_invitation')
        .where('project_id', '=', projectId)
        .where('email', '=', email)
        .where('expires_at', '<=', now)
        .execute()
      const row = { id: ids.next(), project_id: projectId, email, role, created_at: now }
      const kept = await tx
        .insertInto('project_invitation')
        .values({ ...row, expires_at: until, declined_at: null })
        .onConflict(conflict =>
          conflict.columns(['project_id', 'email']).doUpdateSet({ role, expires_at: until, declined_at: null }),
        )
        .returningAll()
        .executeTakeFirstOrThrow()
      return { invitation: toInvitation(kept), isNew: kept.id === row.id }
    },
    async list({ projectId, userId }) {
      const rows = await read('internal')
        .selectFrom('project_invitation')
        .innerJoin('project', 'project.id', 'project_invitation.project_id')
        .selectAll('project_invitation')
        .where('project.id', '=', projectId)
        .where('project.user_id', '=', userId)
        .where('expires_at', '>', clock.now())
        .orderBy('project_invitation.created_at')
        .orderBy('project_invitation.id')
        .execute()
      return rows.map(toInvitation)
    },
    async count(tx, ownerId) {
      const { count } = await tx
        .selectFrom('project_invitation')
        .innerJoin('project', 'project.id', 'project_invitation.project_id')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('project.user_id', '=', ownerId)
        .where('expires_at', '>', clock.now())
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    async remove(tx, { projectId }, id) {
      const { numDeletedRows } = await tx
        .deleteFrom('project_invitation')
        .where('id', '=', id)
        .where('project_id', '=', projectId)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
    async of(email) {
      const rows = await open(read('internal'), email)
        .orderBy('project_invitation.created_at')
        .orderBy('project_invitation.id')
        .execute()
      return rows.map(shown)
    },
    async take(tx, email, id) {
      const row = await open(tx, email).where('project_invitation.id', '=', id).executeTakeFirst()
      if (!row) return undefined
      const { numDeletedRows } = await tx.deleteFrom('project_invitation').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n ? shown(row) : undefined
    },
    async decline(email, id) {
      const { numUpdatedRows } = await write('internal')
        .updateTable('project_invitation')
        .set({ declined_at: clock.now() })
        .where('id', '=', id)
        .where('email', '=', email)
        .where('declined_at', 'is', null)
        .where('expires_at', '>', clock.now())
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async expire(tx) {
      await tx.deleteFrom('project_invitation').where('expires_at', '<=', clock.now()).execute()
    },
  }
}

const toInvitation = (row: ProjectInvitationRow): ProjectInvitation => ({
  id: row.id,
  projectId: row.project_id,
  email: row.email,
  role: row.role as ProjectInvitation['role'],
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})
