/** Who may do what in whose project: the one place that turns somebody who asks into a scope. */
import { AppError } from '../errors.ts'
import type { AuditAction, Member, NewAuditEntry, Project, ProjectRole, Scope, Time } from '../model/index.ts'
import type { AppEvent, Clock } from '../ports.ts'
import type { Store, Tx } from '../store/index.ts'
import type { Audit } from './audit.ts'

/** `read`: look, search and ask; `write`: change what is in it; `manage`: decide over it. */
export type Need = 'read' | 'write' | 'manage'
export type MemberRole = Exclude<ProjectRole, 'owner'>

/** Who does it, and from where: it stands in the audit log as soon as it holds, and where the owner reads it. */
export interface Deed {
  actorId: string
  address: string | null
}

export interface Members {
  /**
   * The owner's scope, for somebody who may do that. Throws `project-not-found` for whoever is no member, and where there is no such
   * project: nobody learns which; `project-role` for a member whose role does not suffice.
   */
  scopeOf(callerId: string, projectId: string, need: Need): Promise<Scope>
  /** The same, with the caller's role. */
  enter(callerId: string, projectId: string, need: Need): Promise<{ scope: Scope; role: ProjectRole }>
  /** Whoever may read a project, its owner first; nobody where there is none. */
  audience(projectId: string): Promise<ReadonlySet<string>>
  /** Without the owner, oldest first. */
  list(scope: Scope): Promise<Member[]>
  /** Gives a user a part in it, until it is taken back. Throws `user-not-found`, `member-owner`. */
  set(scope: Scope, userId: string, role: MemberRole, by?: Deed): Promise<Member>
  /** Another role for somebody who has a part, and for as long as before. Throws `member-not-found`, `member-owner`. */
  change(scope: Scope, userId: string, role: MemberRole, by?: Deed): Promise<Member>
  /** Reading until then, for a reason. Throws `access-needless` for who has a part anyway. */
  look(scope: Scope, userId: string, until: Time, by: Deed & { reason: string }): Promise<void>
  /** Takes it back, at once. Throws `member-not-found`. */
  remove(scope: Scope, userId: string, by?: Deed): Promise<void>
  /** Somebody has taken a part: what was known of the project is forgotten, and all hear of it. */
  joined(projectId: string, userIds: readonly string[]): void
  /** Takes parts back whose time is over. */
  tidy(): Promise<void>
}

const enough: Record<Need, readonly ProjectRole[]> = {
  read: ['reader', 'editor', 'owner'],
  write: ['editor', 'owner'],
  manage: ['owner'],
}

/**
 * Milliseconds that an answer is remembered. What changes here is forgotten here at once, and in other processes when they hear of it, or
 * after this.
 */
const memory = 1500
/** Answers that are remembered, some 200 bytes each. */
const mostRemembered = 5000

/** The scope of a project that is known to be one of the caller's, by the list of theirs. */
export function scopeIn({ id: projectId, userId }: Pick<Project, 'id' | 'userId'>, callerId: string): Scope {
  return userId === callerId ? { userId, projectId } : { userId, projectId, memberId: callerId }
}

/** Throws `project-role`. */
export function demandNeed(role: ProjectRole, need: Need): void {
  if (!enough[need].includes(role)) throw new AppError('project-role')
}

