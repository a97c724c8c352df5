import { expect, test } from 'vitest'
import { createPieces, type Piece, type PiecesOptions } from './pieces.ts'

const options: PiecesOptions = {
  thoughts: [{ open: '<think>', close: '</think>' }],
  dropped: ['<|final|>'],
  stops: ['\nUser:', '<|end|>'],
}

/** The same text whole, letter by letter, and in threes. */
function run(text: string, change: Partial<PiecesOptions> = {}) {
  const results = [text.length, 1, 3].map(size => {
    const pieces = createPieces({ ...options, ...change })
    const out: Piece[] = []
    for (let at = 0; at < text.length; at += size) out.push(...pieces.push(text.slice(at, at + size)))
    const { stopped } = pieces
    out.push(...pieces.end())
    const of = (kind: Piece['kind']) =>
      out
        .filter(piece => piece.kind === kind)
        .map(piece => piece.text)
        .join('')
    return { text: of('text'), reasoning: of('reasoning'), stopped }
  })
  expect(results[1]).toEqual(results[0])
  expect(results[2]).toEqual(results[0])
  return results[0]
}

test('plain text passes as it is', () => {
  expect(run('Rent is 850 € < 900 €.\n\nSee [1].')).toEqual({
    text: 'Rent is 850 € < 900 €.\n\nSee [1].',
    reasoning: '',
    stopped: false,
  })
})

test('thoughts never stand in the text', () => {
  expect(run('<think>\nHm, <1>?\n</think>\n\nYes.')).toMatchObject({ text: 'Yes.', reasoning: 'Hm, <1>?\n' })
  expect(run('Hm.</think>Yes.', { thinking: true })).toMatchObject({ text: 'Yes.', reasoning: 'Hm.' })
  expect(run('a<think>b</think>c<think>d')).toMatchObject({ text: 'ac', reasoning: 'bd' })
  expect(run('</think>\n\nYes.')).toMatchObject({ text: 'Yes.', reasoning: '' })
})

test('a stop ends it, also in parts; what only begins like one is shown', () => {
  expect(run('One.\nUser: two')).toMatchObject({ text: 'One.', stopped: true })
  expect(run('One.\nUsers wait')).toMatchObject({ text: 'One.\nUsers wait', stopped: false })
  expect(run('One<|end|>two')).toMatchObject({ text: 'One', stopped: true })
  expect(run('One\nUse')).toMatchObject({ text: 'One\nUse', stopped: false })
})

test('marks of the format are left out', () => {
  expect(run('<|final|>One.')).toMatchObject({ text: 'One.' })
})

test('what is certain is shown at once', () => {
  const pieces = createPieces(options)
  expect(pieces.push('One <')).toEqual([{ kind: 'text', text: 'One ' }])
  expect(pieces.push('b')).toEqual([{ kind: 'text', text: '<b' }])
})
