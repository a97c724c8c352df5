import { AppError, toAppError } from '../errors.ts'
import type { ChatModel, EmbeddingModel, Scope } from '../model/index.ts'
import type { Log, Models } from '../ports.ts'
import { createTurns } from './turns.ts'

/** The chat model for one answer; nobody else has it until `end`. */
export interface Turn {
  chat: ChatModel
  /** Not the one that was asked for: that is not there. */
  instead: boolean
  end(): void
}

/** Which model does what, who comes when, and what happens when one fails. */
export interface Gateway {
  /**
   * Undefined when no chat model is set up. With a name, that model's turn; where it is not there, that of the one in use.
   * `waiting` hears the place in the queue. Throws `cancelled`, and what is wrong with the model that is set up.
   */
  turn(
    user: Pick<Scope, 'userId'>,
    options: { model?: string; signal?: AbortSignal; waiting(place: number): void },
  ): Promise<Turn | undefined>
  embedding(fingerprint?: string): Promise<EmbeddingModel | undefined>
  /**
   * The question as a vector of the model with this fingerprint; undefined when it cannot be had in time. It never stands
   * in a search's way: what failed goes to the log. Throws `cancelled` alone.
   */
  embedQuestion(fingerprint: string, question: string, signal?: AbortSignal): Promise<Float32Array | undefined>
  /** Whether there is a ranking model; no error, and no long wait, where it cannot be told. */
  reranks(): Promise<boolean>
  /** How well each passage answers, in their order; undefined without a model, or when it takes too long. Throws `cancelled` alone. */
  rerank(question: string, passages: readonly string[], signal?: AbortSignal): Promise<number[] | undefined>
}

/**
 * Milliseconds. A question of 20 tokens takes a small embedding model 30 ms, a large one half a second; its first use
 * loads it, which takes seconds: that search goes by words, and the next one has it.
 */
const embedBudget = 1500
/** 20 passages of 200 tokens take a small ranking model some 3 s on one core: less is reranked where that is too slow. */
const rerankBudget = 3000

export function createGateway({ models, log }: { models: Models; log: Log }): Gateway {
  const turns = createTurns()

  /** The leg of a search, or nothing: too late, or failed. */
  async function leg<T>(
    name: string,
    budget: number,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const late = AbortSignal.timeout(budget)
    const ended = signal ? AbortSignal.any([signal, late]) : late
    let refuse = () => {}
    const aborted = new Promise<never>((_, reject) => {
      refuse = () => reject(ended.reason)
      ended.addEventListener('abort', refuse, { once: true })
    })
    try {
      ended.throwIfAborted()
      // Whoever does not listen to the signal is not waited for either.
      return await Promise.race([run(ended), aborted])
    } catch (error) {
      if (signal?.aborted) throw new AppError('cancelled', {}, { cause: error })
      log.warn('a leg of the search is missing', { leg: name, code: late.aborted ? 'late' : toAppError(error).code })
      return undefined
    } finally {
      ended.removeEventListener('abort', refuse)
    }
  }

  return {
    async turn({ userId }, { model, signal, waiting }) {
      const named = model === undefined ? undefined : await models.chat(model)
      const chat = named ?? (await models.chat())
      if (!chat) return undefined
      const end = await turns.take(userId, { waiting, ...(signal && { signal }) })
      return { chat, instead: model !== undefined && !named, end }
    },
    embedding: fingerprint => models.embedding(fingerprint),
    embedQuestion: (fingerprint, question, signal) =>
      leg('vectors', embedBudget, signal, async abortSignal => {
        const embedding = await models.embedding(fingerprint)
        if (!embedding) return undefined
        const values = [embedding.queryPrefix + question]
        const { embeddings } = await embedding.model.doEmbed({
          values,
          abortSignal,
          providerOptions: { cloister: { urgent: true } },
        })
        return Float32Array.from(embeddings[0])
      }),
    reranks: async () => (await leg('reranking', rerankBudget, undefined, () => models.reranking())) !== undefined,
    rerank: (question, passages, signal) =>
      leg('reranking', rerankBudget, signal, async abortSignal => {
        const reranking = passages.length > 0 ? await models.reranking() : undefined
        if (!reranking) return undefined
        const { ranking } = await reranking.model.doRerank({
          documents: { type: 'text', values: [...passages] },
          query: question,
          abortSignal,
        })
        const scores = new Array<number>(passages.length).fill(0)
        for (const { index, relevanceScore } of ranking) scores[index] = relevanceScore
        return scores
      }),
  }
}
