import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { expect, test, vi } from 'vitest'
import { AppError } from '../errors.ts'
import { createGuard, guardModel, usualGuard } from './guard.ts'

const never = () => new Promise<never>(() => {})
const gone = () => Promise.reject(new AppError('provider-unreachable', { name: 'x', host: 'x' }))

/** A guard whose time is ours. */
function open(settings: Partial<typeof usualGuard> = {}) {
  const time = { now: 0 }
  const usual = { ...usualGuard, failureThreshold: 2, resetTimeout: 100, retryAttempts: 0, retryInitial: 1 }
  const guard = createGuard('x', { ...usual, ...settings }, () => time.now)
  const outcome = (work: () => Promise<unknown>, signal?: AbortSignal) =>
    guard.run(work, signal).then(
      value => value,
      error => error.code,
    )
  return { guard, time, outcome }
}

/** One that has failed until it rested, and may be tried again. */
async function openToProbe() {
  const opened = open()
  for (let at = 0; at < 2; at++) await opened.outcome(gone)
  expect(opened.guard.rests()).toBe(true)
  expect(await opened.outcome(async () => 'ok')).toBe('provider-rests')
  opened.time.now += 100
  expect(opened.guard.rests()).toBe(false)
  return opened
}

function speaking(...parts: (string | 'finish' | Error)[]): LanguageModelV4 {
  function stream() {
    const left = [...parts]
    return new ReadableStream<LanguageModelV4StreamPart>(
      {
        pull(controller) {
          const part = left.shift()
          if (part === undefined) return controller.close()
          if (part instanceof Error) return controller.error(part)
          const usage = { inputTokens: {}, outputTokens: {} } as never
          controller.enqueue(
            part === 'finish'
              ? { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage }
              : { type: 'text-delta', id: '1', delta: part },
          )
        },
      },
      { highWaterMark: 0 },
    )
  }
  const doStream = async () => ({ stream: stream() })
  return { specificationVersion: 'v4', provider: 'x', modelId: 'x', supportedUrls: {}, doGenerate: never, doStream }
}

test('after failures in a row a server rests; one that ends well counts them anew', async () => {
  const { guard, outcome } = open()
  await outcome(gone)
  expect(await outcome(async () => 'ok')).toBe('ok')
  await outcome(gone)
  expect(guard.rests()).toBe(false)
  // Of these it is not the cause.
  await outcome(() => Promise.reject(new AppError('provider-key', { name: 'x' })))
  expect(guard.rests()).toBe(false)
  await outcome(gone)
  expect(guard.rests()).toBe(true)
})

test('how late it is says no clock that may jump', async () => {
  const guard = createGuard('x', { ...usualGuard, failureThreshold: 1, resetTimeout: 30, retryAttempts: 0 })
  await guard.run(gone).catch(() => {})
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000)
  try {
    await vi.waitFor(() => expect(guard.rests()).toBe(false), { timeout: 30_000, interval: 10 })
    expect(await guard.run(async () => 'ok')).toBe('ok')
  } finally {
    now.mockRestore()
  }
})

test('while one sees whether it is back, the others go elsewhere at once', async () => {
  const { guard, outcome, time } = await openToProbe()
  const control = new AbortController()
  const probe = outcome(never, control.signal)
  expect(guard.rests()).toBe(true)
  expect(await outcome(async () => 'ok')).toBe('provider-rests')
  time.now += 10_000
  expect(await outcome(async () => 'ok')).toBe('provider-rests')
  // Whoever leaves has found out nothing: the next one sees.
  control.abort()
  expect(await probe).toBe('cancelled')
  expect(guard.rests()).toBe(false)
  await outcome(gone)
  expect(guard.rests()).toBe(true)
  time.now += 100
  expect(await outcome(async () => 'ok')).toBe('ok')
  expect(guard.rests()).toBe(false)
  await outcome(gone)
  expect(guard.rests()).toBe(false)
})

test('an answer counts when it has ended', async () => {
  const read = async (model: LanguageModelV4) => {
    for await (const _ of (await model.doStream({ prompt: [] })).stream);
  }
  const about = { temperature: 0, failed() {} }
  const { guard, time } = open()
  const broken = speaking('a', new AppError('provider-broken', { name: 'x' }))
  for (let at = 0; at < 2; at++) await read(guardModel(broken, guard, about)).catch(() => {})
  expect(guard.rests()).toBe(true)

  time.now += 100
  const well = guardModel(speaking('a', 'b', 'finish'), guard, about)
  const { stream } = await well.doStream({ prompt: [] })
  const reader = stream.getReader()
  await reader.read()
  // Words have come, and it may break still.
  expect(guard.rests()).toBe(true)
  await reader.cancel()
  expect(guard.rests()).toBe(false)

  const control = new AbortController()
  await well.doStream({ prompt: [], abortSignal: control.signal })
  expect(guard.rests()).toBe(true)
  // Nobody reads on, and nobody says so.
  control.abort()
  expect(guard.rests()).toBe(false)

  await read(well)
  await read(guardModel(broken, guard, about)).catch(() => {})
  expect(guard.rests()).toBe(false)
})

test('is tried again where that may help, and not once it rests', async () => {
  const { outcome, guard } = open({ retryAttempts: 5, failureThreshold: 100, retryMax: 50 })
  const after = (failures: number, error: AppError) =>
    vi.fn(async () => {
      if (failures-- > 0) throw error
      return 'ok'
    })
  const cases: [AppError, number, string][] = [
    [new AppError('provider-unreachable', { name: 'x', host: 'x' }), 4, 'ok'],
    [new AppError('provider-busy', { name: 'x', seconds: 60 }), 1, 'provider-busy'],
    [new AppError('provider-silent', { name: 'x' }), 1, 'provider-silent'],
    [new AppError('provider-key', { name: 'x' }), 1, 'provider-key'],
    [new AppError('provider-failed', { name: 'x', status: 400 }), 1, 'provider-failed'],
  ]
  for (const [error, calls, expected] of cases) {
    const work = after(3, error)
    expect([error.code, await outcome(work)]).toEqual([error.code, expected])
    expect(work).toHaveBeenCalledTimes(calls)
  }
  const control = new AbortController()
  const waiting = open({ retryAttempts: 1, retryInitial: 60_000, retryMax: 60_000 }).outcome(gone, control.signal)
  setTimeout(() => control.abort(), 5)
  expect(await waiting).toBe('cancelled')
  expect(guard.rests()).toBe(false)

  const tired = open({ retryAttempts: 5 })
  const work = vi.fn(gone)
  expect(await tired.outcome(work)).toBe('provider-unreachable')
  expect(work).toHaveBeenCalledTimes(2)
})
