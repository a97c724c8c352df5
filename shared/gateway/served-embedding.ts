/** The model of a server that makes the installation's vectors, as the operator set it. */
import { AppError, toAppError } from '../errors.ts'
import type { EmbeddingModel, ModelPolicy, TextSizes } from '../model/index.ts'
import { listedModel, runsHere, splitReference } from '../model/provider.ts'
import type { Access, Servers } from '../ports.ts'
import type { Guard } from './guard.ts'
import { type ReachableProviders, refusalOf } from './servers.ts'

export interface ServedEmbedding {
  /**
   * The one that is set; undefined where it is a local one. The first time, its server is asked how long its vectors are, and waited for a
   * few seconds. Throws `model-missing` where there is no such provider, `model-unavailable` where it cannot be told, `cancelled`.
   */
  current(signal?: AbortSignal): Promise<EmbeddingModel | undefined>
  /** Undefined where a local one is set. Throws `model-missing`. */
  sizes(): TextSizes | undefined
  /** Whether the model of these vectors is a server's. */
  owns(fingerprint: string): boolean
  /** Whether a project's texts may be given to it. */
  allows(fingerprint: string, policy: ModelPolicy, userId: string): Promise<boolean>
}

/** What was found out of a model. */
interface Facts {
  dimensions: number
  here: boolean
}

/** Texts for vectors are chunks and questions. */
const textContext = 512
/** Signs a token has at least, on average, in the languages we know. */
const signsPerToken = 2.5
/**
 * Milliseconds that whoever needs the model waits for what it is. The question itself goes on: a server may have to load the model first, and
 * Ollama stops loading when nobody waits any more.
 */
const usualPatience = 3000

export function createServedEmbedding({
  providers,
  servers,
  reference,
  guardOf,
  patience = usualPatience,
}: {
  providers: Pick<ReachableProviders, 'look' | 'reachConfigured' | 'isOwn'>
  servers: Servers
  /** Undefined: the model is a local one. */
  reference: string | undefined
  guardOf(key: string, name: string): Guard
  patience?: number
}): ServedEmbedding {
  const known = new Map<string, Facts>()
  const asked = new Map<string, Promise<Facts>>()

  function reached() {
    const set = reference === undefined ? undefined : splitReference(reference)
    if (!set || reference === undefined) return undefined
    const found = providers.reachConfigured(set.slug)
    if (!found) throw new AppError('model-missing', { file: reference })
    const { provider, address } = found
    const { slug, baseUrl, name } = provider
    const guard = guardOf(`internal ${slug} ${baseUrl}`, name)

    async function embed(access: Access, values: string[], signal?: AbortSignal) {
      try {
        const { model } = servers.embedding(address(access), id)
        return await guard.run(async () => model.doEmbed({ values, ...(signal && { abortSignal: signal }) }), signal)
      } catch (error) {
        const { code } = toAppError(error)
        if (code === 'cancelled' || code === 'model-input') throw error
        // Of whose fault it is, its users need not know: they wait until it is over.
        throw new AppError('model-unavailable', {}, { cause: error })
      }
    }

    const { model: id } = set
    const named = servers.embedding(address('internal'), id)
    return { reference, id, provider, named, embed, place: `${slug} ${baseUrl} ${id}` }
  }

  type Reached = NonNullable<ReturnType<typeof reached>>

  function sizesOf({ provider, id }: Reached): TextSizes {
    return {
      contextSize: Math.min(listedModel(provider, id)?.contextSize ?? textContext, textContext),
      countTokens: async texts => texts.map(text => Math.ceil(text.length / signsPerToken)),
    }
  }

  /** One at a time for all who wait. */
  function ask({ place, provider, id, embed }: Reached): Promise<Facts> {
    const running = asked.get(place)
    if (running) return running
    async function find(): Promise<Facts> {
      const looked = provider.here ? (await providers.look('internal', provider.slug)).provider : undefined
      const { embeddings } = await embed('internal', ['a'])
      const dimensions = embeddings[0]?.length ?? 0
      if (dimensions === 0) throw new AppError('model-unavailable')
      const facts = { dimensions, here: runsHere(looked ?? provider, id) }
      known.set(place, facts)
      return facts
    }
    const fresh = find().finally(() => asked.delete(place))
    // Nobody may wait for it any more.
    fresh.catch(() => {})
    asked.set(place, fresh)
    return fresh
  }

  async function waitFor(facts: Promise<Facts>, signal: AbortSignal | undefined): Promise<Facts> {
    if (signal?.aborted) throw new AppError('cancelled')
    let timer: ReturnType<typeof setTimeout> | undefined
    let leave = () => {}
    const ended = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new AppError('model-unavailable')), patience)
      leave = () => reject(new AppError('cancelled'))
      signal?.addEventListener('abort', leave, { once: true })
    })
    try {
      return await Promise.race([facts, ended])
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
    }
  }

  return {
    async current(signal) {
      const found = reached()
      if (!found) return undefined
      const { provider, id, named, embed, place } = found
      const { dimensions, here } = known.get(place) ?? (await waitFor(ask(found), signal))
      const where = `${served}${here ? 'here' : 'elsewhere'} ${provider.slug} ${provider.baseUrl} ${id}`
      return {
        model: {
          specificationVersion: 'v4',
          provider: provider.slug,
          modelId: id,
          maxEmbeddingsPerCall: named.model.maxEmbeddingsPerCall,
          supportsParallelCalls: true,
          async doEmbed({ values, abortSignal, providerOptions }) {
            const { userId, projectId } = providerOptions?.cloister ?? {}
            const asker =
              typeof userId === 'string' ? { userId, ...(typeof projectId === 'string' && { projectId }) } : 'internal'
            return embed(asker, values, abortSignal)
          },
        },
        name: found.reference,
        fingerprint: `${where} ${dimensions}`,
        dimensions,
        queryPrefix: named.queryPrefix,
        passagePrefix: named.passagePrefix,
        ...sizesOf(found),
      }
    },
    sizes() {
      const found = reached()
      return found && sizesOf(found)
    },
    owns: fingerprint => fingerprint.startsWith(served),
    async allows(fingerprint, policy, userId) {
      if (!fingerprint.startsWith(served)) return true
      const [, place, slug] = fingerprint.split(' ')
      if (refusalOf({ slug, name: slug, here: place === 'here', enabled: true }, policy)) return false
      // The one that a project lists by this slug may be the user's own; the same is asked in `store/vectors.ts`.
      return policy.providers === null || !(await providers.isOwn(userId, slug))
    },
  }
}

/** What vectors of a server's model are told by begins so; see also `store/vectors.ts`. */
const served = 'server '
