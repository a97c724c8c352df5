import { setTimeout as pause } from 'node:timers/promises'
import { AppError, toAppError } from '../shared/errors.ts'
import type { Project, Scope } from '../shared/model/index.ts'
import type { Downloads } from '../shared/models/download.ts'
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
  options: { temporary?: boolean },
  run: (library: Library) => Promise<T>,
): Promise<T> {
  const { core, folder, downloads, close, ...opened } = await open(context, options.temporary ?? false)
  try {
    const project = opened.project ?? (await findProject(core, context.options.project))
    return await run({ core, project, scope: scopeOf(project), folder, downloads })
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
  downloads(): Promise<LibraryDownloads>
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
    return { core, folder: config.dataDirectory, downloads, close: async () => {} }
  }
  const release = () => place.lock?.release()
  try {
    // Loading the core takes longer than anything else at the start; help and usage errors do without.
    const { openCore } = await import('./compose.ts')
    context.signal.throwIfAborted()
    const log = temporary ? onlyErrors(context.log()) : context.log()
    const { close, egress, ...opened } = await openCore({ config, log, temporary })
    let running: Downloads | undefined
    const downloads = async () => {
      const { openDownloads } = await import('./compose-downloads.ts')
      running ??= openDownloads({ config, egress, access: { userId: localUser }, log })
      return running
    }
    const end = async () => {
      await running?.close()
      await close()
    }
    return { ...opened, downloads, close: () => end().finally(release) }
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
