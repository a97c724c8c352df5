import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4Warning,
} from '@ai-sdk/provider'
import { AppError, toAppError } from '../errors.ts'
import type { ChatMessage, ModelFile, Results, Task } from './protocol.ts'
import type { Supervisor } from './supervise.ts'

export const provider = 'cloister'

export interface LanguageModelOptions {
  supervisor: Supervisor
  file: ModelFile
  maxTokens: number
  temperature: number
}

/**
 * A local chat model as the AI SDK wants one. Errors are `AppError`s: thrown by `doGenerate`, and by reading the stream of
 * `doStream`, which also ends that way when it is aborted (`cancelled`).
 */
export function createLanguageModel({ supervisor, file, ...defaults }: LanguageModelOptions): LanguageModelV4 {
  function stream(options: LanguageModelV4CallOptions): ReadableStream<LanguageModelV4StreamPart> {
    const abandoned = new AbortController()
    const signal = options.abortSignal ? AbortSignal.any([options.abortSignal, abandoned.signal]) : abandoned.signal
    return new ReadableStream<LanguageModelV4StreamPart>({
      async start(controller) {
        controller.enqueue({ type: 'stream-start', warnings: warningsOf(options) })
        const parts = createParts(part => controller.enqueue(part))
        try {
          const result = await supervisor.run(file, taskOf(options, defaults), { signal, piece: parts.piece })
          parts.end()
          controller.enqueue({ type: 'finish', usage: usageOf(result), finishReason: finishOf(result) })
          controller.close()
        } catch (error) {
          // Whoever cancelled the stream does not listen any more.
          if (!abandoned.signal.aborted) controller.error(toAppError(error))
        }
      },
      cancel: () => abandoned.abort(),
    })
  }

  return {
    specificationVersion: 'v4',
    provider,
    modelId: file.name,
    supportedUrls: {},
    doStream: async options => ({ stream: stream(options) }),
    async doGenerate(options) {
      const content = new Map<string, LanguageModelV4Content & { text: string }>()
      for await (const part of stream(options)) {
        if (part.type === 'text-start') content.set(part.id, { type: 'text', text: '' })
        if (part.type === 'reasoning-start') content.set(part.id, { type: 'reasoning', text: '' })
        if (part.type === 'text-delta' || part.type === 'reasoning-delta') content.get(part.id)!.text += part.delta
        if (part.type === 'finish')
          return {
            content: [...content.values()],
            finishReason: part.finishReason,
            usage: part.usage,
            warnings: warningsOf(options),
          }
      }
      throw new AppError('internal')
    },
  }
}

/** Pieces as parts: each stretch of text or thought is opened and closed. */
function createParts(enqueue: (part: LanguageModelV4StreamPart) => void) {
  let open: { kind: 'text' | 'reasoning'; id: string } | undefined
  let count = 0
  function end(): void {
    if (open) enqueue({ type: `${open.kind}-end`, id: open.id })
    open = undefined
  }
  return {
    end,
    piece(kind: 'text' | 'reasoning', delta: string) {
      if (open?.kind !== kind) {
        end()
        open = { kind, id: String(count++) }
        enqueue({ type: `${kind}-start`, id: open.id })
      }
      enqueue({ type: `${kind}-delta`, id: open.id, delta })
    },
  }
}

function taskOf(
  options: LanguageModelV4CallOptions,
  defaults: { maxTokens: number; temperature: number },
): Extract<Task, { type: 'chat' }> {
  const { topP, topK, seed } = options
  return {
    type: 'chat',
    messages: messagesOf(options.prompt),
    sequence: options.providerOptions?.cloister?.sequence === 'rewrite' ? 'rewrite' : 'answer',
    maxTokens: Math.max(1, Math.floor(options.maxOutputTokens ?? defaults.maxTokens)),
    temperature: Math.max(0, options.temperature ?? defaults.temperature),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seed !== undefined && { seed }),
    stops: options.stopSequences ?? [],
  }
}

/** Text alone: these models see no pictures and call no tools. */
function messagesOf(prompt: LanguageModelV4Prompt): ChatMessage[] {
  return prompt.map((message): ChatMessage => {
    if (message.role === 'system') return { role: 'system', text: message.content }
    if (message.role === 'tool') throw new Error('local models call no tools')
    const text = message.content.map(part => {
      if (part.type === 'text') return part.text
      // What an earlier answer thought is not told again.
      if (part.type === 'reasoning') return ''
      throw new Error(`local models read no ${part.type}`)
    })
    return { role: message.role, text: text.join('') }
  })
}

function warningsOf(options: LanguageModelV4CallOptions): SharedV4Warning[] {
  const unsupported = [
    options.tools && options.tools.length > 0 && 'tools',
    options.responseFormat?.type === 'json' && 'responseFormat',
    options.presencePenalty !== undefined && 'presencePenalty',
    options.frequencyPenalty !== undefined && 'frequencyPenalty',
  ]
  return unsupported.filter(feature => typeof feature === 'string').map(feature => ({ type: 'unsupported', feature }))
}

function usageOf({ usage }: Results['chat']): LanguageModelV4Usage {
  return {
    inputTokens: {
      total: usage.prompt,
      noCache: usage.prompt - usage.cached,
      cacheRead: usage.cached,
      cacheWrite: undefined,
    },
    outputTokens: { total: usage.generated, text: usage.generated - usage.reasoning, reasoning: usage.reasoning },
  }
}

function finishOf({ finish }: Results['chat']): LanguageModelV4FinishReason {
  return { unified: finish, raw: finish }
}
