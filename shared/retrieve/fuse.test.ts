import { expect, test } from 'vitest'
import { fuse } from './fuse.ts'

const ids = (lists: string[][]) => fuse(lists).map(({ id }) => id)

test('what stands in both lists goes before what leads one', () => {
  expect(
    ids([
      ['a', 'b', 'c'],
      ['d', 'b', 'e'],
    ]),
  ).toEqual(['b', 'a', 'd', 'c', 'e'])
  expect(fuse([['a'], ['a']])[0].fused).toBeCloseTo(2 / 61, 12)
})

test('one list alone keeps its order, an empty one changes nothing, nothing gives nothing', () => {
  expect(ids([['c', 'a', 'b'], []])).toEqual(['c', 'a', 'b'])
  expect(ids([[], ['c', 'a', 'b']])).toEqual(['c', 'a', 'b'])
  expect(ids([[], []])).toEqual([])
})

test('a list of little weight moves nothing but what stands in both', () => {
  const fused = fuse([Array.from({ length: 50 }, (_, at) => `w${at}`), ['v0', 'v1', 'w1']], [1, 0.1]).map(
    ({ id }) => id,
  )
  expect(fused.slice(0, 3)).toEqual(['w1', 'w0', 'w2'])
  expect(fused.slice(-2)).toEqual(['v0', 'v1'])
})
