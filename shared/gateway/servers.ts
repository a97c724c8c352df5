/** Models of servers as the gateway uses them: allowed or not, behind a guard, some at a time. */
import { AppError, toAppError } from '../errors.ts'
import type { AnsweringServer, ChatModel, EmbeddingModel, ModelPolicy, Provider } from '../model/index.ts'
import { splitReference } from '../model/provider.ts'
import type { Access, ServerAddress, Servers } from '../ports.ts'
import { createGuard, type Guard, type GuardSettings, guardModel, usualGuard } from './guard.ts'
import { createTurns, type Turns } from './turns.ts'

/** Whose question it is, and of which project. */
export type Asker = Exclude<Access, 'internal'>

/** What the gateway asks of whoever knows the providers. */
export interface ReachableProviders {
  list(userId: string): Promise<Provider[]>
  reach(access: Asker, slug: string): Promise<{ provider: Provider; address: ServerAddress } | undefined>
  reachConfigured(slug: string): { provider: Provider; address(access: Access): ServerAddress } | undefined
}

export interface ServerSettings {
  guard?: GuardSettings
  /** Answers that one server gives at once. */
  concurrency?: number
  /** Tokens of an answer, and how freely it is written, where a call does not say. */
  maxTokens?: number
  temperature?: number
  /** Reference of the model that makes vectors: a server's that the operator set. */
  embeddingModel?: string
}

export interface ServerChat {
  chat: ChatModel
  server: AnsweringServer
  turns: Turns
}

export interface ServerModels {
  /**
   * Undefined when no provider is called so. Throws `project-local-only`, `provider-not-allowed`, `provider-off`,
   * `provider-key-lost`, `provider-rests`, `egress-refused`.
   */
  chat(asker: Asker, reference: string, policy: ModelPolicy): Promise<ServerChat | undefined>
  /** References of models that may answer without having been asked for: on this machine, or named by the project. */
  substitutes(asker: Asker, policy: ModelPolicy): Promise<string[]>
  /** Whether the model of these vectors is another machine's. */
  embedding: {
    /** The one that is set; undefined where it is a local one. Throws `model-unavailable` where it cannot be told. */
    current(): Promise<EmbeddingModel | undefined>
    owns(fingerprint: string): boolean
    /** Whether a project's texts may be given to it. */
    allows(fingerprint: string, policy: ModelPolicy): boolean
  }
}

/** Why a project's texts may not be given to a server. */
export function refusalOf(
  { slug, name, here, enabled }: Pick<Provider, 'slug' | 'name' | 'here' | 'enabled'>,
  { localOnly, providers }: ModelPolicy,
): AppError | undefined {
  if (!enabled) return new AppError('provider-off', { name })
  if (localOnly && !here) return new AppError('project-local-only', { name })
  if (providers && !providers.includes(slug)) return new AppError('provider-not-allowed', { name })
  return undefined
}

/** Tokens, where nobody says how much a model reads; and the least that it is taken for. */
const unknownContext = 8192
const leastContext = 1024
/** Texts for vectors are chunks and questions. */
const textContext = 512
/** Guards, and sizes that errors told. */
const mostRemembered = 500
/** Signs a token has at least, on average, in the languages we know. */
const signsPerToken = 2.5

