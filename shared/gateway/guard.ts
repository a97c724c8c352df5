/** What keeps one failing server from being asked again and again: another try where that may help, and rest where it does not. */
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  retry,
  wrap,
} from 'cockatiel'
import { AppError, toAppError } from '../errors.ts'
import type { ErrorCode } from '../model/index.ts'

export interface GuardSettings {
  /** Failures in a row after which a server rests, and for how many milliseconds. */
  failureThreshold: number
  resetTimeout: number
  /** Further tries of what failed before its first words; milliseconds before the first of them, and at most. */
  retryAttempts: number
  retryInitial: number
  retryMax: number
}

export const usualGuard: GuardSettings = {
  failureThreshold: 5,
  resetTimeout: 30_000,
  retryAttempts: 2,
  retryInitial: 300,
  retryMax: 5000,
}

export interface Guard {
  /** It failed so often that nobody asks it for now. */
  rests(): boolean
  /** Throws `provider-rests` at once while it does. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Something failed that had begun well. */
  failed(error: unknown): void
}

const ofTheServer: ReadonlySet<ErrorCode> = new Set([
  'provider-unreachable',
  'provider-silent',
  'provider-busy',
  'provider-failed',
  'provider-broken',
  'provider-strange',
])

/** Whose own fault the failure is, so that another model may do better, or the same one later. */
function isOfServer(error: unknown): boolean {
  const { code, values } = toAppError(error)
  return ofTheServer.has(code) && !(code === 'provider-failed' && Number(values.status) < 500)
}

export function createGuard(name: string, settings: GuardSettings): Guard {
  const { failureThreshold, resetTimeout, retryAttempts, retryInitial, retryMax } = settings
  const breaker = circuitBreaker(handleWhen(isOfServer), {
    halfOpenAfter: resetTimeout,
    breaker: new ConsecutiveBreaker(failureThreshold),
  })
  let rested = 0
  breaker.onBreak(() => {
    rested = performance.now()
  })
  const waitOf = (error: unknown) => Number(toAppError(error).values.seconds ?? 0) * 1000
  const mayHelp = (error: unknown) => {
    const { code } = toAppError(error)
    // It was waited for long enough; and nonsense stays nonsense.
    return isOfServer(error) && code !== 'provider-silent' && code !== 'provider-strange' && waitOf(error) <= retryMax
  }
  const again = retry(handleWhen(mayHelp), {
    maxAttempts: retryAttempts,
    backoff: new DelegateBackoff(({ attempt, result }) => {
      const asked = 'error' in result ? waitOf(result.error) : 0
      // Not all who failed at the same moment together again.
      const usual = Math.min(retryMax, retryInitial * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2)
      return Math.max(asked, usual)
    }),
  })
  const policy = wrap(again, breaker)

  return {
    // Its state stays `Open` until somebody asks again.
    rests: () => breaker.state === CircuitState.Open && performance.now() - rested < resetTimeout,
    async run(work, signal) {
      let leave = () => {}
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(new AppError('cancelled'))
      })
      left.catch(() => {})
      if (signal?.aborted) throw new AppError('cancelled')
      signal?.addEventListener('abort', leave, { once: true })
      try {
        // Whoever leaves does not wait for the next try.
        return await Promise.race([policy.execute(work, signal), left])
      } catch (error) {
        throw error instanceof BrokenCircuitError ? new AppError('provider-rests', { name }) : error
      } finally {
        signal?.removeEventListener('abort', leave)
      }
    },
    failed(error) {
      breaker.execute(() => Promise.reject(error)).catch(() => {})
    },
  }
}

/** The model behind its guard: what fails before its first words is tried again, what fails later is noted. */
export function guardModel(
  inner: LanguageModelV4,
  guard: Guard,
  { temperature, failed }: { temperature: number; failed(error: unknown): void },
): LanguageModelV4 {
  const usual = (options: LanguageModelV4CallOptions) => ({
    ...options,
    temperature: options.temperature ?? temperature,
  })
  const heard = async <T>(work: Promise<T>) =>
    work.catch(error => {
      failed(error)
      throw error
    })

  return {
    specificationVersion: 'v4',
    provider: inner.provider,
    modelId: inner.modelId,
    supportedUrls: inner.supportedUrls,
    doGenerate: options => heard(guard.run(async () => inner.doGenerate(usual(options)), options.abortSignal)),
    doStream: options => heard(guard.run(() => openStream(inner, usual(options), guard), options.abortSignal)),
  }
}

/** Resolves when there are words, or whatever else is an answer. */
async function openStream(
  inner: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  guard: Guard,
): Promise<LanguageModelV4StreamResult> {
  const reader = (await inner.doStream(options)).stream.getReader()
  const before: LanguageModelV4StreamPart[] = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    before.push(value)
    if (!preliminary.has(value.type)) break
  }
  const stream = new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        const early = before.shift()
        if (early) return controller.enqueue(early)
        try {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          guard.failed(error)
          controller.error(error)
        }
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return { stream }
}

const preliminary: ReadonlySet<LanguageModelV4StreamPart['type']> = new Set([
  'stream-start',
  'response-metadata',
  'text-start',
  'reasoning-start',
  'raw',
])
