import type { Documents } from '../../shared/core.ts'
import { AppError } from '../../shared/errors.ts'
import type { Project, Scope } from '../../shared/model/index.ts'
import { scopeIn } from '../../shared/workspace/members.ts'
import type { LibraryCore } from '../remote.ts'

/** What tools need of a library, the server's core or that of a command, and on whose behalf. */
export type McpCore = Pick<LibraryCore, 'ask' | 'search'> & {
  userId: string
  projects: Pick<LibraryCore['projects'], 'list'>
  documents: Pick<Documents, 'page' | 'get' | 'segment'>
}

/** Runs with the library open. */
export type WithCore = <T>(run: (core: McpCore) => Promise<T>) => Promise<T>

export interface McpLibrary {
  with: WithCore
  /** Name or id of the only project that is to be seen; all of them without it. */
  only?: string
}

/** Those that may be seen, oldest first. Throws `project-not-found`. */
export async function visibleProjects({ only }: McpLibrary, core: McpCore): Promise<Project[]> {
  const projects = await core.projects.list(core.userId)
  if (only === undefined) return projects
  const found = findIn(projects, only)
  if (!found) throw new AppError('project-not-found', { name: only })
  return [found]
}

/** By name or id; without one, the first. Throws `project-not-found`. */
export async function projectOf(library: McpLibrary, core: McpCore, wanted: string | undefined): Promise<Project> {
  const projects = await visibleProjects(library, core)
  const found = wanted === undefined ? projects[0] : findIn(projects, wanted)
  if (!found) throw new AppError('project-not-found', { name: wanted ?? '' })
  return found
}

function findIn(projects: readonly Project[], wanted: string): Project | undefined {
  const name = wanted.normalize('NFC')
  return projects.find(({ id }) => id === name) ?? projects.find(project => project.name === name)
}

const base = 'cloister://projects/'

/** Names a document, or a part of it: a page, or a stretch of a text. */
export function linkOf(projectId: string, documentId: string, part?: number): string {
  return `${base}${projectId}/documents/${documentId}${part === undefined ? '' : `#${part}`}`
}

export const linkTemplate = `${base}{projectId}/documents/{documentId}`

/** Of a project that may be seen. */
export const scopeOf = ({ userId }: McpCore, project: Project): Scope => scopeIn(project, userId)