export function createServerModels({
  providers,
  servers,
  settings = {},
}: {
  providers: ReachableProviders
  servers: Servers
  settings?: ServerSettings
}): ServerModels {
  const { guard = usualGuard, concurrency = 4, maxTokens = 512, temperature = 0.3, embeddingModel } = settings
  const guards = new Map<string, { guard: Guard; turns: Turns }>()
  const learned = new Map<string, number>()
  /** Dimensions by what names the model. */
  const known = new Map<string, number>()

  function keptFor(key: string, name: string): { guard: Guard; turns: Turns } {
    const before = guards.get(key)
    if (before) return before
    if (guards.size >= mostRemembered) guards.clear()
    const fresh = { guard: createGuard(name, guard), turns: createTurns(concurrency) }
    guards.set(key, fresh)
    return fresh
  }

  function learn(key: string, usual: number, error: unknown): void {
    const { code, values } = toAppError(error)
    if (code !== 'model-input') return
    if (learned.size >= mostRemembered) learned.clear()
    const told = Number(values.size)
    learned.set(key, Math.max(leastContext, told > 0 ? told : Math.floor(usual / 2)))
  }

  const set = embeddingModel === undefined ? undefined : splitReference(embeddingModel)

  return {
    async chat(asker, reference, policy) {
      const named = splitReference(reference)
      const found = named && (await providers.reach(asker, named.slug))
      if (!named || !found) return undefined
      const { provider, address } = found
      const refusal = refusalOf(provider, policy)
      if (refusal) throw refusal
      const { slug, name, here, baseUrl } = provider
      const { guard: own, turns } = keptFor(`${asker.userId} ${slug} ${baseUrl}`, name)
      if (own.rests()) throw new AppError('provider-rests', { name })
      const key = `${baseUrl} ${named.model}`
      const listed = provider.models.find(({ id }) => id === named.model)?.contextSize
      const contextSize = learned.get(key) ?? listed ?? unknownContext
      const model = guardModel(servers.chat(address, named.model), own, {
        temperature,
        failed: error => learn(key, contextSize, error),
      })
      return { chat: { model, name: reference, contextSize, maxTokens }, server: { slug, name, here }, turns }
    },
    async substitutes({ userId }, policy) {
      return (await providers.list(userId)).flatMap(provider => {
        if (refusalOf(provider, policy) || !(provider.here || policy.providers?.includes(provider.slug))) return []
        const first = provider.models.find(({ role }) => role === 'chat')
        return first ? [`${provider.slug}/${first.id}`] : []
      })
    },
    embedding: {
      async current() {
        const found = set && providers.reachConfigured(set.slug)
        if (!set) return undefined
        if (!found) throw new AppError('model-missing', { file: embeddingModel ?? '' })
        const { provider, address } = found
        const base = fingerprintOf(provider, set.model)
        const { guard: own } = keptFor(`internal ${provider.slug} ${provider.baseUrl}`, provider.name)
        const embed = async (access: Access, values: string[], signal?: AbortSignal) => {
          try {
            const { model } = servers.embedding(address(access), set.model)
            const call = { values, ...(signal && { abortSignal: signal }) }
            return await own.run(async () => model.doEmbed(call), signal)
          } catch (error) {
            const { code } = toAppError(error)
            if (code === 'cancelled' || code === 'model-input') throw error
            // Of whose fault it is, its users need not know: they wait until it is over.
            throw new AppError('model-unavailable', {}, { cause: error })
          }
        }
        let dimensions = known.get(base)
        if (dimensions === undefined) {
          const { embeddings } = await embed('internal', ['a'])
          dimensions = embeddings[0]?.length ?? 0
          if (dimensions === 0) throw new AppError('model-unavailable')
          known.set(base, dimensions)
        }
        const { queryPrefix, passagePrefix } = servers.embedding(address('internal'), set.model)
        const listed = provider.models.find(({ id }) => id === set.model)?.contextSize
        return {
          model: {
            specificationVersion: 'v4',
            provider: provider.slug,
            modelId: set.model,
            maxEmbeddingsPerCall: servers.embedding(address('internal'), set.model).model.maxEmbeddingsPerCall,
            supportsParallelCalls: true,
            async doEmbed({ values, abortSignal, providerOptions }) {
              const { userId, projectId } = providerOptions?.cloister ?? {}
              const asker = typeof userId === 'string' && typeof projectId === 'string' && { userId, projectId }
              return embed(asker || 'internal', values, abortSignal)
            },
          },
          name: embeddingModel ?? '',
          fingerprint: `${base} ${dimensions}`,
          dimensions,
          queryPrefix,
          passagePrefix,
          contextSize: Math.min(listed ?? textContext, textContext),
          countTokens: async texts => texts.map(text => Math.ceil(text.length / signsPerToken)),
        }
      },
      owns: fingerprint => fingerprint.startsWith(served),
      allows(fingerprint, policy) {
        if (!fingerprint.startsWith(served)) return true
        const [, place, slug] = fingerprint.split(' ')
        return refusalOf({ slug, name: slug, here: place === 'here', enabled: true }, policy) === undefined
      },
    },
  }
}

/** What vectors of a server's model are told by begins so; see also `store/vectors.ts`. */
const served = 'server '
const fingerprintOf = ({ here, slug, baseUrl }: Provider, model: string) =>
  `${served}${here ? 'here' : 'elsewhere'} ${slug} ${baseUrl} ${model}`
