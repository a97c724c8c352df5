import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider'
import { AppError, toAppError } from '../errors.ts'
import type { Gateway, Turn } from '../gateway/index.ts'
import type { Asker } from '../gateway/servers.ts'
import type { AnsweringServer, Reason } from '../model/index.ts'
import { readAhead } from './ahead.ts'
import { openParts } from './parts.ts'
import { createThinkingFilter } from './thinking.ts'
import { createTurnTaker, isOfModel, type TurnTaker } from './turn.ts'

/** Everything but the prompt is the model's own where it is not said. */
export interface CompletionRequest {
  /** Goes to the model as it is, without any document. */
  messages: LanguageModelV4Prompt
  /** Reference of the chat model; where that cannot be used, another one writes, and the reason says so. */
  model?: string
  /** Tokens it writes at most; never more than the installation allows. */
  maxTokens?: number
  temperature?: number
  options?: Pick<
    LanguageModelV4CallOptions,
    | 'frequencyPenalty'
    | 'presencePenalty'
    | 'responseFormat'
    | 'seed'
    | 'stopSequences'
    | 'toolChoice'
    | 'tools'
    | 'topP'
  >
}

/** How a completion ended. */
export interface Completion {
  /** The model's name. */
  model: string
  /** The server it ran at; absent where that was our own process. */
  server?: AnsweringServer
  /** Why it is not the one that was asked for. */
  reason: Reason | null
  /**
   * `invalid`: JSON, and whole, but not known to fit its schema where that says more than a grammar does. Our own models look; servers are
   * taken at their word.
   */
  finish: 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'invalid' | 'other'
  /** Tokens; null where the model does not tell. */
  usage: { prompt: number | null; generated: number | null; cached: number | null }
}

export type CompletionEvent =
  /** So many come first at the model. */
  | { type: 'waiting'; place: number }
  /** What it wrote next. */
  | { type: 'text'; text: string }
  /** All `text` so far was the model's thinking, and is not meant. */
  | { type: 'reset' }
  /** A call of one of the tools it was told of; `input` is the text of a JSON object, as the model wrote it. */
  | { type: 'call'; id: string; name: string; input: string }
  | { type: 'finish'; completion: Completion }

/**
 * What a chat model writes to messages, as it comes, its thinking left out. It waits for its turn as questions do, and gives the model back
 * when it has ended, also where nobody reads it. The last event is `finish`. Throws `no-model`, `model-input` where the messages are too long
 * for the model, `model-cannot` where it has no tools or no JSON to offer, `cancelled`, and what the model throws.
 */
export type Complete = (user: Asker, request: CompletionRequest, signal?: AbortSignal) => AsyncIterable<CompletionEvent>

export function createComplete({ gateway }: { gateway: Gateway }): Complete {
  return (user, request, signal) =>
    readAhead(async function* (within) {
      const turns = createTurnTaker(gateway, user, { model: request.model, signal: within })
      try {
        yield* write(request, turns, within)
      } finally {
        turns.end()
      }
    }, signal)
}

/** What fails before its first words gives way to the next model. */
async function* write(
  request: CompletionRequest,
  turns: TurnTaker,
  signal: AbortSignal,
): AsyncGenerator<CompletionEvent, void> {
  let turn = yield* turns.take()
  if (!turn) throw new AppError('no-model')
  for (;;) {
    let begun = false
    try {
      for await (const event of writeWith(turn, request, signal)) {
        begun = true
        yield event
      }
      return
    } catch (error) {
      // One that cannot read so much was asked for all the same.
      if (begun || signal.aborted || !isOfModel(error) || toAppError(error).code === 'model-input') throw error
      turn = yield* turns.other(error)
      if (!turn) throw error
    }
  }
}

async function* writeWith(
  { chat, instead, server }: Turn,
  { messages, temperature, maxTokens, options = {} }: CompletionRequest,
  signal: AbortSignal,
): AsyncGenerator<CompletionEvent, void> {
  const stop = new AbortController()
  const parts = openParts(
    {
      chat,
      prompt: messages,
      maxTokens: Math.min(maxTokens ?? chat.maxTokens, chat.maxTokens),
      ...(temperature !== undefined && { temperature }),
      more: options,
    },
    AbortSignal.any([signal, stop.signal]),
  )
  const thinking = createThinkingFilter()
  let said = false
  try {
    for (;;) {
      const part = await parts.next()
      if (part?.type === 'stream-start')
        for (const warning of part.warnings) {
          // With details, it is done in another way.
          const missing = warning.type === 'unsupported' && !warning.details ? warning.feature : ''
          if (missing === 'tools' || missing === 'responseFormat')
            throw new AppError('model-cannot', { name: chat.name, what: missing === 'tools' ? 'tools' : 'JSON' })
        }
      if (part?.type === 'text-delta') {
        const { text, reset } = thinking.push(part.delta, true)
        if (reset && said) {
          said = false
          yield { type: 'reset' }
        }
        if (text === '') continue
        said = true
        yield { type: 'text', text }
      }
      if (part?.type === 'tool-call')
        yield { type: 'call', id: part.toolCallId, name: part.toolName, input: part.input }
      if (part?.type !== 'finish') continue
      const rest = thinking.finish()
      if (rest !== '') yield { type: 'text', text: rest }
      const {
        finishReason: { unified },
        usage: { inputTokens, outputTokens },
        providerMetadata,
      } = part
      const unfit = providerMetadata?.cloister?.fitsSchema === false
      const completion: Completion = {
        model: chat.name,
        ...(server && { server }),
        reason: instead,
        finish: unfit ? 'invalid' : unified === 'error' || unified === 'interrupted' ? 'other' : unified,
        usage: {
          prompt: inputTokens.total ?? null,
          generated: outputTokens.total ?? null,
          cached: inputTokens.cacheRead ?? null,
        },
      }
      yield { type: 'finish', completion }
      return
    }
  } catch (error) {
    // Whoever counted the tokens does not know what the model is called.
    throw toAppError(error).code === 'model-input'
      ? new AppError('model-input', { name: chat.name }, { cause: error })
      : error
  } finally {
    stop.abort()
    parts.end()
  }
}
