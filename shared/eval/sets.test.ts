import { describe, expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import { parseSet } from './sets.ts'

const squad = (qas: unknown, context = 'Die Spree fließt durch Berlin.') =>
  JSON.stringify({ version: '1.1', data: [{ title: 'Flüsse', paragraphs: [{ context, qas }] }] })
const question = { id: 1, question: 'Was fließt durch Berlin?', answers: [{ text: 'Die Spree', answer_start: 0 }] }
const golden = (questions: unknown, source: unknown = { files: ['a.pdf', { file: 'b.pdf', pages: 3 }] }) =>
  JSON.stringify({ source, questions })
const ask = {
  id: 'q1',
  lang: 'de',
  kind: 'fact',
  question: 'Was?',
  answerable: true,
  file: 'a.pdf',
  page: 2,
  pages: [2, 5],
}

function problem(file: string, text: string): unknown {
  try {
    parseSet(file, text)
  } catch (error) {
    if (error instanceof AppError && error.code === 'eval-set-invalid') return error.values
    throw error
  }
  return undefined
}

describe('SQuAD format', () => {
  test('set and language come from the name; equal paragraphs are one', () => {
    const both = JSON.parse(squad([question]))
    both.data.push(...JSON.parse(squad([{ ...question, id: 2, is_impossible: true }])).data)
    expect(parseSet('xquad-dev.de.json', JSON.stringify(both))).toEqual({
      format: 'squad',
      name: 'xquad-dev',
      lang: 'de',
      paragraphs: [
        {
          text: 'Die Spree fließt durch Berlin.',
          questions: [
            { id: '1', question: 'Was fließt durch Berlin?', answers: ['Die Spree'] },
            { id: '2', question: 'Was fließt durch Berlin?', answers: [] },
          ],
        },
      ],
    })
  })

  test('what is wrong is said', () => {
    expect(problem('a.de.json', '{')).toMatchObject({ file: 'a.de.json' })
    expect(problem('a.json', squad([question]))).toMatchObject({ detail: expect.stringContaining('language') })
    expect(problem('a.de.json', squad([]))).toMatchObject({ detail: 'no questions' })
    expect(problem('a.de.json', squad('none'))).toMatchObject({
      detail: expect.stringContaining('data.0.paragraphs.0.qas'),
    })
    const stray = squad([{ ...question, answers: [{ text: 'Havel' }] }])
    expect(problem('a.de.json', stray)).toMatchObject({ detail: expect.stringContaining('Havel') })
    expect(problem('a.de.json', '[]')).toMatchObject({ detail: expect.stringContaining('neither') })
    expect(problem('a.de.json', 'null')).toMatchObject({ detail: expect.stringContaining('neither') })
  })
})

describe('golden sets', () => {
  test('files, accepted pages and what follows what', () => {
    const also = [{ file: 'b.pdf', pages: [7] }]
    const follow = { ...ask, id: 'q2', follows: 'q1', also, quote: 'Satz' }
    const none = { ...ask, id: 'q3', kind: 'unanswerable', answerable: false, file: null, page: null, pages: [] }
    expect(parseSet('golden-dev.json', golden([ask, follow, none]))).toEqual({
      format: 'golden',
      name: 'golden-dev',
      files: ['a.pdf', 'b.pdf'],
      questions: [
        expect.objectContaining({ id: 'q1', follows: null, gold: [{ file: 'a.pdf', pages: [2, 5] }], quote: null }),
        expect.objectContaining({
          id: 'q2',
          follows: 'q1',
          gold: [{ file: 'a.pdf', pages: [2, 5] }, also[0]],
          quote: 'Satz',
        }),
        expect.objectContaining({ id: 'q3', answerable: false, gold: [] }),
      ],
    })
  })

  test('what is wrong is said', () => {
    expect(problem('g.json', golden([{ ...ask, follows: 'q0' }]))).toMatchObject({
      detail: expect.stringContaining('q0'),
    })
    expect(problem('g.json', golden([ask, ask]))).toMatchObject({ detail: expect.stringContaining('twice') })
    expect(problem('g.json', golden([{ ...ask, file: 'c.pdf' }]))).toMatchObject({
      detail: expect.stringContaining('c.pdf'),
    })
    expect(problem('g.json', golden([{ ...ask, pages: [0] }]))).toMatchObject({
      detail: expect.stringContaining('pages'),
    })
    expect(problem('g.json', golden([{ ...ask, page: null, pages: [] }]))).toMatchObject({
      detail: expect.stringContaining('page'),
    })
    expect(problem('g.json', golden([ask], {}))).toMatchObject({ detail: expect.stringContaining('source.files') })
  })
})
