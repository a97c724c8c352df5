import type { Core } from '../shared/core.ts'
import { AppError, toAppError } from '../shared/errors.ts'
import type { Project, Scope } from '../shared/model/index.ts'
import { firstProject, localUser } from '../shared/workspace/projects.ts'
import type { Context } from './context.ts'
import { onlyErrors } from './log.ts'

/** An opened library: the core, and the project the command is about. */
export interface Library {
  core: Core
  project: Project
  scope: Scope
  /** The data directory. */
  folder: string
}

/** Opens, runs, closes: the database is closed and the parsers are gone whatever happened. */
export async function withLibrary<T>(
  context: Context,
  options: { temporary?: boolean },
  run: (library: Library) => Promise<T>,
): Promise<T> {
  // Loading the core takes longer than anything else at the start; help and usage errors do without.
  const { openCore } = await import('./compose.ts')
  context.signal.throwIfAborted()
  const temporary = options.temporary ?? false
  const log = temporary ? onlyErrors(context.log()) : context.log()
  const { core, folder, close } = await openCore({ config: context.config(), log, temporary })
  try {
    const project = await findProject(core, context.options.project)
    return await run({ core, project, scope: scopeOf(project), folder })
  } catch (error) {
    // An abort shows itself in many ways (a closed channel, a lost lease); what the user did is one.
    throw context.signal.aborted ? new AppError('cancelled', {}, { cause: error }) : toAppError(error)
  } finally {
    context.terminal.live([])
    await close()
  }
}

export function scopeOf(project: Project): Scope {
  return { userId: localUser, projectId: project.id }
}

/** By id or name; the first project also by the name it is shown with. */
export async function findProject(core: Core, wanted: string | undefined): Promise<Project> {
  try {
    return await core.projects.find(localUser, wanted)
  } catch (error) {
    if (wanted === undefined || !firstProject.split(' / ').includes(wanted)) throw error
    return core.projects.find(localUser, firstProject)
  }
}
