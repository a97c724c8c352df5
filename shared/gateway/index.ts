import { AppError, toAppError } from '../errors.ts'
import type {
  AnsweringServer,
  ChatModel,
  EmbeddingModel,
  ModelPolicy,
  Reason,
  Scope,
  TextSizes,
} from '../model/index.ts'
import type { Log, Models } from '../ports.ts'
import { type Candidate, type Candidates, createCandidates } from './candidates.ts'
import { unlessLeft } from './guard.ts'
import { createPace } from './reranking.ts'
import type { Asker, ServerModels } from './servers.ts'
import { createTurns } from './turns.ts'

/** The chat model for one answer: a local one has nobody else until `end`, a server has some at once. */
export interface Turn {
  chat: ChatModel
  /** Where it runs; absent where that is our own process. */
  server?: AnsweringServer
  /** Why it is not the one that was asked for. */
  instead: Reason | null
  end(): void
  /** This one failed before its first words: ends it, and gives the turn at the next one, if there is any. */
  next(error: unknown, options: TurnOptions): Promise<Turn | undefined>
}

export interface TurnOptions {
  signal?: AbortSignal
  /** Hears the place in the queue. */
  waiting(place: number): void
}

/** A project that says nothing of models. */
export const anyModel: ModelPolicy = { localOnly: false, providers: null, chatModel: null }

/** Which model does what, who comes when, and what happens when one fails. */
export interface Gateway {
  /**
   * Undefined when no chat model is set up. With a reference, that model's turn; where it cannot be used, that of the next one
   * (see `candidates.ts`). `policy`: the project's, where it was just read. Throws `cancelled`, and what is wrong with the first one where there is no other.
   */
  turn(asker: Asker, options: TurnOptions & { model?: string; policy?: ModelPolicy }): Promise<Turn | undefined>
  /** Of a server's that was not asked yet, a few seconds are waited. Throws what is wrong with it, `cancelled`. */
  embedding(fingerprint?: string, signal?: AbortSignal): Promise<EmbeddingModel | undefined>
  /** How texts are measured for the embedding model; no server is asked. Throws what is wrong with it. */
  textSizes(): Promise<TextSizes | undefined>
  /**
   * The question as a vector of the model with this fingerprint; undefined when it cannot be had in time. It never stands
   * in a search's way: what failed goes to the log. Throws `cancelled` alone.
   */
  embedQuestion(
    fingerprint: string,
    question: string,
    signal?: AbortSignal,
    scope?: Scope,
  ): Promise<Float32Array | undefined>
  /** Whether a project's texts may be given to the model of these vectors. */
  mayEmbed(scope: Scope, fingerprint: string): Promise<boolean>
  /** Whether there is a ranking model that is fast enough here; no error, and no long wait, where it cannot be told. */
  reranks(): Promise<boolean>
  /**
   * How well each of the first passages answers, in their order, as many as can be judged in time; undefined without a model, or
   * when it takes too long. Throws `cancelled` alone.
   */
  rerank(question: string, passages: readonly string[], signal?: AbortSignal): Promise<number[] | undefined>
}

/**
 * Milliseconds. A question of 20 tokens takes a small embedding model 30 ms, a large one half a second; its first use
 * loads it, which takes seconds: that search goes by words, and the next one has it.
 */
const embedBudget = 1500
/** 20 passages of 200 tokens take a small ranking model some 3 s on one core: less is reranked where that is too slow. */
export const usualRerankBudget = 300

