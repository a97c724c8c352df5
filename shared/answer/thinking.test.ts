import { expect, it } from 'vitest'
import { createThinkingFilter } from './thinking.ts'

function read(text: string, size: number): string {
  const filter = createThinkingFilter()
  let said = ''
  for (let at = 0; at < text.length; at += size) {
    const { text: piece, reset } = filter.push(text.slice(at, at + size))
    said = (reset ? '' : said) + piece
  }
  return said + filter.finish()
}

it.each([
  ['<think>a</think>b', 'b'],
  ['a<think>b', 'a'],
  ['a</think>b', 'b'],
  ['a <thinking> b </thinking> c', 'a  c'],
  ['<think></think>a<think>b</think>c', 'ac'],
  ['3 < 4 und <b>', '3 < 4 und <b>'],
  ['ends with <thi', 'ends with <thi'],
  ['<THINK>a</Think >b', 'b'],
])('%s', (text, expected) => {
  for (const size of [1, 2, 5, 100]) expect(read(text, size)).toBe(expected)
})
