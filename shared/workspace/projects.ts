import { AppError } from '../errors.ts'
import type { Document, ModelPolicy, Project, Scope } from '../model/index.ts'
import type { Store, Tx } from '../store/index.ts'

export { localUser } from '../model/project.ts'

/** The first project's name; the screen shows it in the user's language. */
export const firstProject = 'Meine Dokumente / My documents'

const longestName = 100

export interface Projects {
  /** The user's own, oldest first, then those of others that the user has a part in. The first call creates the user's first project. */
  list(userId: string): Promise<Project[]>
  /** One of the list. Throws `project-not-found`. */
  get(scope: Scope): Promise<Project>
  /** By name or id; the first project without one. Throws `project-not-found`. */
  find(userId: string, nameOrId?: string): Promise<Project>
  /** Throws `project-exists`, `name-invalid`. */
  create(userId: string, name: string): Promise<Project>
  /** Throws `project-not-found`, `project-exists`, `name-invalid`. */
  rename(scope: Scope, name: string): Promise<Project>
  /** Which models may work on it. Throws `project-not-found`. */
  govern(scope: Scope, policy: Partial<ModelPolicy>): Promise<Project>
  /** For good, with everything in it. Throws `last-project`: there is always one. */
  delete(scope: Scope): Promise<void>
  /** Of a user who goes: all of them, the last and temporary ones too, each in its own transaction. Gives their ids. */
  deleteAll(userId: string): Promise<string[]>
  /** A new one that is in no list: whoever makes it deletes it. */
  createTemporary(userId: string): Promise<Project>
  /** Those that are there, whosever they are. */
  allTemporary(): Promise<Project[]>
}

/** `get`, `rename`, `govern` and `delete` take the owner's scope: see `members.ts`. */
export function createProjects({
  store,
  release,
  released,
}: {
  store: Store
  /** In the transaction that removes a project: take its documents' jobs away, and give their blobs to the collection. */
  release: (tx: Tx, documents: readonly Document[]) => Promise<void>
  /** After it. */
  released: (documents: readonly Document[]) => Promise<void>
}): Projects {
  async function list(userId: string): Promise<Project[]> {
    const [own, others] = await Promise.all([listOwn(userId), store.members.projects(userId)])
    return [...own, ...others]
  }

  async function listOwn(userId: string): Promise<Project[]> {
    const projects = await store.projects.list(userId)
    if (projects.length > 0) return projects
    await store.users.begin(userId)
    const scope = store.projects.next(userId)
    await store
      .transaction(scope, tx => store.projects.insert(tx, scope, firstProject, 'documents'))
      .catch(error => {
        // Another process was first.
        if (!(error instanceof AppError && error.code === 'project-exists')) throw error
      })
    return store.projects.list(userId)
  }

  /** As it is kept. Throws `name-invalid`, and `project-exists` where one of these has the name. */
  function demandName(name: string, others: readonly Project[]): string {
    const clean = name.normalize('NFC').trim()
    if (clean === '' || !clean.isWellFormed() || clean.length > longestName || /\p{Cc}|\p{Bidi_Control}/u.test(clean)) {
      throw new AppError('name-invalid', { name: clean.slice(0, longestName).toWellFormed(), max: longestName })
    }
    const taken = others.flatMap(project => namesOf(project.name))
    if (taken.includes(folded(clean))) throw new AppError('project-exists', { name: clean })
    return clean
  }

  /** `last`: whether it may be. */
  async function remove(scope: Scope, last: 'stays' | 'goes'): Promise<void> {
    const documents = await store.transaction(scope, async tx => {
      const others = await store.projects.lockAll(tx, scope.userId)
      await store.projects.require(tx, scope)
      // A temporary one is not among them.
      if (last === 'stays' && others.length === 1 && others[0].id === scope.projectId)
        throw new AppError('last-project')
      const gone = await store.documents.all(tx, scope)
      await release(tx, gone)
      await store.projects.purge(tx, scope)
      return gone
    })
    await released(documents)
  }

  return {
    list,
    async get(scope) {
      const project = await store.projects.get(scope)
      if (!project || project.type === 'temporary') throw new AppError('project-not-found', { name: scope.projectId })
      return project
    },
    async find(userId, nameOrId) {
      const projects = await list(userId)
      if (nameOrId === undefined) return projects[0]
      const wanted = nameOrId.normalize('NFC')
      const found = projects.find(project => project.id === wanted) ?? projects.find(project => project.name === wanted)
      if (!found) throw new AppError('project-not-found', { name: nameOrId })
      return found
    },
    async create(userId, name) {
      await listOwn(userId)
      const scope = store.projects.next(userId)
      return store.transaction(scope, async tx => {
        const clean = demandName(name, await store.projects.lockAll(tx, userId))
        return store.projects.insert(tx, scope, clean, 'documents')
      })
    },
    rename: (scope, name) =>
      store.transaction(scope, async tx => {
        const projects = await store.projects.lockAll(tx, scope.userId)
        const project = projects.find(({ id }) => id === scope.projectId)
        const others = projects.filter(one => one !== project)
        const clean = demandName(name, others)
        if (!project || !(await store.projects.rename(tx, scope, clean)))
          throw new AppError('project-not-found', { name: scope.projectId })
        return { ...project, name: clean }
      }),
    async govern(scope, { providers, ...policy }) {
      const given = { ...policy, ...(providers !== undefined && { providers: providers && [...new Set(providers)] }) }
      await store.transaction(scope, tx => store.projects.govern(tx, scope, given))
      const project = await store.projects.get(scope)
      if (!project) throw new AppError('project-not-found', { name: scope.projectId })
      return project
    },
    delete: scope => remove(scope, 'stays'),
    async deleteAll(userId) {
      const gone: string[] = []
      // Again, for one that came meanwhile.
      for (;;) {
        const all = [...(await store.projects.list(userId)), ...(await store.projects.temporary(userId))]
        if (all.length === 0) return gone
        for (const { id: projectId } of all) {
          await remove({ userId, projectId }, 'goes').catch(error => {
            // Somebody else was first.
            if (!(error instanceof AppError && error.code === 'project-not-found')) throw error
          })
          gone.push(projectId)
        }
      }
    },
    async createTemporary(userId) {
      await store.users.begin(userId)
      const scope = store.projects.next(userId)
      const name = `temporary ${scope.projectId}`
      return store.transaction(scope, tx => store.projects.insert(tx, scope, name, 'temporary'))
    },
    allTemporary: () => store.projects.allTemporary(),
  }
}

/** What a project may be called by: the first one by its name in either language, too. */
function namesOf(name: string): string[] {
  return name === firstProject ? [name, ...name.split(' / ')].map(folded) : [folded(name)]
}

function folded(name: string): string {
  return name.toLowerCase()
}
