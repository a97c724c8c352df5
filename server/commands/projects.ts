import type { Project } from '../../shared/model/index.ts'
import { firstProject, localUser } from '../../shared/workspace/projects.ts'
import type { Context } from '../context.ts'
import { findProject, scopeOf, withLibrary } from '../library.ts'
import type { LibraryCore } from '../remote.ts'
import { table } from '../table.ts'
import { safe } from '../text.ts'

export async function listProjects(context: Context): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async ({ core }) => {
    const projects = await core.projects.list(localUser)
    const counts = await Promise.all(projects.map(project => countDocuments(core, project)))
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
  await withLibrary(context, {}, async ({ core }) => {
    report(context, 'created', await core.projects.create(localUser, name), 0)
  })
}

export async function deleteProject(context: Context, nameOrId: string): Promise<void> {
  await withLibrary(context, {}, async ({ core }) => {
    const project = await findProject(core, nameOrId)
    const count = await countDocuments(core, project)
    await core.projects.delete(scopeOf(project))
    report(context, 'deleted', project, count)
  })
}

function report(context: Context, done: 'created' | 'deleted', project: Project, documents: number): void {
  if (context.json) context.terminal.json({ project: projectJson(project, documents) })
  else context.terminal.out(context.translate(`cli.projects.${done}`, { name: nameOf(context, project) }))
}

async function countDocuments(core: LibraryCore, project: Project): Promise<number> {
  return (await core.documents.page(scopeOf(project), { limit: 1 })).total
}

function projectJson({ id, name, type, createdAt }: Project, documents: number): object {
  return { id, name, type, documents, createdAt: new Date(createdAt).toISOString() }
}

/** The first project has its name in both languages; the user's is shown. */
function nameOf({ translate }: Context, { name }: Project): string {
  return name === firstProject ? translate('cli.firstProject') : safe(name)
}
