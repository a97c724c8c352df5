/** Embedding and ranking models that are loaded. Run in the model process. */
import type { LlamaModel } from 'node-llama-cpp'
import { AppError } from '../errors.ts'
import { inParts, refuseLong } from './input.ts'
import { stepSize } from './memory-need.ts'
import type { Results } from './protocol.ts'

export interface LoadedEmbedding {
  embed(text: string): Promise<Results['embed']>
  count(texts: readonly string[]): Results['count']
}

export interface LoadedRanking {
  rank(query: string, text: string): Promise<Results['rank']>
}

export interface VectorOptions {
  /** Tokens of an input, at most. */
  contextSize: number
  /** Contexts of one thread each: as fast as one of many threads on an idle machine, 1.4 to 2.1 times on a busy one. */
  contexts: number
  /**
   * A model that reads in both directions must see the whole text in one batch. One that reads forwards may do so in
   * steps: its last token carries the vector, and the buffer for its 150,000 possible next words, which nobody looks at,
   * stays small (39 instead of 311 MB at 512 tokens).
   */
  inSteps: boolean
}

export async function openEmbedding(model: LlamaModel, options: VectorOptions): Promise<LoadedEmbedding> {
  const free = await Promise.all(
    Array.from({ length: options.contexts }, () =>
      model.createEmbeddingContext({
        // The library refuses a text that fills the context to the last token.
        contextSize: options.contextSize + 1,
        batchSize: options.inSteps ? stepSize : options.contextSize + 1,
        threads: 1,
        ignoreMemorySafetyChecks: true,
      }),
    ),
  )
  const borrow = createLoans(free)
  return {
    embed: text =>
      borrow(async context => {
        refuseLong(text.length, options.contextSize)
        const tokens = context.calculateInputLength(text)
        if (tokens > options.contextSize || text === '')
          throw new AppError('model-input', { tokens, limit: options.contextSize })
        const { vector } = await context.getEmbeddingFor(text)
        return { vector: normalise(vector), tokens }
      }),
    count: texts => ({
      counts: texts.map(text => inParts(text).reduce((sum, part) => sum + model.tokenize(part).length, 0)),
    }),
  }
}

export async function openRanking(model: LlamaModel, options: VectorOptions): Promise<LoadedRanking> {
  const free = await Promise.all(
    Array.from({ length: options.contexts }, () =>
      model.createRankingContext({
        contextSize: options.contextSize + 1,
        batchSize: options.inSteps ? stepSize : options.contextSize + 1,
        threads: 1,
        ignoreMemorySafetyChecks: true,
      }),
    ),
  )
  const borrow = createLoans(free)
  return {
    rank: (query, text) =>
      borrow(async context => {
        // Of a passage, by far longer than any we make, the beginning decides.
        const passage = text.slice(0, 4 * options.contextSize)
        refuseLong(query.length, options.contextSize)
        const asked = context.calculateInputLength(query, '')
        if (asked >= options.contextSize)
          throw new AppError('model-input', { tokens: asked, limit: options.contextSize })
        // A long passage counts by its best part.
        const score = await context.rank(query, passage, { onOverflow: 'maxChunk' })
        return { score: Number.isFinite(score) ? Math.min(1, Math.max(0, score)) : 0 }
      }),
  }
}

/** Lends each to one at a time; whoever comes when all are lent waits. */
function createLoans<T>(free: T[]): <R>(use: (item: T) => Promise<R>) => Promise<R> {
  const waiting: ((item: T) => void)[] = []
  return async use => {
    const item = free.pop() ?? (await new Promise<T>(resolve => waiting.push(resolve)))
    try {
      return await use(item)
    } finally {
      const next = waiting.shift()
      if (next) next(item)
      else free.push(item)
    }
  }
}

function normalise(vector: readonly number[]): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  if (!Number.isFinite(length) || length === 0) throw new AppError('model-unsupported', { detail: 'no-vector' })
  return Float32Array.from(vector, value => value / length)
}
