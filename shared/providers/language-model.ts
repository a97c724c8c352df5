import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import { AppError } from '../errors.ts'
import { type Circumstances, ofStreamError, toFailure } from './failure.ts'

/** Milliseconds that a server may be silent. */
export interface Patience {
  /** Until the first part of an answer: it may have to load the model, and to read a long prompt on a CPU. */
  first: number
  /** Between two parts. */
  next: number
  /** For what comes in one piece. */
  whole: number
}

export const usualPatience: Patience = { first: 120_000, next: 60_000, whole: 300_000 }

/**
 * A model of a server with our errors and our patience. Its stream errors where the server's is broken off, says nonsense or is
 * silent for too long; what came before stays. Whoever cancels it ends the request.
 */
export function createServerModel(
  open: (modified: LanguageModelV4CallOptions) => PromiseLike<LanguageModelV4StreamResult>,
  inner: LanguageModelV4,
  { name, baseUrl, patience }: { name: string; baseUrl: string; patience: Patience },
): LanguageModelV4 {
  const { modelId: model } = inner
  const about = (watch: Watch, begun = false): Circumstances => ({
    name,
    baseUrl,
    model,
    begun,
    late: watch.late(),
    cancelled: watch.cancelled(),
  })

  return {
    specificationVersion: 'v4',
    provider: inner.provider,
    modelId: model,
    supportedUrls: {},
    async doGenerate(options) {
      const watch = startWatch(patience.whole, options.abortSignal)
      try {
        const {
          request: _,
          response: __,
          ...result
        } = await inner.doGenerate({ ...options, abortSignal: watch.signal })
        return result
      } catch (error) {
        throw toFailure(error, about(watch))
      } finally {
        watch.end()
      }
    },
    async doStream(options) {
      const watch = startWatch(patience.first, options.abortSignal)
      let reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>
      try {
        const { stream } = await open({ ...options, abortSignal: watch.signal })
        reader = stream.getReader()
      } catch (error) {
        watch.end()
        throw toFailure(error, about(watch))
      }
      let begun = false
      const stream = new ReadableStream<LanguageModelV4StreamPart>(
        {
          async pull(controller) {
            try {
              const { done, value } = await reader.read()
              if (done) throw new AppError('provider-broken', { name })
              if (value.type === 'error') throw ofStreamError(value.error, about(watch, begun))
              const { type } = value
              if (type !== 'stream-start' && type !== 'response-metadata') {
                if (!begun) watch.now(patience.next)
                begun = true
                watch.beat()
              }
              if (type === 'finish' && isCut(value.finishReason)) throw new AppError('provider-broken', { name })
              controller.enqueue(value)
              if (type !== 'finish') return
              watch.end()
              controller.close()
            } catch (error) {
              const failure = toFailure(error, about(watch, begun))
              watch.end()
              reader.cancel().catch(() => {})
              controller.error(failure)
            }
          },
          async cancel() {
            watch.leave()
            await reader.cancel().catch(() => {})
          },
        },
        { highWaterMark: 0 },
      )
      return { stream }
    },
  }
}

/** What ends without saying why was cut off, however politely. */
function isCut({ unified, raw }: LanguageModelV4FinishReason): boolean {
  return unified === 'interrupted' || (unified === 'other' && raw === undefined)
}

interface Watch {
  readonly signal: AbortSignal
  late(): boolean
  cancelled(): boolean
  /** Something came: the time begins anew. */
  beat(): void
  now(time: number): void
  leave(): void
  end(): void
}

/** Ends a request when nothing comes for so many milliseconds, or when whoever asked leaves. */
export function startWatch(time: number, asked: AbortSignal | undefined): Watch {
  const control = new AbortController()
  let late = false
  const expire = () => {
    late = true
    control.abort(new AppError('cancelled'))
  }
  let timer = setTimeout(expire, time)
  const leave = () => {
    clearTimeout(timer)
    control.abort(new AppError('cancelled'))
  }
  if (asked?.aborted) leave()
  else asked?.addEventListener('abort', leave, { once: true })
  return {
    signal: control.signal,
    late: () => late,
    cancelled: () => control.signal.aborted && !late,
    beat: () => void timer.refresh(),
    now(changed) {
      clearTimeout(timer)
      timer = setTimeout(expire, changed)
    },
    leave,
    end() {
      clearTimeout(timer)
      asked?.removeEventListener('abort', leave)
    },
  }
}
