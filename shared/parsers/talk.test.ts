import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Member, Pool } from './pool.ts'
import type { FromParser, ToParser } from './protocol.ts'
import { nextMessage } from './talk.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const open = { closed: false } as Pool

/** A process that says what it is given to say; asked how much it has worked, it answers by `work`, or not at all. */
function fake(work: () => number | undefined) {
  const inbox: FromParser[] = []
  let wake: ((result: IteratorResult<FromParser>) => void) | undefined
  let asked = 0
  function say(message: FromParser) {
    if (!wake) return void inbox.push(message)
    wake({ value: message, done: false })
    wake = undefined
  }
  const member = {
    process: {
      async send(message: ToParser) {
        expect(message).toEqual({ type: 'work' })
        asked += 1
        const time = work()
        if (time !== undefined) say({ type: 'work', time })
      },
    },
    messages: {
      next: () =>
        new Promise(resolve => {
          const value = inbox.shift()
          if (value) resolve({ value, done: false })
          else wake = resolve
        }),
    },
    alive: true,
    warm: true,
  } as unknown as Member
  return { member, say, asked: () => asked }
}

const patience = { clock: 600_000, still: 60_000 }
const codeOf = (message: Promise<FromParser>) =>
  message.then(
    ({ type }) => type,
    error => error.code,
  )

test('a process that works slowly on a busy machine is waited for', async () => {
  let work = 0
  // Of 60 s it gets one.
  const { member, say } = fake(() => (work += 100))
  const next = codeOf(nextMessage(open, member, patience))
  await vi.advanceTimersByTimeAsync(500_000)
  say({ type: 'alive' })
  expect(await next).toBe('alive')
})

test.each([
  ['does nothing', () => 70_000],
  ['has been stopped', () => undefined],
])('a process that %s hangs', async (_, work) => {
  const { member } = fake(work)
  const next = codeOf(nextMessage(open, member, patience))
  await vi.advanceTimersByTimeAsync(59_000)
  expect(await Promise.race([next, 'waits'])).toBe('waits')
  await vi.advanceTimersByTimeAsync(20_000)
  expect(await next).toBe('parser-timeout')
})

test('a process that seems to work for ever is given up', async () => {
  let work = 0
  const { member } = fake(() => (work += 6_000))
  const next = codeOf(nextMessage(open, member, patience))
  await vi.advanceTimersByTimeAsync(590_000)
  expect(await Promise.race([next, 'waits'])).toBe('waits')
  await vi.advanceTimersByTimeAsync(20_000)
  expect(await next).toBe('parser-timeout')
})

test('a late answer is nothing that the next file has to do with', async () => {
  const { member, say, asked } = fake(() => undefined)
  say({ type: 'work', time: 3 })
  say({ type: 'alive' })
  expect(await nextMessage(open, member, patience)).toEqual({ type: 'alive' })
  await vi.advanceTimersByTimeAsync(100_000)
  expect(asked()).toBe(0)
})

test('an abort is heard at once', async () => {
  const { member } = fake(() => undefined)
  const controller = new AbortController()
  const next = codeOf(nextMessage(open, member, patience, controller.signal))
  controller.abort()
  expect(await next).toBe('cancelled')
})
