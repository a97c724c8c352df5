import type { Project } from '../../shared/model/index.ts'
import { firstProject } from '../../shared/workspace/projects.ts'
import type { Context } from '../context.ts'
import { findProject, type Library, withLibrary } from '../library.ts'
import { table } from '../table.ts'
import { safe } from '../text.ts'

export async function listProjects(context: Context): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async library => {
    const projects = await library.core.projects.list(library.userId)
    const counts = await Promise.all(projects.map(project => countDocuments(library, project)))
    if (context.json) {
      terminal.json({ projects: projects.map((project, index) => projectJson(project, counts[index])) })
      return
    }
    const head = (['name', 'documents', 'id'] as const).map(name => translate(`cli.projects.${name}`))
    const rows = projects.map((project, index) => [nameOf(context, project), String(counts[index]), project.id])
    for (const line of table(terminal, head, rows, { right: [1] })) terminal.out(line)
  })
}

export async function createProject(context: Context, name: string): Promise<void> {
  await withLibrary(context, {}, async ({ core, userId }) => {
    report(context, 'created', await core.projects.create(userId, name), 0)
  })
}

export async function deleteProject(context: Context, nameOrId: string): Promise<void> {
  await withLibrary(context, {}, async library => {
    const project = await findProject(library, nameOrId)
    const count = await countDocuments(library, project)
    await library.core.projects.delete(await library.scopeOf(project, 'manage'))
    report(context, 'deleted', project, count)
  })
}

function report(context: Context, done: 'created' | 'deleted', project: Project, documents: number): void {
  if (context.json) context.terminal.json({ project: projectJson(project, documents) })
  else context.terminal.out(context.translate(`cli.projects.${done}`, { name: nameOf(context, project) }))
}

async function countDocuments({ core, scopeOf }: Library, project: Project): Promise<number> {
  return (await core.documents.page(await scopeOf(project, 'read'), { limit: 1 })).total
}

function projectJson({ id, name, type, createdAt }: Project, documents: number): object {
  return { id, name, type, documents, createdAt: new Date(createdAt).toISOString() }
}

/** The first project has its name in both languages; the user's is shown. */
function nameOf({ translate }: Context, { name }: Project): string {
  return name === firstProject ? translate('cli.firstProject') : safe(name)
}
