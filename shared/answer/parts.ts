import type { LanguageModelV4CallOptions, LanguageModelV4Prompt, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { AppError } from '../errors.ts'
import type { ChatModel } from '../model/index.ts'

/** What a model says, part by part. */
export interface Parts {
  /** Undefined when none comes within so many milliseconds. Throws when the answer ends without its end. */
  next(within?: number): Promise<LanguageModelV4StreamPart | undefined>
  end(): void
}

/**
 * The parts of what the model writes to this prompt, as long as nobody stops it: then `next` throws `cancelled` at once,
 * whatever the model does. It is asked for at once; `end` lets go of it.
 */
export function openParts(
  {
    chat,
    prompt,
    maxTokens,
    temperature,
    more,
  }: {
    chat: ChatModel
    prompt: LanguageModelV4Prompt
    maxTokens: number
    /** The model's own when not said. */
    temperature?: number
    more?: Partial<LanguageModelV4CallOptions>
  },
  abortSignal: AbortSignal,
): Parts {
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(new AppError('cancelled'))
    if (abortSignal.aborted) stop()
    else abortSignal.addEventListener('abort', stop, { once: true })
  })
  // Whoever stops reading has no use for it.
  stopped.catch(() => {})
  const options = {
    ...more,
    prompt,
    maxOutputTokens: maxTokens,
    reasoning: 'none' as const,
    abortSignal,
    ...(temperature !== undefined && { temperature }),
  }
  const opening = (async () => chat.model.doStream(options))()
  opening.catch(() => {})
  let reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart> | undefined
  let reading: ReturnType<ReadableStreamDefaultReader<LanguageModelV4StreamPart>['read']> | undefined

  return {
    async next(within) {
      reader ??= (await Promise.race([opening, stopped])).stream.getReader()
      // One that was not waited for long enough is still on its way.
      reading ??= reader.read()
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<undefined>(resolve => {
        if (within !== undefined) timer = setTimeout(resolve, within, undefined)
      })
      const read = await Promise.race([reading, stopped, late]).finally(() => clearTimeout(timer))
      if (read === undefined) return undefined
      reading = undefined
      if (read.done) throw new AppError('model-crashed')
      const { value } = read
      if (value.type === 'error') throw value.error
      if (value.type === 'finish' && value.finishReason.unified === 'error') throw new AppError('model-crashed')
      return value
    },
    end() {
      reading?.catch(() => {})
      reader?.cancel().catch(() => {})
    },
  }
}
