import { AppError, toAppError } from '../errors.ts'
import type { Gateway, Turn } from '../gateway/index.ts'
import type { Asker } from '../gateway/servers.ts'
import type { Generated, GenerateEvent } from '../model/index.ts'
import { readAhead } from './ahead.ts'
import { openParts } from './parts.ts'
import { createThinkingFilter } from './thinking.ts'
import { createTurnTaker, isOfModel, type TurnTaker } from './turn.ts'

export interface GenerateRequest {
  /** Goes to the model as it is, without any document. */
  prompt: string
  /** Reference of the chat model; where that cannot be used, another one writes, and the reason says so. */
  model?: string
  /** How freely it writes; as the installation is set when not said. */
  temperature?: number
  /** Tokens it writes at most; never more than the installation allows. */
  maxTokens?: number
}

/**
 * What a chat model writes to a prompt, as it comes, its thinking left out. It waits for its turn as questions do, and gives the
 * model back when it has ended, also where nobody reads it. The last event is `finish`. Throws `prompt-empty`, `no-model`,
 * `model-input` where the prompt is too long for the model, `cancelled`, and what the model throws.
 */
export type Generate = (user: Asker, request: GenerateRequest, signal?: AbortSignal) => AsyncIterable<GenerateEvent>

export function createGenerate({ gateway }: { gateway: Gateway }): Generate {
  return async function* generate(user, request, signal) {
    if (request.prompt.trim() === '') throw new AppError('prompt-empty')
    yield* readAhead(async function* (within) {
      const turns = createTurnTaker(gateway, user, { model: request.model, signal: within })
      try {
        yield* write(request, turns, within)
      } finally {
        turns.end()
      }
    }, signal)
  }
}

/** What fails before its first words gives way to the next model. */
async function* write(
  request: GenerateRequest,
  turns: TurnTaker,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent, void> {
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
  { prompt, temperature, maxTokens }: GenerateRequest,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent, void> {
  const stop = new AbortController()
  const parts = openParts(
    {
      chat,
      prompt: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
      maxTokens: Math.min(maxTokens ?? chat.maxTokens, chat.maxTokens),
      ...(temperature !== undefined && { temperature }),
    },
    AbortSignal.any([signal, stop.signal]),
  )
  const thinking = createThinkingFilter()
  let text = ''
  try {
    for (;;) {
      const part = await parts.next()
      if (part?.type === 'text-delta') {
        const said = thinking.push(part.delta, true)
        if (said.reset && text !== '') {
          text = ''
          yield { type: 'reset' }
        }
        text += said.text
        if (said.text !== '') yield { type: 'text', text: said.text }
      }
      if (part?.type !== 'finish') continue
      const rest = thinking.finish()
      if (rest !== '') yield { type: 'text', text: rest }
      const { finishReason, usage } = part
      const generated: Generated = {
        text: (text + rest).trim(),
        model: chat.name,
        ...(server && { server }),
        reason: instead,
        finish: finishReason.unified === 'stop' || finishReason.unified === 'length' ? finishReason.unified : 'other',
        usage: { prompt: usage.inputTokens.total ?? null, generated: usage.outputTokens.total ?? null },
      }
      yield { type: 'finish', generated }
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
