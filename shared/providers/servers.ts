/** Models of servers as the AI SDK's objects: OpenAI-compatible ones (Ollama, llama-server, vLLM, LM Studio …), Anthropic, xAI. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import type { EmbeddingModelV4, LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { AppError } from '../errors.ts'
import type { ServerAddress, Servers } from '../ports.ts'
import { toFailure } from './failure.ts'
import { createServerModel, type Patience, startWatch, usualPatience } from './language-model.ts'
import { createQuirks, type Quirks } from './quirks.ts'

/** Each when it is needed: together they take 60 ms to load, which most commands and most libraries have no use for. */
const load = createRequire(import.meta.url)
const anthropic = () => load('@ai-sdk/anthropic') as typeof import('@ai-sdk/anthropic')
const compatible = () => load('@ai-sdk/openai-compatible') as typeof import('@ai-sdk/openai-compatible')
const xai = () => load('@ai-sdk/xai') as typeof import('@ai-sdk/xai')

/** Milliseconds for a list, and for a batch of texts. */
const listTime = 10_000
const embedTime = 60_000
/** Texts in one call: OpenAI takes 2,048, text-embeddings-inference 32. */
const textsAtOnce = 32
/** Models whose peculiarities are remembered. */
const mostRemembered = 500
/** A refusal may name one thing after the other. */
const mostLessons = 4
/** The SDK would look for a key in the environment. */
const noKey = 'none'

export function createServers({
  prefixesOf = () => ({ queryPrefix: '', passagePrefix: '' }),
  patience = usualPatience,
}: {
  /** What goes before questions and passages, by the names an embedding model goes by. */
  prefixesOf?: (names: readonly string[]) => { queryPrefix: string; passagePrefix: string }
  patience?: Patience
} = {}): Servers {
  const remembered = new Map<string, Quirks>()
  /** The SDK's objects: each compiles what it checks answers with, 2 ms of the processor. The way out is handed in with each call. */
  const made = new Map<string, { inner: LanguageModelV4; quirks?: Quirks }>()
  const way = new AsyncLocalStorage<typeof fetch>()
  const throughWay: typeof fetch = (input, init) => {
    const fetch = way.getStore()
    if (!fetch) throw new Error('no way out was handed in')
    return fetch(input, init)
  }

  function quirksOf(key: string): Quirks {
    const known = remembered.get(key)
    if (known) return known
    if (remembered.size >= mostRemembered) remembered.clear()
    const fresh = createQuirks()
    remembered.set(key, fresh)
    return fresh
  }

  function chatOf(at: ServerAddress, model: string): { inner: LanguageModelV4; quirks?: Quirks } {
    const name = JSON.stringify([at.kind, at.name, at.baseUrl, at.key, model])
    const known = made.get(name)
    if (known) return known
    if (made.size >= mostRemembered) made.clear()
    const fresh = makeChat(at, model)
    made.set(name, fresh)
    return fresh
  }

  function makeChat(at: ServerAddress, model: string): { inner: LanguageModelV4; quirks?: Quirks } {
    const { kind, baseUrl: baseURL, key } = at
    const fetch = acceptStream(throughWay, at.name)
    if (kind === 'anthropic')
      return { inner: anthropic().createAnthropic({ baseURL, apiKey: key ?? noKey, fetch })(model) }
    if (kind === 'xai')
      return {
        inner: xai()
          .createXai({ baseURL, apiKey: key ?? noKey, fetch })
          .languageModel(model),
      }
    const quirks = quirksOf(`${baseURL} ${model}`)
    const provider = compatible().createOpenAICompatible({
      name: 'server',
      baseURL,
      fetch,
      includeUsage: true,
      supportsStructuredOutputs: true,
      transformRequestBody: body => quirks.fit(body),
      ...(key !== undefined && { apiKey: key }),
    })
    return { inner: provider.chatModel(model), quirks }
  }

  return {
    list: async (at, signal) => (await import('./list.ts')).listServerModels(at, listTime, signal),
    chat(at, model) {
      const { inner, quirks } = chatOf(at, model)
      async function taught<T>(run: () => PromiseLike<T>): Promise<T> {
        for (let lesson = 0; ; lesson++) {
          try {
            return await way.run(at.fetch, run)
          } catch (error) {
            if (lesson >= mostLessons || !quirks?.learn(error)) throw error
          }
        }
      }
      const doGenerate = (options: LanguageModelV4CallOptions) => taught(() => inner.doGenerate(forServer(options)))
      const taughtModel: LanguageModelV4 = {
        specificationVersion: 'v4',
        provider: inner.provider,
        modelId: inner.modelId,
        supportedUrls: {},
        doGenerate,
        doStream: options => taught(() => inner.doStream(forServer(options))),
      }
      return createServerModel(options => taughtModel.doStream(options), taughtModel, { ...at, patience })
    },
    embedding(at, model) {
      const { kind, name, baseUrl: baseURL, key, fetch } = at
      if (kind !== 'openai-compatible') throw new AppError('model-not-found', { name: model })
      const inner = compatible()
        .createOpenAICompatible({
          name: 'server',
          baseURL,
          fetch,
          ...(key !== undefined && { apiKey: key }),
        })
        .embeddingModel(model)
      const wrapped: EmbeddingModelV4 = {
        specificationVersion: 'v4',
        provider: inner.provider,
        modelId: model,
        maxEmbeddingsPerCall: textsAtOnce,
        supportsParallelCalls: true,
        async doEmbed({ values, abortSignal }) {
          const watch = startWatch(embedTime, abortSignal)
          try {
            const { embeddings, usage } = await inner.doEmbed({ values, abortSignal: watch.signal })
            return { embeddings, warnings: [], ...(usage && { usage }) }
          } catch (error) {
            const circumstances = { late: watch.late(), cancelled: watch.cancelled(), begun: false }
            throw toFailure(error, { name, baseUrl: baseURL, model, ...circumstances })
          } finally {
            watch.end()
          }
        },
      }
      return { model: wrapped, ...prefixesOf([model]) }
    },
  }
}

/** What is meant for our own process is nobody else's business. */
function forServer({ providerOptions: _, ...options }: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  return options
}

/** A page for people in place of an answer would read as an answer without a word. */
function acceptStream(fetch: ServerAddress['fetch'], name: string): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (response.ok && /^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
      await response.body?.cancel()
      throw new AppError('provider-strange', { name })
    }
    return response
  }
}
