import { expect, test } from 'vitest'
import type { DesktopMessage } from '../../shared/api/desktop.ts'
import { createTransfers } from './transfers.ts'

function make() {
  const told: unknown[] = []
  let time = 0
  const transfers = createTransfers({
    tell: (window, message: DesktopMessage) => void told.push([window, message]),
    now: () => time,
  })
  const pass = (ms: number) => {
    time += ms
  }
  return { transfers, told, pass }
}

test('a page breaks off what it sends, and nothing of another window', () => {
  const { transfers } = make()
  const [first, second] = [transfers.openPage(1), transfers.openPage(2)]
  const mine = transfers.begin(`${first}/0`)!
  const other = transfers.begin(`${second}/0`)!
  transfers.breakOff(1, 0)
  expect([mine.signal.aborted, other.signal.aborted]).toEqual([true, false])
  transfers.breakOff(3, 0)
  other.end()
  transfers.breakOff(2, 0)
  expect(other.signal.aborted).toBe(false)
})

test('what is broken off before it came does not begin, and a name is used once', () => {
  const { transfers } = make()
  const page = transfers.openPage(1)
  transfers.breakOff(1, 7)
  expect(transfers.begin(`${page}/7`)).toBeUndefined()
  expect(transfers.begin(`${page}/8`)).toBeDefined()
  expect(transfers.begin(`${page}/8`)).toBeUndefined()
  for (const name of ['', page, `${page}/-1`, `${page}/1234567890`, `${page}/1/2`, `${crypto.randomUUID()}/1`])
    expect({ name, begun: transfers.begin(name) }).toEqual({ name, begun: undefined })
})

test('with a page all that it was sending ends, whether another takes its place or not', () => {
  const { transfers } = make()
  const before = transfers.openPage(1)
  const old = transfers.begin(`${before}/0`)!
  const now = transfers.openPage(1)
  expect(old.signal.aborted).toBe(true)
  expect(transfers.begin(`${before}/1`)).toBeUndefined()
  const last = transfers.begin(`${now}/0`)!
  transfers.closePage(1)
  expect(last.signal.aborted).toBe(true)
  expect(transfers.begin(`${now}/1`)).toBeUndefined()
})

test('how far one is is told now and then, and that it has left, to its own window', () => {
  const { transfers, told, pass } = make()
  const transfer = transfers.begin(`${transfers.openPage(4)}/2`)!
  for (const bytes of [10, 10]) transfer.sent(bytes)
  expect(told).toEqual([])
  pass(1000)
  transfer.sent(5)
  transfer.sent(5)
  transfer.left()
  expect(told).toEqual([
    [4, { type: 'sent', transfer: 2, sent: 25 }],
    [4, { type: 'sent', transfer: 2, sent: 30 }],
  ])
})
