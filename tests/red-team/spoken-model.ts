import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type { ChatModel } from '../../shared/model/index.ts'

export type Said = string | Error | { reasoning: string } | { wait: Promise<unknown> }

export interface SpokenModel extends ChatModel {
  /** What it was asked, in order. */
  calls: LanguageModelV4CallOptions[]
}

/** A model that says these pieces, whatever it is asked: text, thoughts, a pause, an error. One list for each call; the last is said again. */
export function spokenModel(
  answers: readonly (readonly Said[])[],
  more: Partial<Pick<ChatModel, 'contextSize' | 'maxTokens'>> & { unified?: 'stop' | 'length' | 'error' } = {},
): SpokenModel {
  const calls: LanguageModelV4CallOptions[] = []
  async function* parts(options: LanguageModelV4CallOptions): AsyncGenerator<LanguageModelV4StreamPart, void> {
    yield { type: 'stream-start', warnings: [] }
    yield { type: 'text-start', id: '0' }
    for (const said of answers[Math.min(calls.length, answers.length) - 1]) {
      if (said instanceof Error) throw said
      if (typeof said === 'string') yield { type: 'text-delta', id: '0', delta: said }
      else if ('reasoning' in said) yield { type: 'reasoning-delta', id: '1', delta: said.reasoning }
      else
        await Promise.race([said.wait, new Promise(resolve => options.abortSignal?.addEventListener('abort', resolve))])
      options.abortSignal?.throwIfAborted()
    }
    const tokens = { total: 1, noCache: 1, cacheRead: 0, cacheWrite: undefined }
    const finishReason = { unified: more.unified ?? 'stop', raw: undefined }
    yield {
      type: 'finish',
      usage: { inputTokens: tokens, outputTokens: { total: 1, text: 1, reasoning: 0 } },
      finishReason,
    }
  }
  const model: LanguageModelV4 = {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: 'spoken',
    supportedUrls: {},
    doGenerate: () => {
      throw new Error('answers are streamed')
    },
    async doStream(options) {
      calls.push(options)
      return { stream: ReadableStream.from(parts(options)) as ReadableStream<LanguageModelV4StreamPart> }
    },
  }
  return { model, name: 'spoken', contextSize: more.contextSize ?? 4096, maxTokens: more.maxTokens ?? 512, calls }
}

/** In pieces of so many characters, as tokens come. */
export function inPieces(text: string, size: number): string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size))
  return pieces
}
