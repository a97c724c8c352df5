import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider'
import type { Gateway, Turn } from './index.ts'
import type { Asker } from './servers.ts'

export interface ModelCalls {
  kind: 'chat' | 'vectors' | 'ranking'
  outcome: 'done' | 'failed'
  count: number
}

/**
 * The gateway, and how often models were asked through it: answers by their turns, questions and rankings by whether there was a result.
 * `spent` hears how many tokens a chat model read and wrote, where it says so, with each call that came to its end.
 */
export function countCalls(
  gateway: Gateway,
  spent: (asker: Asker, tokens: number) => void,
): { gateway: Gateway; calls(): ModelCalls[] } {
  const counts = new Map<string, ModelCalls>()
  const note = (kind: ModelCalls['kind'], outcome: ModelCalls['outcome']) => {
    const key = `${kind} ${outcome}`
    const known = counts.get(key) ?? { kind, outcome, count: 0 }
    known.count += 1
    counts.set(key, known)
  }
  const ofResult = <T>(kind: ModelCalls['kind'], result: T) => {
    note(kind, result === undefined ? 'failed' : 'done')
    return result
  }

  function counted(turn: Turn | undefined, asker: Asker): Turn | undefined {
    if (!turn) return undefined
    let over = false
    const once = (outcome: ModelCalls['outcome']) => {
      if (!over) note('chat', outcome)
      over = true
    }
    return {
      ...turn,
      chat: { ...turn.chat, model: telling(turn.chat.model, tokens => spent(asker, tokens)) },
      end() {
        once('done')
        turn.end()
      },
      async next(error, options) {
        once('failed')
        return counted(await turn.next(error, options), asker)
      },
    }
  }

  return {
    gateway: {
      ...gateway,
      turn: async (asker, options) => counted(await gateway.turn(asker, options), asker),
      embedQuestion: async (...asked) => ofResult('vectors', await gateway.embedQuestion(...asked)),
      rerank: async (...asked) => ofResult('ranking', await gateway.rerank(...asked)),
    },
    calls: () => [...counts.values()].map(one => ({ ...one })),
  }
}

function telling(model: LanguageModelV4, tell: (tokens: number) => void): LanguageModelV4 {
  const tellOf = ({ inputTokens, outputTokens }: LanguageModelV4Usage) => {
    const tokens = (inputTokens.total ?? 0) + (outputTokens.total ?? 0)
    if (Number.isSafeInteger(tokens) && tokens > 0) tell(tokens)
  }
  return {
    specificationVersion: model.specificationVersion,
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(options) {
      const result = await model.doGenerate(options)
      tellOf(result.usage)
      return result
    },
    async doStream(options) {
      const result = await model.doStream(options)
      const reader = result.stream.getReader()
      const stream = new ReadableStream<LanguageModelV4StreamPart>(
        {
          async pull(control) {
            const { done, value } = await reader.read()
            if (done) return control.close()
            if (value.type === 'finish') tellOf(value.usage)
            control.enqueue(value)
          },
          cancel: reason => reader.cancel(reason),
        },
        // Nothing is asked of the model before somebody wants it.
        { highWaterMark: 0 },
      )
      return { ...result, stream }
    },
  }
}
