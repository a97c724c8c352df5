import { AppError } from '../errors.ts'
import type { Assistant, Scope } from '../model/index.ts'
import type { Store } from '../store/index.ts'

/** What a user sets of an assistant. */
export type NewAssistant = Omit<Assistant, 'id' | 'projectId' | 'createdAt'>

export interface Assistants {
  /** Oldest first. Throws `project-not-found`. */
  list(scope: Scope): Promise<Assistant[]>
  /** Throws `assistant-not-found`. */
  get(scope: Scope, id: string): Promise<Assistant>
  /** Throws `name-invalid`, `document-not-found`, `project-not-found`. */
  create(scope: Scope, assistant: NewAssistant): Promise<Assistant>
  /** Only what is given changes. Throws as `create`, and `assistant-not-found`. */
  update(scope: Scope, id: string, changes: Partial<NewAssistant>): Promise<Assistant>
  /** Its chats stay. Throws `assistant-not-found`. */
  delete(scope: Scope, id: string): Promise<void>
}

const longestName = 100

export function createAssistants({ store }: { store: Store }): Assistants {
  async function get(scope: Scope, id: string): Promise<Assistant> {
    const assistant = await store.assistants.get(scope, id)
    if (!assistant) throw new AppError('assistant-not-found', { id })
    return assistant
  }

  /** Also in the trash: a document that comes back belongs to its assistants again. */
  async function demandDocuments(scope: Scope, ids: readonly string[]): Promise<void> {
    for (const id of ids) if (!(await store.documents.get(scope, id))) throw new AppError('document-not-found', { id })
  }

  async function checked<Fields extends Partial<NewAssistant>>(scope: Scope, fields: Fields): Promise<Fields> {
    if (fields.documents) await demandDocuments(scope, fields.documents)
    return {
      ...fields,
      ...(fields.name !== undefined && { name: cleanName(fields.name) }),
      ...(fields.instructions !== undefined && { instructions: fields.instructions.normalize('NFC').trim() }),
      ...(fields.documents && { documents: [...new Set(fields.documents)] }),
    }
  }

  return {
    async list(scope) {
      if (!(await store.projects.get(scope))) throw new AppError('project-not-found', { name: scope.projectId })
      return store.assistants.list(scope)
    },
    get,
    async create(scope, assistant) {
      if (!(await store.projects.get(scope))) throw new AppError('project-not-found', { name: scope.projectId })
      const fields = await checked(scope, assistant)
      return store.transaction(scope, async tx => {
        await store.projects.require(tx, scope)
        return store.assistants.insert(tx, scope, fields)
      })
    },
    async update(scope, id, changes) {
      const fields = await checked(scope, changes)
      if (!(await store.transaction(scope, tx => store.assistants.update(tx, scope, id, fields))))
        throw new AppError('assistant-not-found', { id })
      return get(scope, id)
    },
    async delete(scope, id) {
      if (!(await store.transaction(scope, tx => store.assistants.delete(tx, scope, id))))
        throw new AppError('assistant-not-found', { id })
    },
  }
}

function cleanName(name: string): string {
  const clean = name.normalize('NFC').trim()
  if (clean === '' || clean.length > longestName || /\p{Cc}|\p{Bidi_Control}/u.test(clean))
    throw new AppError('name-invalid', { name: clean.slice(0, longestName), max: longestName })
  return clean
}
