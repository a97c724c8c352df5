import { expect, it } from 'vitest'
import { createThinkingFilter } from './thinking.ts'

function read(text: string, size: number, mayReset = true): string {
  const filter = createThinkingFilter()
  let said = ''
  for (let at = 0; at < text.length; at += size) {
    const { text: piece, reset } = filter.push(text.slice(at, at + size), mayReset)
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
  ['<think>a<think>b</think>c</think>d', 'd'],
  ['3 < 4 und <b>', '3 < 4 und <b>'],
  ['ends with <thi', 'ends with <thi'],
  ['laut [1] und [2', 'laut [1] und [2'],
  ['<THINK>a</Think >b', 'b'],
  ['a <think>b</think>c</think>d', 'a cd'],
  ['[THINK]a[/THINK]b [1]', 'b [1]'],
  ['<seed:think>a</seed:think>b', 'b'],
  ['◁think▷a◁/think▷b', 'b'],
  ['<|begin_of_thought|>a<|end_of_thought|>b', 'b'],
  ['<|channel|>analysis<|message|>a<|end|>b', 'b'],
  ['analysis a <|channel|>final<|message|>b', 'b'],
  ['<|channel|>commentary to=x<|message|>a<|channel|>final<|message|>b', 'b'],
])('%s', (text, expected) => {
  for (const size of [1, 2, 5, 100]) expect(read(text, size)).toBe(expected)
})

it('an end without a beginning is only taken out once something was told', () => {
  for (const size of [1, 5, 100]) expect(read('a</think>b<think>c</think></think>d', size, false)).toBe('abd')
})
