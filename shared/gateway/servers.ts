/** Models of servers as the gateway uses them: allowed or not, behind a guard, some at a time. */
import { AppError, toAppError } from '../errors.ts'
import type { AnsweringServer, ChatModel, ModelPolicy, Provider, Reason } from '../model/index.ts'
import { listedModel, runsHere, splitReference } from '../model/provider.ts'
import type { Access, ServerAddress, Servers } from '../ports.ts'
import { createGuard, type Guard, type GuardSettings, guardModel, usualGuard } from './guard.ts'
import { createServedEmbedding, type ServedEmbedding } from './served-embedding.ts'
import { createTurns, type Turns } from './turns.ts'

/** Whose question it is, and of which project. */
export type Asker = Exclude<Access, 'internal'>

/** What the gateway asks of whoever knows the providers. */
export interface ReachableProviders {
  /** Without asking anybody on another machine. */
  known(userId: string): Promise<Provider[]>
  /** What the operator calls a model, as this user's references do. */
  referenceOf(userId: string, reference: string): Promise<string>
  /** Whether the user has a provider of their own by this slug. */
  isOwn(userId: string, slug: string): Promise<boolean>
  /** Asks it which models it has, unless it was asked a moment ago; resolves with what came of that, which may take its time. */
  look(access: Access, slug: string): Promise<{ provider: Provider | undefined; problem: Reason | null }>
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
  /** Milliseconds that a question waits for a server of this machine to say which models it has. */
  patience?: number
}

export interface ServerChat {
  chat: ChatModel
  server: AnsweringServer
  turns: Turns
}

export interface ServerModels {
  /**
   * Undefined when no provider is called so. Throws `project-local-only`, `provider-not-allowed`, `provider-off`,
   * `provider-key-lost`, `provider-rests`, `provider-silent`, `egress-refused`.
   */
  chat(asker: Asker, reference: string, policy: ModelPolicy): Promise<ServerChat | undefined>
  /** What the operator calls a model, as this user's references do. */
  referenceOf(asker: Asker, reference: string): Promise<string>
  /** Whether a model is one of this machine, also where it cannot be used. Throws nothing of a provider's own. */
  runsHere(asker: Asker, reference: string): Promise<boolean>
  /** References of models that may answer without having been asked for: on this machine, or named by the project. */
  substitutes(asker: Asker, policy: ModelPolicy): Promise<string[]>
  embedding: ServedEmbedding
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
/** Guards, and sizes that errors told. */
const mostRemembered = 500
/** One that lives says what it has in milliseconds; whoever asks reads the passages meanwhile. */
const usualPatience = 5000

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
  const { patience = usualPatience } = settings
  const guards = new Map<string, { guard: Guard; turns: Turns }>()
  const learned = new Map<string, number>()

  function keptFor(key: string, name: string): { guard: Guard; turns: Turns } {
    const before = guards.get(key)
    if (before) return before
    if (guards.size >= mostRemembered) guards.clear()
    const fresh = { guard: createGuard(name, guard), turns: createTurns(concurrency) }
    guards.set(key, fresh)
    return fresh
  }

  /** As it says itself. Throws `provider-silent` where it says nothing for too long: what hangs gets no texts, and nobody waits for its answer. */
  async function lookAt(asker: Asker, { slug, name }: Provider): Promise<Provider | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const passed = new Promise<undefined>(resolve => {
      timer = setTimeout(resolve, patience, undefined)
    })
    const looked = await Promise.race([providers.look(asker, slug), passed]).finally(() => clearTimeout(timer))
    if (!looked || looked.problem?.code === 'provider-silent') throw new AppError('provider-silent', { name })
    return looked.provider
  }

  function learn(key: string, usual: number, error: unknown): void {
    const { code, values } = toAppError(error)
    if (code !== 'model-input') return
    if (learned.size >= mostRemembered) learned.clear()
    const told = Number(values.size)
    learned.set(key, Math.max(leastContext, told > 0 ? told : Math.floor(usual / 2)))
  }

  return {
    async chat(asker, reference, policy) {
      const named = splitReference(reference)
      const found = named && (await providers.reach(asker, named.slug))
      if (!named || !found) return undefined
      const { address } = found
      const { slug, name, baseUrl } = found.provider
      // Before anything is said: the server's list may say that it passes this one on.
      const unsure =
        found.provider.here && !listedModel(found.provider, named.model) && !refusalOf(found.provider, policy)
      const provider = (unsure && (await lookAt(asker, found.provider))) || found.provider
      const here = runsHere(provider, named.model)
      const refusal = refusalOf({ ...provider, here }, policy)
      if (refusal) throw refusal
      const { guard: own, turns } = keptFor(`${asker.userId} ${slug} ${baseUrl}`, name)
      if (own.rests()) throw new AppError('provider-rests', { name })
      const key = `${baseUrl} ${named.model}`
      const listed = listedModel(provider, named.model)?.contextSize
      const contextSize = learned.get(key) ?? listed ?? unknownContext
      const model = guardModel(servers.chat(address, named.model), own, {
        temperature,
        failed: error => learn(key, contextSize, error),
      })
      return { chat: { model, name: reference, contextSize, maxTokens }, server: { slug, name, here }, turns }
    },
    referenceOf: ({ userId }, reference) => providers.referenceOf(userId, reference),
    async runsHere({ userId }, reference) {
      const named = splitReference(reference)
      const found = named && (await providers.known(userId)).find(({ slug }) => slug === named.slug)
      return !!found && runsHere(found, named.model)
    },
    async substitutes({ userId }, policy) {
      return (await providers.known(userId)).flatMap(provider => {
        if (refusalOf(provider, policy) || !(provider.here || policy.providers?.includes(provider.slug))) return []
        // What a server of this machine passes on to another is never stumbled into.
        const first = provider.models.find(
          ({ id, role }) => role === 'chat' && runsHere(provider, id) === provider.here,
        )
        return first ? [`${provider.slug}/${first.id}`] : []
      })
    },
    embedding: createServedEmbedding({
      providers,
      servers,
      reference: embeddingModel,
      guardOf: (key, name) => keptFor(key, name).guard,
    }),
  }
}
