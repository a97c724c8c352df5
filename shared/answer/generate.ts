import { AppError, toAppError } from '../errors.ts'
import type { Gateway } from '../gateway/index.ts'
import type { Generated, GenerateEvent, Reason, Scope } from '../model/index.ts'
import { readAhead } from './ahead.ts'
import { openParts } from './parts.ts'
import { createThinkingFilter } from './thinking.ts'
import { createTurnTaker, type TurnTaker } from './turn.ts'

export interface GenerateRequest {
  /** Goes to the model as it is, without any document. */
  prompt: string
  /** Name of the chat model; where that is not there, the one in use writes, and the reason says so. */
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
export type Generate = (
  user: Pick<Scope, 'userId'>,
  request: GenerateRequest,
  signal?: AbortSignal,
) => AsyncIterable<GenerateEvent>

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

async function* write(
  { prompt, model, temperature, maxTokens }: GenerateRequest,
  turns: TurnTaker,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent, void> {
  const turn = yield* turns.take()
  if (!turn) throw new AppError('no-model')
  const { chat, instead } = turn
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
      const reason: Reason | null =
        instead && model !== undefined ? { code: 'model-other', values: { name: model, other: chat.name } } : null
      const generated: Generated = {
        text: (text + rest).trim(),
        model: chat.name,
        reason,
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
