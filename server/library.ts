import { setTimeout as pause } from 'node:timers/promises'
import { AppError, toAppError } from '../shared/errors.ts'
import { onlyErrors } from '../shared/log.ts'
import type { Project, Scope } from '../shared/model/index.ts'
import type { Downloads } from '../shared/models/download.ts'
import type { Need } from '../shared/workspace/members.ts'
import { firstProject, localUser } from '../shared/workspace/projects.ts'
import type { Context } from './context.ts'
import { type DirectoryLock, shareDirectory } from './directory-lock.ts'
import type { LibraryCore } from './remote.ts'
import { answers, type RunningServer, readRunning } from './server-file.ts'

/** An opened library: the core, on whose behalf the command acts, and the project it is about. */
export interface Library {
  core: LibraryCore
  /** The first owner, where there are accounts; where a server does it all, it knows by itself. */
  userId: string
  project: Project
  /** For what the command needs. */
  scope: Scope
  /** Of another project. Throws `project-role`. */
  scopeOf(project: Project, need: Need): Promise<Scope>
  /** The data directory. */
  folder: string
  /** Fetches models: in this process, or by the server. */
  downloads(): Promise<LibraryDownloads>
}

/** What commands need of downloads. */
export type LibraryDownloads = Pick<Downloads, 'start' | 'get' | 'pause' | 'cancel'>

/**
 * Opens, runs, closes: the database is closed and the parsers are gone whatever happened. Where a server has the data
 * directory open, everything is done through it: there are never two that write. On Postgres there may be any number.
 */
export async function withLibrary<T>(
  context: Context,
  /** `need`: what it does in the project; reading, without it. */
  options: { temporary?: boolean; need?: Need },
  run: (library: Library) => Promise<T>,
): Promise<T> {
  const { core, userId, folder, scopeOf, downloads, close, ...opened } = await open(context, options.temporary ?? false)
  try {
    const project = opened.project ?? (await findProject({ core, userId }, context.options.project))
    const own = { userId, projectId: project.id }
    const scope = opened.project ? own : await scopeOf(project, options.need ?? 'read')
    return await run({ core, userId, project, scope, scopeOf, folder, downloads })
  } catch (error) {
    // An abort shows itself in many ways (a closed channel, a lost lease); what the user did is one.
    throw context.signal.aborted ? new AppError('cancelled', {}, { cause: error }) : toAppError(error)
  } finally {
    context.terminal.live([])
    await close()
  }
}

interface Opened extends Pick<Library, 'core' | 'userId' | 'scopeOf' | 'folder' | 'downloads'> {
  project?: Project
  close(): Promise<void>
}

async function open(context: Context, temporary: boolean): Promise<Opened> {
  const config = context.config()
  const place: Place = temporary || config.database ? {} : await findPlace(config.dataDirectory, context.signal)
  const { server } = place
  if (server) {
    const { createRemoteCore, createRemoteDownloads } = await import('./remote.ts')
    const { language } = context.translate
    const core = createRemoteCore(server, language)
    const downloads = async () => createRemoteDownloads(server, language)
    const scopeOf = async ({ userId, id: projectId }: Project) => ({ userId, projectId })
    return { core, userId: localUser, scopeOf, folder: config.dataDirectory, downloads, close: async () => {} }
  }
  const release = () => place.lock?.release()
  try {
    // Loading the core takes longer than anything else at the start; help and usage errors do without.
    const { openCore } = await import('./compose.ts')
    context.signal.throwIfAborted()
    const log = temporary ? onlyErrors(context.log()) : context.log()
    const { close, egress, ...opened } = await openCore({ config, log, temporary })
    const { core } = opened
    const userId = await core.operator()
    // With accounts, models are the installation's.
    const access = userId === localUser ? { userId } : 'internal'
    let running: Downloads | undefined
    const downloads = async () => {
      const { openDownloads } = await import('./compose-downloads.ts')
      running ??= openDownloads({ config, egress, access, log })
      return running
    }
    const end = async () => {
      await running?.close()
      await close()
    }
    const scopeOf = (project: Project, need: Need) => core.members.scopeOf(userId, project.id, need)
    return { ...opened, userId, scopeOf, downloads, close: () => end().finally(release) }
  } catch (error) {
    release()
    throw error
  }
}

/** Milliseconds between two looks at a server that does not answer, and after which it is not waited for. */
const lookTime = 50
const startTime = 10_000

export interface Place {
  lock?: DirectoryLock
  server?: RunningServer
}

/** The directory's lock, or the server that has it: one that starts or ends is waited for. */
export async function findPlace(folder: string, signal: AbortSignal): Promise<Place> {
  const began = performance.now()
  for (;;) {
    const lock = await lockOf(folder)
    if (lock) return { lock }
    const server = await readRunning(folder)
    if (server && (await answers(server, signal))) return { server }
    if (performance.now() - began > startTime) throw new AppError(server ? 'server-silent' : 'database-busy')
    await pause(lookTime, undefined, { signal })
  }
}

async function lockOf(folder: string): Promise<DirectoryLock | undefined> {
  try {
    return await shareDirectory(folder)
  } catch (error) {
    const { dataDirectoryError } = await import('./compose.ts')
    throw dataDirectoryError(folder, error)
  }
}

/** By id or name; the first project also by the name it is shown with. */
export async function findProject(
  { core, userId }: Pick<Library, 'core' | 'userId'>,
  wanted: string | undefined,
): Promise<Project> {
  try {
    return await core.projects.find(userId, wanted)
  } catch (error) {
    if (wanted === undefined || !firstProject.split(' / ').includes(wanted)) throw error
    return core.projects.find(userId, firstProject)
  }
}
