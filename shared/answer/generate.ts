import { AppError } from '../errors.ts'
import type { Asker } from '../gateway/servers.ts'
import type { GenerateEvent } from '../model/index.ts'
import type { Complete } from './complete.ts'

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

export function createGenerate({ complete }: { complete: Complete }): Generate {
  return async function* generate(user, { prompt, ...request }, signal) {
    if (prompt.trim() === '') throw new AppError('prompt-empty')
    let text = ''
    const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: prompt }] }]
    for await (const event of complete(user, { messages, ...request }, signal)) {
      if (event.type === 'call') continue
      if (event.type !== 'finish') {
        if (event.type !== 'waiting') text = event.type === 'text' ? text + event.text : ''
        yield event
        continue
      }
      const { finish, usage, ...rest } = event.completion
      yield {
        type: 'finish',
        generated: {
          text: text.trim(),
          ...rest,
          finish: finish === 'stop' || finish === 'length' ? finish : 'other',
          usage: { prompt: usage.prompt, generated: usage.generated },
        },
      }
    }
  }
}
