import { setTimeout as pause } from 'node:timers/promises'
import { AppError, toAppError } from '../shared/errors.ts'
import type { Project, Scope } from '../shared/model/index.ts'
import { firstProject, localUser } from '../shared/workspace/projects.ts'
import type { Context } from './context.ts'
import { type DirectoryLock, shareDirectory } from './directory-lock.ts'
import { onlyErrors } from './log.ts'
import type { LibraryCore } from './remote.ts'
import { answers, type RunningServer, readRunning } from './server-file.ts'

/** An opened library: the core, and the project the command is about. */
export interface Library {
  core: LibraryCore
  project: Project
  scope: Scope
  /** The data directory. */
  folder: string
}

/**
 * Opens, runs, closes: the database is closed and the parsers are gone whatever happened. Where a server has the data
 * directory open, everything is done through it: there are never two that write. On Postgres there may be any number.
 */
export async function withLibrary<T>(
  context: Context,
  options: { temporary?: boolean },
  run: (library: Library) => Promise<T>,
): Promise<T> {
  const { core, folder, close, ...opened } = await open(context, options.temporary ?? false)
  try {
    const project = opened.project ?? (await findProject(core, context.options.project))
    return await run({ core, project, scope: scopeOf(project), folder })
  } catch (error) {
    // An abort shows itself in many ways (a closed channel, a lost lease); what the user did is one.
    throw context.signal.aborted ? new AppError('cancelled', {}, { cause: error }) : toAppError(error)
  } finally {
    context.terminal.live([])
    await close()
  }
}

interface Opened {
  core: LibraryCore
  folder: string
  project?: Project
  close(): Promise<void>
}

async function open(context: Context, temporary: boolean): Promise<Opened> {
  const config = context.config()
  const place: Place = temporary || config.database ? {} : await findPlace(config.dataDirectory, context.signal)
  if (place.server) {
    const { createRemoteCore } = await import('./remote.ts')
    const core = createRemoteCore(place.server, context.translate.language)
    return { core, folder: config.dataDirectory, close: async () => {} }
  }
  const release = () => place.lock?.release()
  try {
    // Loading the core takes longer than anything else at the start; help and usage errors do without.
    const { openCore } = await import('./compose.ts')
    context.signal.throwIfAborted()
    const log = temporary ? onlyErrors(context.log()) : context.log()
    const { close, ...opened } = await openCore({ config, log, temporary })
    return { ...opened, close: () => close().finally(release) }
  } catch (error) {
    release()
    throw error
  }
}

/** Milliseconds between two looks at a server that does not answer, and after which it is not waited for. */
const lookTime = 50
const startTime = 10_000

interface Place {
  lock?: DirectoryLock
  server?: RunningServer
}

/** The directory's lock, or the server that has it: one that starts or ends is waited for. */
async function findPlace(folder: string, signal: AbortSignal): Promise<Place> {
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

export function scopeOf(project: Project): Scope {
  return { userId: localUser, projectId: project.id }
}

/** By id or name; the first project also by the name it is shown with. */
export async function findProject(core: LibraryCore, wanted: string | undefined): Promise<Project> {
  try {
    return await core.projects.find(localUser, wanted)
  } catch (error) {
    if (wanted === undefined || !firstProject.split(' / ').includes(wanted)) throw error
    return core.projects.find(localUser, firstProject)
  }
}
