import { expect, test } from 'vitest'
import { chat, document } from './contract.ts'
import { decode, encode } from './events.ts'

test('as many events as fit go into a text that Postgres takes, in their order', () => {
  const events = Array.from({ length: 1000 }, (_, at) => (at % 2 ? document(`ü${at}`) : chat(`ü${at}`)))
  const texts = encode('me', events)
  for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThan(8000)
  expect(texts.length).toBeLessThan(14)
  expect(texts.flatMap(text => decode(text)?.events)).toEqual(events)
  expect(decode(texts[0] as string)?.from).toBe('me')
  expect(encode('me', [])).toEqual([])
})

test('an event that is too large is one that was missed, and the others arrive', () => {
  const texts = encode('me', [document('a'), document('x'.repeat(9000)), document('b')])
  for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThan(8000)
  expect(texts.flatMap(text => decode(text)?.events)).toEqual([document('a'), { type: 'missed' }, document('b')])
})

test.each(['', 'hello', '{}', '[1,{}]', 'null', '[]', '\u0000'])('%j is nothing of ours', text => {
  expect(decode(text)).toBeUndefined()
})

test('what a newer version says is taken for missed', () => {
  const events = [{ type: 'workspace', id: 'w' }, { type: 'document' }, 7, null, document('a'), { type: 'toString' }]
  const missed = { type: 'missed' }
  expect(decode(JSON.stringify(['them', ...events]))?.events).toEqual([
    missed,
    missed,
    missed,
    missed,
    document('a'),
    missed,
  ])
})
