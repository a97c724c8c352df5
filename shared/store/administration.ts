/** What those who look after the installation see of its users: counts, and nothing that anybody wrote. */
import { sql } from 'kysely'
import type { Time } from '../model/index.ts'
import type { Engine } from './engine/index.ts'
import type { ReadAs } from './schema.ts'

export interface UserCounts {
  userId: string
  createdAt: Time
  projects: number
  documents: number
  bytes: number
  /** In the last 30 days that were counted. */
  questions: number
  /** When they last did something that is counted; null: never. */
  seenAt: Time | null
}

export interface ProjectCounts {
  id: string
  createdAt: Time
  documents: number
  bytes: number
}

export interface StorageCounts {
  users: number
  projects: number
  documents: number
  /** Of documents, with those in the trash. */
  bytes: number
  /** Stored once each, however many documents have the same. */
  files: number
  fileBytes: number
  chunks: number
}

export interface AdministrationStore {
  /** By their ids, from behind this one on. */
  users(filter: { limit: number; after?: string; since: Time }): Promise<UserCounts[]>
  /** Of one user, the latest first. */
  projects(userId: string, limit: number): Promise<ProjectCounts[]>
  storage(): Promise<StorageCounts>
  /** Work that is open, and that was given up; undefined where nobody knows. */
  jobs(): Promise<{ open: number; dead: number } | undefined>
}

export function createAdministrationStore({
  read,
  write,
  engine,
}: {
  read: ReadAs
  write: ReadAs
  engine: Engine
}): AdministrationStore {
  const whole = (part: ReturnType<typeof sql>) => sql<number>`cast(coalesce(${part}, 0) as bigint)`
  return {
    async users({ limit, after = '', since }) {
      const owned = sql`from document join project on project.id = document.project_id where project.user_id = "user".id`
      const rows = await read('internal')
        .selectFrom('user')
        .select(['user.id as userId', 'user.created_at as createdAt'])
        .select([
          whole(
            sql`(select count(*) from project where project.user_id = "user".id and project.type <> 'temporary')`,
          ).as('projects'),
          whole(sql`(select count(*) ${owned})`).as('documents'),
          whole(sql`(select sum(document.size) ${owned})`).as('bytes'),
          whole(
            sql`(select sum(questions) from usage where usage.user_id = "user".id and usage.day >= ${Math.floor(since / 86_400_000)})`,
          ).as('questions'),
          sql<number | null>`(select max(seen_at) from usage where usage.user_id = "user".id)`.as('seenAt'),
        ])
        .where('user.id', '>', after)
        .orderBy('user.id')
        .limit(limit)
        .execute()
      return rows
    },
    projects: (userId, limit) =>
      read('internal')
        .selectFrom('project')
        .select(['id', 'created_at as createdAt'])
        .select([
          whole(sql`(select count(*) from document where document.project_id = project.id)`).as('documents'),
          whole(sql`(select sum(size) from document where document.project_id = project.id)`).as('bytes'),
        ])
        .where('user_id', '=', userId)
        .where('type', '<>', 'temporary')
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),
    async storage() {
      const { rows } = await sql<StorageCounts>`select
        (select count(*) from "user") as users,
        (select count(*) from project where type <> 'temporary') as projects,
        (select count(*) from document) as documents,
        (select cast(coalesce(sum(size), 0) as bigint) from document) as bytes,
        (select count(*) from (select distinct blob from document) as one) as files,
        (select cast(coalesce(sum(size), 0) as bigint) from (select blob, max(size) as size from document group by blob) as each_one)
          as "fileBytes",
        (select count(*) from chunk) as chunks`.execute(read('internal'))
      return rows[0]
    },
    jobs: async () => (await engine.facts(read('internal'), write('internal'))).jobs,
  }
}
