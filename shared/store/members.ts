/**
 * Whose a project is, and who else has a part in it. What somebody may do is asked on behalf of the installation: before that is known,
 * nobody has a scope. What an owner does with the members of a project is done in its scope.
 */
import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Member, Project, ProjectRole, Scope, Time } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import { toProject } from './projects.ts'
import type { ProjectMemberRow, ReadAs, Tx } from './schema.ts'
import { demandUser } from './users.ts'

export interface MemberStore {
  /** Whose project it is, and the role of this user; undefined where there is none, or the user has no part in it. */
  find(projectId: string, userId: string): Promise<{ ownerId: string; role: ProjectRole } | undefined>
  /** The owner first, then all members; none where there is no such project. */
  audience(projectId: string): Promise<string[]>
  /** Projects of others that this user has a part in, with the role; oldest first. */
  projects(userId: string): Promise<Project[]>
  /** Without the owner; oldest first. */
  list(scope: Scope): Promise<Member[]>
  /** Until it is taken back, whatever was said of a member before. Throws `project-not-found`, `user-not-found`. */
  set(tx: Tx, scope: Scope, userId: string, role: 'editor' | 'reader'): Promise<Member>
  /** Of somebody who has a part now, and for as long as before; undefined where that is nobody. */
  change(tx: Tx, scope: Scope, userId: string, role: 'editor' | 'reader'): Promise<Member | undefined>
  /** As `set`, for who has no part yet, or one for a while. */
  join(tx: Tx, scope: Scope, userId: string, role: 'editor' | 'reader'): Promise<void>
  /** Reading, until then. False where this user has a part anyway. Throws as `set`. */
  look(tx: Tx, scope: Scope, userId: string, until: Time): Promise<boolean>
  /** False when there is none. */
  remove(tx: Tx, scope: Scope, userId: string): Promise<boolean>
  /** Those who were members for a while that is over. Gives the projects. */
  expire(tx: Tx): Promise<{ projectId: string; userId: string }[]>
}

export function createMemberStore({ read, clock }: { read: ReadAs; clock: Clock }): MemberStore {
  async function demandBoth(tx: Tx, scope: Scope, userId: string): Promise<void> {
    const owned = tx.selectFrom('project').select('id').where('id', '=', scope.projectId)
    const live = owned.where('user_id', '=', scope.userId).where('deleted_at', 'is', null)
    if (!(await live.executeTakeFirst())) throw new AppError('project-not-found', { name: scope.projectId })
    await demandUser(tx, userId)
  }

  const valid = () => sql<boolean>`(project_member.expires_at is null or project_member.expires_at > ${clock.now()})`

  return {
    async find(projectId, userId) {
      const row = await read('internal')
        .selectFrom('project')
        .leftJoin('project_member', join =>
          join
            .onRef('project_member.project_id', '=', 'project.id')
            .on('project_member.user_id', '=', userId)
            .on(valid()),
        )
        .select(['project.user_id as owner', 'project_member.role'])
        .where('project.id', '=', projectId)
        .where('project.deleted_at', 'is', null)
        .where('project.type', '<>', 'temporary')
        .executeTakeFirst()
      if (row?.owner === userId) return { ownerId: userId, role: 'owner' }
      return row?.role ? { ownerId: row.owner, role: row.role as ProjectRole } : undefined
    },
    async audience(projectId) {
      const rows = await read('internal')
        .selectFrom('project')
        .leftJoin('project_member', join => join.onRef('project_member.project_id', '=', 'project.id').on(valid()))
        .select(['project.user_id as owner', 'project_member.user_id as member'])
        .where('project.id', '=', projectId)
        .where('project.deleted_at', 'is', null)
        .where('project.type', '<>', 'temporary')
        .execute()
      return [...rows.slice(0, 1).map(({ owner }) => owner), ...rows.flatMap(({ member }) => member ?? [])]
    },
    async projects(userId) {
      const rows = await read('internal')
        .selectFrom('project_member')
        .innerJoin('project', 'project.id', 'project_member.project_id')
        .selectAll('project')
        .select('project_member.role')
        .where('project_member.user_id', '=', userId)
        .where(valid())
        .where('project.deleted_at', 'is', null)
        .where('project.type', '<>', 'temporary')
        .orderBy('project.created_at')
        .orderBy('project.id')
        .execute()
      return rows.map(({ role, ...row }) => ({ ...toProject(row), role: role as ProjectRole }))
    },
    async list(scope) {
      const rows = await read(scope)
        .selectFrom('project_member')
        .innerJoin('project', 'project.id', 'project_member.project_id')
        .selectAll('project_member')
        .where('project_member.project_id', '=', scope.projectId)
        .where('project.user_id', '=', scope.userId)
        .where(valid())
        .orderBy('project_member.created_at')
        .orderBy('project_member.user_id')
        .execute()
      return rows.map(toMember)
    },
    async set(tx, scope, userId, role) {
      await demandBoth(tx, scope, userId)
      const row = await tx
        .insertInto('project_member')
        .values({ project_id: scope.projectId, user_id: userId, role, created_at: clock.now(), expires_at: null })
        .onConflict(conflict => conflict.columns(['project_id', 'user_id']).doUpdateSet({ role, expires_at: null }))
        .returningAll()
        .executeTakeFirstOrThrow()
      return toMember(row)
    },
    async change(tx, { projectId }, userId, role) {
      const row = await tx
        .updateTable('project_member')
        .set({ role })
        .where('project_id', '=', projectId)
        .where('user_id', '=', userId)
        .where(valid())
        .returningAll()
        .executeTakeFirst()
      return row && toMember(row)
    },
    async join(tx, scope, userId, role) {
      await demandBoth(tx, scope, userId)
      const row = { role, created_at: clock.now(), expires_at: null }
      await tx
        .insertInto('project_member')
        .values({ project_id: scope.projectId, user_id: userId, ...row })
        .onConflict(conflict =>
          conflict
            .columns(['project_id', 'user_id'])
            .doUpdateSet(row)
            .where('project_member.expires_at', 'is not', null),
        )
        .execute()
    },
    async look(tx, scope, userId, until) {
      await demandBoth(tx, scope, userId)
      const now = clock.now()
      const { numInsertedOrUpdatedRows = 0n } = await tx
        .insertInto('project_member')
        .values({ project_id: scope.projectId, user_id: userId, role: 'reader', created_at: now, expires_at: until })
        // A part that is over may be there still.
        .onConflict(conflict =>
          conflict
            .columns(['project_id', 'user_id'])
            .doUpdateSet({ role: 'reader', created_at: now, expires_at: until })
            .where('project_member.expires_at', '<=', now),
        )
        .executeTakeFirst()
      return numInsertedOrUpdatedRows > 0n
    },
    async remove(tx, { projectId }, userId) {
      const { numDeletedRows } = await tx
        .deleteFrom('project_member')
        .where('project_id', '=', projectId)
        .where('user_id', '=', userId)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
    async expire(tx) {
      const rows = await tx
        .deleteFrom('project_member')
        .where('expires_at', '<=', clock.now())
        .returning(['project_id as projectId', 'user_id as userId'])
        .execute()
      return rows
    },
  }
}

const toMember = (row: ProjectMemberRow): Member => ({
  userId: row.user_id,
  role: row.role as ProjectRole,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})
