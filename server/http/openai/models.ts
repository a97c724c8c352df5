/** What can be asked here, as OpenAI's list of models: projects, their assistants, and plain models. */
import type { Core } from '../../../shared/core.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Assistant, Project } from '../../../shared/model/index.ts'
import { splitReference } from '../../../shared/model/provider.ts'
import { scopeIn } from '../../../shared/workspace/members.ts'
import { firstProject } from '../../../shared/workspace/projects.ts'
import type { ModelShelf } from '../model-shelf.ts'

/** What a model's id stands for. */
export type Asked =
  | { kind: 'documents'; project: Project; assistant: Assistant | null }
  | { kind: 'chat'; reference: string }

export interface ListedModel {
  id: string
  object: 'model'
  created: number
  owned_by: string
  cloister: {
    kind: 'project' | 'assistant' | 'chat' | 'embedding'
    name: string
    /** Ids, which stay whatever things are called: `cloister/<project id>[/<assistant id>]` is an id of a model too. */
    project?: string
    assistant?: string
  }
}

export interface OpenAiModels {
  list(): Promise<ListedModel[]>
  /** Throws `model-not-found`. */
  get(id: string): Promise<ListedModel>
  /** Throws `model-not-found`. */
  find(id: string): Promise<Asked>
}

const ours = 'cloister'

/** As this user sees them. */
export function createOpenAiModels({
  core,
  models,
  userId,
}: {
  core: Core
  models: ModelShelf
  userId: string
}): OpenAiModels {
  type Entry = ListedModel & { asked?: Asked }

  async function documents(): Promise<Entry[]> {
    const projects = (await core.projects.list(userId)).filter(({ type }) => type === 'documents')
    const slugs = slugsOf(projects, ({ name }) => (name === firstProject ? 'my-documents' : name))
    const entries = await Promise.all(
      projects.map(async (project, at): Promise<Entry[]> => {
        const assistants = await core.assistants.list(scopeIn(project, userId))
        const inside = slugsOf(assistants, ({ name }) => name)
        const base = `${ours}/${slugs[at]}`
        const of = { object: 'model' as const, owned_by: ours }
        return [
          {
            ...of,
            id: base,
            created: seconds(project.createdAt),
            cloister: { kind: 'project', name: project.name, project: project.id },
            asked: { kind: 'documents', project, assistant: null },
          },
          ...assistants.map(
            (assistant, at): Entry => ({
              ...of,
              id: `${base}/${inside[at]}`,
              created: seconds(assistant.createdAt),
              cloister: { kind: 'assistant', name: assistant.name, project: project.id, assistant: assistant.id },
              asked: { kind: 'documents', project, assistant },
            }),
          ),
        ]
      }),
    )
    return entries.flat()
  }

  async function plain(): Promise<Entry[]> {
    const [local, served] = await Promise.all([models.list(), core.servedModels(userId)])
    const entry = (id: string, role: 'chat' | 'embedding', owner: string): Entry => ({
      id,
      object: 'model',
      created: 0,
      owned_by: owner,
      cloister: { kind: role, name: id },
      ...(role === 'chat' && { asked: { kind: 'chat', reference: id } }),
    })
    return [
      ...local.flatMap(({ name, role, problem, inUse }) =>
        problem || (role !== 'chat' && !(role === 'embedding' && inUse)) ? [] : [entry(name, role, ours)],
      ),
      ...served.flatMap(({ reference, role, problem, inUse, provider }) =>
        problem || (role === 'embedding' && !inUse) ? [] : [entry(reference, role, provider.slug)],
      ),
    ]
  }

  const all = async () => (await Promise.all([documents(), plain()])).flat()
  const byId = (entries: readonly Entry[], id: string) =>
    entries.find(entry => entry.id === id) ?? entries.find(entry => lastingId(entry) === id)

  return {
    list: async () => (await all()).map(shown),
    async get(id) {
      const found = byId(await all(), id)
      if (!found) throw new AppError('model-not-found', { name: id.slice(0, 200) })
      return { ...shown(found), id }
    },
    async find(id) {
      const found = byId(await all(), id)?.asked
      if (found) return found
      // What a server has need not be on its list.
      const slug = splitReference(id)?.slug
      if (slug !== undefined && (await core.providers.list(userId)).some(provider => provider.slug === slug))
        return { kind: 'chat', reference: id }
      throw new AppError('model-not-found', { name: id.slice(0, 200) })
    },
  }
}

const shown = ({ id, object, created, owned_by, cloister }: ListedModel): ListedModel => ({
  id,
  object,
  created,
  owned_by,
  cloister,
})

function lastingId({ cloister: { project, assistant } }: ListedModel): string | undefined {
  return project && [ours, project, assistant].filter(Boolean).join('/')
}

const seconds = (time: number) => Math.floor(time / 1000)

/** Readable names, one for each: of two that would be called the same, the newer one carries the end of its id. */
function slugsOf<Thing extends { id: string }>(things: readonly Thing[], nameOf: (thing: Thing) => string): string[] {
  const taken = new Set<string>()
  return things.map(thing => {
    const plain = slugOf(nameOf(thing))
    const ending = thing.id.slice(-8)
    const slug = plain === '' ? ending : taken.has(plain) ? `${plain}-${ending}` : plain
    taken.add(slug)
    return slug
  })
}

/** Letters of any script, figures and dashes: `Mietverträge (2024)` is `mietvertraege-2024`. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[äöüß]/g, letter => german[letter] ?? letter)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
}

const german: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' }