export function createGateway({
  models,
  log,
  servers,
  policyOf = async () => anyModel,
  chatModel,
  rerankBudget = usualRerankBudget,
}: {
  models: Models
  log: Log
  /** Without them, all models are local. */
  servers?: ServerModels
  policyOf?: (scope: Scope) => Promise<ModelPolicy>
  /** Reference of the chat model that the installation uses. */
  chatModel?: string
  /** Milliseconds that reranking may add to a search; 0: none is done. */
  rerankBudget?: number
}): Gateway {
  const local = createTurns()
  const pace = createPace({ budget: rerankBudget })

  async function begin(
    candidates: Candidates,
    who: string,
    { signal, waiting }: TurnOptions,
  ): Promise<Turn | undefined> {
    // One that is not known yet is asked first what it has.
    const found = await unlessLeft(candidates.next(), signal)
    if (!found) return undefined
    const end = await found.turns.take(who, { waiting, ...(signal && { signal }) })
    return turnOf(candidates, who, found, end)
  }

  function turnOf(candidates: Candidates, who: string, found: Candidate, end: () => void): Turn {
    const { chat, server } = found
    return {
      chat,
      ...(server && { server }),
      instead: candidates.instead(found),
      end,
      async next(error, options) {
        end()
        candidates.failed(found, error)
        return begin(candidates, who, options)
      },
    }
  }

  async function mayEmbed(scope: Scope, fingerprint: string): Promise<boolean> {
    return (
      !servers?.embedding.owns(fingerprint) ||
      servers.embedding.allows(fingerprint, await policyOf(scope), scope.userId)
    )
  }

  /** A server's, where one is set; vectors that a local one made are compared by it for as long as they are searched. */
  async function embedding(fingerprint?: string, signal?: AbortSignal): Promise<EmbeddingModel | undefined> {
    if (fingerprint === undefined) return (await servers?.embedding.current(signal)) ?? models.embedding()
    if (!servers?.embedding.owns(fingerprint)) return models.embedding(fingerprint)
    const current = await servers.embedding.current(signal)
    return current?.fingerprint === fingerprint ? current : undefined
  }

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
    async turn(asker, { model, policy: read, ...options }) {
      const { userId, projectId } = asker
      const policy = read ?? (projectId === undefined ? anyModel : await policyOf({ userId, projectId }))
      const candidates = createCandidates({ models, servers, local }, asker, { model, policy, installation: chatModel })
      const turn = await begin(candidates, userId, options)
      const error = turn ? undefined : candidates.error()
      if (error) throw error
      return turn
    },
    embedding,
    textSizes: async () => servers?.embedding.sizes() ?? models.embedding(),
    mayEmbed,
    embedQuestion: (fingerprint, question, signal, scope) =>
      leg('vectors', embedBudget, signal, async abortSignal => {
        if (scope && !(await mayEmbed(scope, fingerprint))) return undefined
        const model = await embedding(fingerprint, abortSignal)
        if (!model) return undefined
        const values = [model.queryPrefix + question]
        const { embeddings } = await model.model.doEmbed({
          values,
          abortSignal,
          providerOptions: { cloister: { urgent: true, ...scope } },
        })
        return Float32Array.from(embeddings[0])
      }),
    async reranks() {
      if (rerankBudget <= 0) return false
      const reranking = await leg('reranking', rerankBudget, undefined, () => models.reranking())
      return reranking !== undefined && pace.passages(reranking) > 0
    },
    rerank: (question, passages, signal) =>
      leg('reranking', rerankBudget, signal, async abortSignal => {
        const reranking = passages.length > 0 ? await models.reranking() : undefined
        const first = reranking ? passages.slice(0, pace.passages(reranking)) : []
        if (!reranking || first.length === 0) return undefined
        const began = performance.now()
        const late = () => {
          if (!signal?.aborted) pace.took(reranking, first.length, performance.now() - began, true)
        }
        // A model that listens to no signal does not say that it is late.
        abortSignal.addEventListener('abort', late, { once: true })
        try {
          const { ranking } = await reranking.model.doRerank({
            documents: { type: 'text', values: first },
            query: question,
            abortSignal,
          })
          pace.took(reranking, first.length, performance.now() - began, false)
          const scores = new Array<number>(first.length).fill(0)
          for (const { index, relevanceScore } of ranking) scores[index] = relevanceScore
          return scores
        } catch (error) {
          late()
          throw error
        } finally {
          abortSignal.removeEventListener('abort', late)
        }
      }),
  }
}
