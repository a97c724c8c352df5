import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import { AppError, toAppError } from '../errors.ts'
import { taskOf, warningsOf } from './call-messages.ts'
import type { Piece } from './pieces.ts'
import type { ModelFile, Results } from './protocol.ts'
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
 * `doStream`, which also ends that way when it is aborted (`cancelled`). JSON that does not fit its schema is none: it is whole, and
 * ends as `other` (raw `invalid`), with `fitsSchema: false` in the metadata of its end.
 */
export function createLanguageModel({ supervisor, file, ...defaults }: LanguageModelOptions): LanguageModelV4 {
  function stream(options: LanguageModelV4CallOptions): ReadableStream<LanguageModelV4StreamPart> {
    const abandoned = new AbortController()
    const signal = options.abortSignal ? AbortSignal.any([options.abortSignal, abandoned.signal]) : abandoned.signal
    return new ReadableStream<LanguageModelV4StreamPart>({
      async start(controller) {
        const parts = createParts(part => controller.enqueue(part))
        try {
          controller.enqueue({ type: 'stream-start', warnings: warningsOf(options) })
          const result = await supervisor.run(file, taskOf(options, defaults), { signal, piece: parts.piece })
          parts.end()
          const unfit = result.finish === 'invalid' && { providerMetadata: { [provider]: { fitsSchema: false } } }
          controller.enqueue({ type: 'finish', usage: usageOf(result), finishReason: finishOf(result), ...unfit })
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
      const content: LanguageModelV4Content[] = []
      const open = new Map<string, { text: string }>()
      for await (const part of stream(options)) {
        if (part.type === 'text-start' || part.type === 'reasoning-start') {
          const one = { type: part.type === 'text-start' ? ('text' as const) : ('reasoning' as const), text: '' }
          content.push(one)
          open.set(part.id, one)
        }
        if (part.type === 'text-delta' || part.type === 'reasoning-delta') open.get(part.id)!.text += part.delta
        if (part.type === 'tool-call') content.push(part)
        if (part.type !== 'finish') continue
        const { type: _, ...end } = part
        return { content, ...end, warnings: warningsOf(options) }
      }
      throw new AppError('internal')
    },
  }
}

/** Pieces as parts: each stretch of text, thought or call is opened and closed. */
function createParts(enqueue: (part: LanguageModelV4StreamPart) => void) {
  let open: { kind: 'text' | 'reasoning' | 'tool-input'; id: string } | undefined
  let count = 0
  let toolName = ''
  let input = ''
  function end(): void {
    if (open) enqueue({ type: `${open.kind}-end`, id: open.id })
    open = undefined
  }
  return {
    end,
    piece(kind: Piece['kind'], delta: string) {
      if (kind === 'call') {
        end()
        open = { kind: 'tool-input', id: crypto.randomUUID() }
        ;[toolName, input] = [delta, '']
        enqueue({ type: 'tool-input-start', id: open.id, toolName })
      } else if (kind === 'input' && open) {
        input += delta
        enqueue({ type: 'tool-input-delta', id: open.id, delta })
      } else if (kind === 'called' && open) {
        const toolCallId = open.id
        end()
        enqueue({ type: 'tool-call', toolCallId, toolName, input })
      } else if (kind === 'text' || kind === 'reasoning') {
        if (open?.kind !== kind) {
          end()
          open = { kind, id: String(count++) }
          enqueue({ type: `${kind}-start`, id: open.id })
        }
        enqueue({ type: `${kind}-delta`, id: open.id, delta })
      }
    },
  }
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

const finishes = { stop: 'stop', length: 'length', calls: 'tool-calls', invalid: 'other' } as const

function finishOf({ finish }: Results['chat']): LanguageModelV4FinishReason {
  return { unified: finishes[finish], raw: finish }
}
