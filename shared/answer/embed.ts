import { AppError } from '../errors.ts'
import type { Gateway } from '../gateway/index.ts'
import type { Asker } from '../gateway/servers.ts'

export interface EmbedRequest {
  texts: readonly string[]
  /** What they are, which decides on the model's prefix; none without it. */
  kind?: 'query' | 'passage'
}

/** Vectors in the order of their texts, and what they took in tokens. */
export interface Embedded {
  vectors: number[][]
  model: string
  tokens: number
}

/**
 * Vectors of the installation's embedding model for texts that are none of a project's, on behalf of the user. Throws `no-model` where there is none,
 * `model-input` where a text is too long for it, `cancelled`, and what the model throws.
 */
export type Embed = (user: Asker, request: EmbedRequest, signal?: AbortSignal) => Promise<Embedded>

/** Texts of a call, at most: a question of somebody else's comes in between. */
const batch = 16

export function createEmbed({ gateway }: { gateway: Gateway }): Embed {
  return async ({ userId }, { texts, kind }, signal) => {
    const model = await gateway.embedding(undefined, signal)
    if (!model) throw new AppError('no-model')
    const prefix = kind === undefined ? '' : kind === 'query' ? model.queryPrefix : model.passagePrefix
    const values = texts.map(text => prefix + text)
    const counts = await model.countTokens(values, signal)
    const size = Math.min(batch, (await model.model.maxEmbeddingsPerCall) ?? batch)
    const vectors: number[][] = []
    for (let from = 0; from < values.length; from += size) {
      signal?.throwIfAborted()
      const { embeddings } = await model.model.doEmbed({
        values: values.slice(from, from + size),
        providerOptions: { cloister: { userId } },
        ...(signal && { abortSignal: signal }),
      })
      vectors.push(...embeddings)
    }
    return { vectors, model: model.name, tokens: counts.reduce((sum, count) => sum + count, 0) }
  }
}
