import { describe, expect, it } from 'vitest'
import type { Block, Segment } from '../../shared/model/index.ts'
import { linesOf, marksOf, rectanglesOf, stretchesOf } from './mark.ts'

const paragraph = (text: string, first: number, last = first): Block => ({
  kind: 'paragraph',
  text,
  span: { unit: 'line', first, last },
})

describe('marking', () => {
  it('finds a quote letter for letter, and a passage line by line', () => {
    expect(stretchesOf('Rent is due. Pay it.', 'Pay it.')).toEqual([[13, 20]])
    expect(stretchesOf('Second block.', 'First block.\nSecond block.')).toEqual([[0, 13]])
    const long = 'The second half of a long paragraph that was cut.'
    expect(stretchesOf(`First half. ${long}`, `Heading\n${long}`)).toEqual([[12, 12 + long.length]])
    expect(stretchesOf('Yes, it is.', 'First block.\nYes')).toEqual([])
    expect(stretchesOf('Something else', 'First block.\nSecond block.')).toEqual([])
    expect(stretchesOf('abc', '')).toEqual([])
  })

  it('takes the sentence in the lines that are meant, where it stands twice', () => {
    const first = paragraph('Rent is due.', 1)
    const second = paragraph('Rent is due.', 9)
    const segments: Segment[] = [{ number: 1, blocks: [first, second] }]
    expect([...marksOf(segments, { text: 'Rent is due.', span: { unit: 'line', first: 9, last: 9 } }).keys()]).toEqual([
      second,
    ])
    expect([...marksOf(segments, { text: 'Rent is due.', span: null }).keys()]).toEqual([first, second])
  })

  it('marks the whole block where the words are not found in the lines', () => {
    const block = paragraph('Rent is due.', 3, 5)
    const marks = marksOf([{ number: 1, blocks: [block] }], {
      text: 'Something else',
      span: { unit: 'line', first: 4, last: 4 },
    })
    expect(marks.get(block)).toEqual([[0, 12]])
  })

  it('finds where a text stands on a page', () => {
    const page: Segment = {
      number: 1,
      blocks: [
        {
          kind: 'paragraph',
          text: 'Rent is due. Pay.',
          runs: [
            { at: 0, end: 12, rect: [10, 10, 60, 20] },
            { at: 13, end: 17, rect: [10, 22, 30, 32] },
          ],
        },
      ],
    }
    expect(rectanglesOf(page, 'Pay.')).toEqual([[10, 22, 30, 32]])
    expect(rectanglesOf(page, 'Rent is due. Pay.')).toHaveLength(2)
    expect(rectanglesOf(page, 'Nothing')).toEqual([])
  })

  it('joins the words of a line, and keeps lines and columns apart', () => {
    expect(
      linesOf([
        [0, 0, 20, 10],
        [23, 0, 40, 10],
        [0, 12, 30, 22],
      ]),
    ).toEqual([
      [0, 0, 40, 10],
      [0, 12, 30, 22],
    ])
    expect(
      linesOf([
        [0, 0, 20, 10],
        [200, 0, 240, 10],
      ]),
    ).toHaveLength(2)
  })
})
