import { expect, test } from 'vitest'
import { createTries } from './tries.ts'
import { createTurns, type Turns } from './turns.ts'

/** Work that ends when it is told to, in the order in which it began. */
function bench(turns: Turns) {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const outcomes = new Map<string, string>()
  return {
    begun,
    outcomes,
    ask(name: string, address: string, signal?: AbortSignal) {
      const work = () =>
        turns.take(() => {
          begun.push(name)
          return new Promise<void>(resolve => ends.push(resolve))
        })
      void turns.as({ address, signal }, work).then(
        () => outcomes.set(name, 'done'),
        (error: { code: string }) => outcomes.set(name, error.code),
      )
    },
    async end() {
      ends.shift()?.()
      await settled()
    },
  }
}
const settled = () => new Promise(resolve => setImmediate(resolve))

test('two run at a time, and networks take turns, whoever of them asks for more', async () => {
  const { ask, begun, end } = bench(createTurns())
  for (let at = 0; at < 6; at++) ask(`a${at}`, `198.51.100.${at}`)
  ask('b0', '203.0.113.1')
  ask('c0', '2001:db8:1:2::1')
  ask('b1', '203.0.113.9')
  await settled()
  expect(begun).toEqual(['a0', 'a1'])
  for (let count = 0; count < 7; count++) await end()
  expect(begun).toEqual(['a0', 'a1', 'a2', 'b0', 'c0', 'a3', 'b1', 'a4', 'a5'])
})

test('a network has ten that wait; when all is full, the newest of the longest line goes', async () => {
  const { ask, begun, outcomes, end } = bench(createTurns())
  for (const at of [0, 1]) ask(`running ${at}`, '192.0.2.1')
  for (let at = 0; at < 11; at++) ask(`x${at}`, '198.51.100.1')
  await settled()
  expect([...outcomes]).toEqual([['x10', 'too-many-tries']])
  for (let network = 0; network < 9; network++)
    for (let at = 0; at < 10; at++) ask(`${network} ${at}`, `10.0.${network}.1`)
  await settled()
  expect(outcomes.size).toBe(1)
  // 100 wait. Somebody from elsewhere takes the place of one of those who have the most; then has their turn among the first.
  ask('late', '203.0.113.7')
  await settled()
  expect([...outcomes]).toEqual([
    ['x10', 'too-many-tries'],
    ['x9', 'too-many-tries'],
  ])
  for (let count = 0; count < 11; count++) await end()
  expect(begun).toContain('late')
})

test('who went away does not wait on, and nothing is made for them', async () => {
  const { ask, begun, outcomes, end } = bench(createTurns())
  for (const name of ['one', 'two']) ask(name, '192.0.2.1')
  const gone = new AbortController()
  ask('three', '192.0.2.1', gone.signal)
  ask('four', '192.0.2.1')
  await settled()
  gone.abort()
  ask('five', '192.0.2.1', gone.signal)
  for (let count = 0; count < 4; count++) await end()
  expect(begun).toEqual(['one', 'two', 'four'])
  expect([outcomes.get('three'), outcomes.get('five')]).toEqual(['cancelled', 'cancelled'])
})

test('a try that is given back counts for nothing', async () => {
  const tries = createTries({ clock: { now: () => 1_000_000 } })
  const one = { email: 'a@example.org', address: '192.0.2.1' }
  for (let count = 0; count < 50; count++) {
    await tries.begin(one)
    await tries.giveBack(one)
  }
  for (let count = 0; count < 5; count++) await tries.begin(one)
  await expect(tries.begin(one)).rejects.toMatchObject({ code: 'too-many-tries' })
})
