import { fileURLToPath } from 'node:url'
import type { EmbeddingModelV4, RerankingModelV4 } from '@ai-sdk/provider'
import { AppError } from '../errors.ts'
import type { ChatModel, EmbeddingModel, ModelRole, RerankingModel } from '../model/index.ts'
import type { Log, Models, Processes } from '../ports.ts'
import { createCatalog, type Described } from './catalog.ts'
import { createChatContext } from './chat-context.ts'
import { pairContext, textContext } from './fit.ts'
import { createLanguageModel, provider } from './language-model.ts'
import type { ModelFile } from './protocol.ts'
import { createSupervisor, DEFAULT_LIMITS, type Held, type Limits, type Supervisor } from './supervise.ts'

export interface ModelSettings {
  /** Where models lie; what a file is for stands in its header. */
  folder: string
  /** Files the user named; they go before the folder's. */
  chatFile?: string
  embeddingFile?: string
  rerankingFile?: string
  /** Tokens of prompt and answer together; at most the model's own. */
  contextSize: number
  /** Tokens of an answer. */
  maxTokens: number
  temperature: number
  /** Threads of all models together. */
  threads: number
  /** Milliseconds of a model without work until its memory is given back; infinite: never. */
  idleTime?: number
}

export interface LocalModels extends Models {
  /** What is loaded now. */
  held(): readonly Held[]
}

/** The module that the role `model` of `Processes` runs. */
export const modelEntry = fileURLToPath(new URL('./process.ts', import.meta.url))

/** Texts counted at once: 64 of 1,000 letters take the process some 20 ms. */
const countedAtOnce = 64

/** The local models, in a process of their own that starts with the first use. */
export function createModels({
  settings,
  processes,
  log,
  limits,
}: {
  settings: ModelSettings
  processes: Processes
  log: Log
  /** For tests. */
  limits?: Partial<Limits>
}): LocalModels {
  const { folder, chatFile, embeddingFile, rerankingFile, maxTokens, temperature } = settings
  const catalog = createCatalog({
    folder,
    named: {
      ...(chatFile !== undefined && { chat: chatFile }),
      ...(embeddingFile !== undefined && { embedding: embeddingFile }),
      ...(rerankingFile !== undefined && { reranking: rerankingFile }),
    },
    log,
  })
  const threads = Math.max(1, Math.floor(settings.threads))
  const supervisor = createSupervisor({
    processes,
    log,
    settings: { threads },
    limits: {
      ...DEFAULT_LIMITS,
      ...(settings.idleTime !== undefined && { idleTime: settings.idleTime }),
      ...limits,
    },
  })
  const chatContext = createChatContext({ supervisor, threads, wished: settings.contextSize })

  return {
    async chat(name) {
      const found =
        name === undefined
          ? await catalog.find('chat')
          : await catalog.choose('chat', entry => entry.name === name || entry.description.name === name)
      if (!found) return undefined
      const file = fileOf(found, 'chat', await chatContext.of(found))
      return {
        model: createLanguageModel({ supervisor, file, maxTokens, temperature }),
        name: found.name,
        contextSize: file.contextSize,
        maxTokens,
      } satisfies ChatModel
    },
    async embedding(fingerprint) {
      const found =
        fingerprint === undefined
          ? await catalog.find('embedding')
          : await catalog.choose('embedding', ({ description }) => description.embedding?.fingerprint === fingerprint)
      const about = found?.description.embedding
      if (!found || !about) return undefined
      const file = fileOf(found, 'embedding', textContext)
      return {
        model: embeddingModel(supervisor, file),
        name: found.description.name,
        fingerprint: about.fingerprint,
        dimensions: about.dimensions,
        queryPrefix: about.queryPrefix,
        passagePrefix: about.passagePrefix,
        contextSize: file.contextSize,
        countTokens: (texts, signal) => countTokens(supervisor, file, texts, signal),
      } satisfies EmbeddingModel
    },
    async reranking() {
      const found = await catalog.find('reranking')
      if (!found) return undefined
      const file = fileOf(found, 'reranking', pairContext)
      return { model: rerankingModel(supervisor, file), name: found.description.name } satisfies RerankingModel
    },
    held: () => supervisor.held(),
    close: () => supervisor.close(),
  }
}

function fileOf({ key, path, description }: Described, role: ModelRole, contextSize: number): ModelFile {
  return { key, path, name: description.name, role, contextSize: Math.min(contextSize, description.contextSize) }
}

/** Passages wait while an answer is written; a question that somebody waits for overtakes them. */
function embeddingModel(supervisor: Supervisor, file: ModelFile): EmbeddingModelV4 {
  return {
    specificationVersion: 'v4',
    provider,
    modelId: file.name,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    async doEmbed({ values, abortSignal, providerOptions }) {
      const urgent = providerOptions?.cloister?.urgent === true
      const results = await all(values, abortSignal, (text, signal) =>
        supervisor.run(file, { type: 'embed', text }, { signal, urgent }),
      )
      return {
        embeddings: results.map(({ vector }) => Array.from(vector)),
        usage: { tokens: results.reduce((sum, { tokens }) => sum + tokens, 0) },
        warnings: [],
      }
    },
  }
}

function rerankingModel(supervisor: Supervisor, file: ModelFile): RerankingModelV4 {
  return {
    specificationVersion: 'v4',
    provider,
    modelId: file.name,
    async doRerank({ documents, query, topN, abortSignal, providerOptions }) {
      const urgent = providerOptions?.cloister?.urgent !== false
      const texts = documents.type === 'text' ? documents.values : documents.values.map(value => JSON.stringify(value))
      const results = await all(texts, abortSignal, (text, signal) =>
        supervisor.run(file, { type: 'rank', query, text }, { signal, urgent }),
      )
      const ranking = results.map(({ score }, index) => ({ index, relevanceScore: score }))
      ranking.sort((a, b) => b.relevanceScore - a.relevanceScore || a.index - b.index)
      return { ranking: ranking.slice(0, topN ?? ranking.length) }
    },
  }
}

async function countTokens(
  supervisor: Supervisor,
  file: ModelFile,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<number[]> {
  const parts = Array.from({ length: Math.ceil(texts.length / countedAtOnce) }, (_, index) =>
    texts.slice(index * countedAtOnce, (index + 1) * countedAtOnce),
  )
  const results = await all(parts, signal, (part, partSignal) =>
    supervisor.run(file, { type: 'count', texts: part }, { signal: partSignal }),
  )
  return results.flatMap(({ counts }) => counts)
}

/** All of them, in order; when one fails the others are called off. */
async function all<T, R>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  run: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  if (signal?.aborted) throw new AppError('cancelled')
  const failed = new AbortController()
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal
  try {
    return await Promise.all(items.map(item => run(item, either)))
  } catch (error) {
    failed.abort()
    throw error
  }
}
