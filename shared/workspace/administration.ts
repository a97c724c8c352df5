/** For those who look after the installation: counters of all, and a way into a project that its owner can see. */
import { AppError } from '../errors.ts'
import type { Time } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import type { ProjectCounts, StorageCounts, Store, UserCounts } from '../store/index.ts'
import type { Members } from './members.ts'

export interface Administration {
  /** By their ids. */
  users(page: { limit: number; after?: string }): Promise<{ users: UserCounts[]; next: string | null }>
  /** What one may be let look into: of one user, the latest first, without what they are called. */
  projects(userId: string): Promise<ProjectCounts[]>
  storage(): Promise<StorageCounts>
  jobs(): Promise<{ open: number; dead: number } | undefined>
  /**
   * Reading in a project that is not theirs, for an hour; it stands in the audit log before it holds, where the owner finds it. Throws
   * `project-not-found`, `reason-missing`, `access-needless` for who may read it anyway.
   */
  look(asked: { userId: string; projectId: string; reason: string; address: string | null }): Promise<{ until: Time }>
}

const lookTime = 60 * 60 * 1000
const month = 30 * 86_400_000
const mostProjects = 1000
const reasonLength = { least: 10, most: 500 }

export function createAdministration({
  store,
  members,
  clock,
}: {
  store: Pick<Store, 'administration'>
  members: Pick<Members, 'audience' | 'look'>
  clock: Clock
}): Administration {
  return {
    async users({ limit, after }) {
      const since = clock.now() - month
      const some = await store.administration.users({ limit: limit + 1, since, ...(after !== undefined && { after }) })
      const users = some.slice(0, limit)
      return { users, next: some.length > limit ? (users.at(-1)?.userId ?? null) : null }
    },
    projects: userId => store.administration.projects(userId, mostProjects),
    storage: () => store.administration.storage(),
    jobs: () => store.administration.jobs(),
    async look({ userId, projectId, reason: given, address }) {
      const reason = given
        .normalize('NFC')
        .replace(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ')
        .trim()
      if (reason.length < reasonLength.least || reason.length > reasonLength.most)
        throw new AppError('reason-missing', { min: reasonLength.least, max: reasonLength.most })
      const audience = await members.audience(projectId)
      const [ownerId] = audience
      if (ownerId === undefined) throw new AppError('project-not-found', { name: projectId })
      if (audience.has(userId)) throw new AppError('access-needless')
      const until = clock.now() + lookTime
      await members.look({ userId: ownerId, projectId }, userId, until, { actorId: userId, address, reason })
      return { until }
    },
  }
}