export function createMembers({
  store,
  clock,
  note,
  announce,
}: {
  store: Pick<Store, 'members' | 'transaction'>
  note: Audit['note']
  clock: Clock
  announce(event: AppEvent): void
}): Members & {
  /** Something may have changed in who has a part in what. */
  hear(event: AppEvent): void
} {
  const roles = createMemory<{ ownerId: string; role: ProjectRole }>(clock)
  const audiences = createMemory<ReadonlySet<string>>(clock)

  async function enter(callerId: string, projectId: string, need: Need) {
    // What is not there is not remembered: it may come at any moment, and whoever guesses must not fill the memory.
    const found = await roles.get(projectId, callerId, () => store.members.find(projectId, callerId))
    if (!found) throw new AppError('project-not-found', { name: projectId })
    demandNeed(found.role, need)
    return { scope: scopeIn({ id: projectId, userId: found.ownerId }, callerId), role: found.role }
  }

  function forget(projectId: string): void {
    roles.forget(projectId)
    audiences.forget(projectId)
  }

  function changed(projectId: string, userIds: readonly string[]): void {
    forget(projectId)
    announce({ type: 'members', projectId })
    for (const userId of userIds) announce({ type: 'projects', userId })
  }

  /** On behalf of the installation, which alone writes the audit log: with it in one transaction. */
  async function act<T>(
    scope: Scope,
    userId: string,
    entry: Omit<NewAuditEntry, 'ownerId'> | undefined,
    run: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    const done = await store.transaction('internal', async tx => {
      const result = await run(tx)
      if (entry) await note({ ...entry, ownerId: scope.userId }, tx)
      return result
    })
    changed(scope.projectId, [userId, scope.userId])
    return done
  }

  const told = ({ projectId }: Scope, userId: string, action: AuditAction, by: Deed | undefined) =>
    by && { ...by, action, objectId: `${projectId} ${userId}` }

  return {
    enter,
    scopeOf: async (callerId, projectId, need) => (await enter(callerId, projectId, need)).scope,
    async audience(projectId) {
      const found = await audiences.get(projectId, '', async () => {
        const all = await store.members.audience(projectId)
        return all.length > 0 ? new Set(all) : undefined
      })
      return found ?? new Set()
    },
    list: scope => store.members.list(scope),
    async set(scope, userId, role, by) {
      if (userId === scope.userId) throw new AppError('member-owner')
      return act(scope, userId, told(scope, userId, 'member.add', by), tx => store.members.set(tx, scope, userId, role))
    },
    async change(scope, userId, role, by) {
      if (userId === scope.userId) throw new AppError('member-owner')
      return act(scope, userId, told(scope, userId, 'member.change', by), async tx => {
        const member = await store.members.change(tx, scope, userId, role)
        if (!member) throw new AppError('member-not-found', { name: userId })
        return member
      })
    },
    look: (scope, userId, until, by) =>
      act(scope, userId, { ...by, action: 'project.access', objectId: scope.projectId }, async tx => {
        if (!(await store.members.look(tx, scope, userId, until))) throw new AppError('access-needless')
      }),
    async remove(scope, userId, by) {
      const action = by?.actorId === userId ? 'member.leave' : 'member.remove'
      await act(scope, userId, told(scope, userId, action, by), async tx => {
        if (!(await store.members.remove(tx, scope, userId))) throw new AppError('member-not-found', { name: userId })
      })
    },
    joined: changed,
    async tidy() {
      for (const { projectId, userId } of await store.transaction('internal', tx => store.members.expire(tx)))
        changed(projectId, [userId])
    },
    hear(event) {
      if (event.type === 'members') forget(event.projectId)
      if (event.type !== 'missed' && event.type !== 'projects') return
      roles.clear()
      audiences.clear()
    },
  }
}

/** By project, and what else it depends on; for a moment. */
function createMemory<Value>(clock: Clock) {
  const known = new Map<string, Map<string, { until: Time; value: Value }>>()
  let count = 0
  /** Grows with all that is forgotten: what was asked for before must not be kept after. */
  let generation = 0

  function clear(): void {
    known.clear()
    count = 0
    generation += 1
  }

  return {
    clear,
    forget(projectId: string): void {
      count -= known.get(projectId)?.size ?? 0
      known.delete(projectId)
      generation += 1
    },
    async get(projectId: string, key: string, look: () => Promise<Value | undefined>): Promise<Value | undefined> {
      const now = clock.now()
      const before = known.get(projectId)?.get(key)
      // A clock that was set back would remember for long.
      if (before && before.until > now && before.until <= now + memory) return before.value
      const at = generation
      const value = await look()
      if (value === undefined || at !== generation) return value
      if (count >= mostRemembered) clear()
      const some = known.get(projectId) ?? new Map<string, { until: Time; value: Value }>()
      known.set(projectId, some)
      if (!some.has(key)) count += 1
      some.set(key, { until: now + memory, value })
      return value
    },
  }
}
