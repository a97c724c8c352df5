/** What keeps one failing server from being asked again and again: another try where that may help, and rest where it does not. */
import { setTimeout as pause } from 'node:timers/promises'
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import { AppError, toAppError } from '../errors.ts'
import type { ErrorCode } from '../model/index.ts'
import { createBreaker, type Pass } from './breaker.ts'

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
  /** What failed is tried again where that may help. Throws `provider-rests` at once while it does, `cancelled`. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** The same for what goes on when the promise has resolved: the work says how it ended, unless whoever asked leaves. */
  open<T>(work: (pass: Pass) => Promise<T>, signal?: AbortSignal): Promise<T>
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

/** Milliseconds that the server itself wants to be left alone. */
const wishOf = (error: unknown) => Number(toAppError(error).values.seconds ?? 0) * 1000

export function createGuard(name: string, settings: GuardSettings, now?: () => number): Guard {
  const { failureThreshold, resetTimeout, retryAttempts, retryInitial, retryMax } = settings
  const breaker = createBreaker({ threshold: failureThreshold, rest: resetTimeout, ...(now && { now }) })

  const mayHelp = (error: unknown) => {
    const { code } = toAppError(error)
    // It was waited for long enough; and nonsense stays nonsense.
    return isOfServer(error) && code !== 'provider-silent' && code !== 'provider-strange' && wishOf(error) <= retryMax
  }
  // Not all who failed at the same moment together again.
  const pauseOf = (error: unknown, tried: number) =>
    Math.max(wishOf(error), Math.min(retryMax, retryInitial * 2 ** tried) * (0.75 + Math.random() / 2))

  async function open<T>(work: (pass: Pass) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let before: unknown
    for (let tried = 0; ; tried++) {
      if (signal?.aborted) throw new AppError('cancelled')
      const entered = breaker.enter()
      // What it rests for says more than that it does.
      if (!entered) throw before ?? new AppError('provider-rests', { name })
      const pass = untilLeft(entered, signal)
      try {
        return await unlessLeft(work(pass), signal)
      } catch (error) {
        if (isOfServer(error)) pass.failed()
        else pass.left()
        if (tried >= retryAttempts || !mayHelp(error) || breaker.rests()) throw error
        before = error
        await unlessLeft(pause(pauseOf(error, tried)), signal)
      }
    }
  }

  return {
    rests: breaker.rests,
    open,
    run: (work, signal) =>
      open(async pass => {
        const result = await work()
        pass.ended()
        return result
      }, signal),
  }
}

/** Whoever leaves may not read to the end what was opened. */
function untilLeft(pass: Pass, signal: AbortSignal | undefined): Pass {
  if (!signal) return pass
  signal.addEventListener('abort', pass.left, { once: true })
  const then = (say: () => void) => () => {
    signal.removeEventListener('abort', pass.left)
    say()
  }
  return { ended: then(pass.ended), failed: then(pass.failed), left: then(pass.left) }
}

/** Whoever leaves waits for nothing. */
export async function unlessLeft<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  let leave = () => {}
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(new AppError('cancelled'))
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([work, left])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** The model behind its guard: what fails before its first words is tried again, what fails later is noted as well. */
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
    doStream: options => heard(guard.open(pass => openStream(inner, usual(options), pass), options.abortSignal)),
  }
}

/** Resolves when there are words, or whatever else is an answer. */
async function openStream(
  inner: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  pass: Pass,
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
        try {
          const early = before.shift()
          const { done, value } = early ? { done: false, value: early } : await reader.read()
          if (done || !value) return controller.close()
          // Nobody need read what comes after it.
          if (value.type === 'finish' && value.finishReason.unified !== 'error') pass.ended()
          controller.enqueue(value)
        } catch (error) {
          if (isOfServer(error)) pass.failed()
          else pass.left()
          controller.error(error)
        }
      },
      cancel(reason) {
        pass.left()
        return reader.cancel(reason)
      },
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
