/**
 * On Postgres, a question about files that are not to be kept, or a measurement, has a project of its own, which is in no
 * list and goes with its process: in order, or, after a kill, with the next one that opens the library.
 */
import type { Core } from '../shared/core.ts'
import type { PostgresDatabase } from '../shared/db/postgres/index.ts'
import type { Project } from '../shared/model/index.ts'
import type { Log } from '../shared/ports.ts'

type Library = Pick<Core, 'projects' | 'operator'>

export interface TemporaryProject {
  project: Project
  /** Before the core is closed. */
  remove(): Promise<void>
}

/** The lock of a connection is its process's sign of life; the first one keeps those apart that look and make. */
const name = (id: string) => `cloister temporary ${id}`
const everybody = name('projects')

export async function createTemporaryProject(
  { projects, operator }: Library,
  database: PostgresDatabase,
  log: Log,
): Promise<TemporaryProject> {
  const holder = await database.connect()
  try {
    await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [everybody])
    const project = await projects.createTemporary(await operator())
    await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [name(project.id)])
    await holder.query('select pg_advisory_unlock(hashtextextended($1, 0))', [everybody])
    return {
      project,
      async remove() {
        try {
          await projects.delete({ userId: project.userId, projectId: project.id })
        } catch (error) {
          log.warn('a temporary project is left to the next process', { project: project.id, error })
        } finally {
          await holder.end().catch(() => {})
        }
      },
    }
  } catch (error) {
    await holder.end().catch(() => {})
    throw error
  }
}

/** Removes those whose process is gone. */
export async function sweepTemporaryProjects(
  { projects }: Pick<Library, 'projects'>,
  database: PostgresDatabase,
): Promise<void> {
  const found = await projects.allTemporary()
  if (found.length === 0) return
  const holder = await database.connect()
  try {
    await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [everybody])
    for (const { id, userId } of found) {
      const { rows } = await holder.query<{ free: boolean }>(
        'select pg_try_advisory_lock(hashtextextended($1, 0)) as free',
        [name(id)],
      )
      if (rows[0]?.free) await projects.delete({ userId, projectId: id })
    }
  } finally {
    await holder.end().catch(() => {})
  }
}
