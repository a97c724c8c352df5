import { describe, expect, it } from 'vitest'
import type { ApiMessage } from '../../shared/api/index.ts'
import type { AnswerSentence } from '../../shared/model/index.ts'
import { rangesOf } from '../library/receipt.tsx'
import { de } from '../messages/de.ts'
import { groupsOf } from '../reading/blocks.tsx'
import { createWords } from '../words.tsx'
import { textWithSources } from './copy.ts'
import { paragraphsOf } from './paragraphs.ts'
import { isAsked, messagesBefore, placeOf, turnsOf } from './turns.ts'

const words = createWords('de', de)
const sentence = (text: string, lead = ' ', citations: number[] = [], supported = true): AnswerSentence => ({
  text,
  lead,
  citations,
  supported,
})
const citation = (quote: string, page: number) => ({
  documentId: 'd',
  chunkId: 1,
  file: 'vertrag.pdf',
  quote,
  rects: [],
  page,
  where: null,
})

describe('what is shown of a chat', () => {
  it('makes paragraphs and lists of sentences', () => {
    const kinds = paragraphsOf([
      sentence('A.', ''),
      sentence('B.'),
      sentence('C:', '\n'),
      sentence('D.', '\n- '),
      sentence('E.', '\n2. '),
      sentence('F.'),
    ]).map(({ kind, sentences }) => [kind, sentences.map(({ text }) => text).join(' ')])
    expect(kinds).toEqual([
      ['paragraph', 'A. B.'],
      ['paragraph', 'C:'],
      ['item', 'D.'],
      ['item', 'E. F.'],
    ])
  })

  it('puts answers below their questions', () => {
    const message = (id: string, role: 'user' | 'assistant') => ({ id, role }) as ApiMessage
    const turns = turnsOf([message('1', 'user'), message('2', 'assistant'), message('3', 'user')])
    expect(turns.map(({ question, answer }) => [question.id, answer?.id])).toEqual([
      ['1', '2'],
      ['3', undefined],
    ])
  })

  it('puts a turn on its way where its question stands, or will stand', () => {
    const message = (id: string, role: 'user' | 'assistant', text: string) => ({ id, role, text }) as ApiMessage
    const messages = [message('1', 'user', 'Was?'), message('2', 'assistant', 'Das.')]
    const live = { again: false, question: ' Was? ', from: 2 }
    expect(messagesBefore(messages, live)).toBe(2)
    const waited = [...messages, message('3', 'user', 'Wer?'), message('4', 'assistant', 'Er.')]
    expect(messagesBefore(waited, live)).toBe(4)
    expect(messagesBefore([...waited, message('5', 'user', 'Was?')], live)).toBe(4)
    expect(messagesBefore(waited, { ...live, again: true, from: 0 })).toBe(0)
    expect([isAsked(waited, live), isAsked(waited, { ...live, question: 'Wer?' })]).toEqual([false, true])
    expect(placeOf(waited, { question: 'Wer?', questionId: '3' })).toBe(2)
    expect(placeOf(waited, { question: 'Wann?', questionId: null })).toBe(4)
    expect(placeOf(waited.slice(0, 3), { question: 'Wer?', questionId: null })).toBe(2)
  })

  it('copies an answer with its sources, and says what is not proven', () => {
    const content = {
      mode: 'model' as const,
      sentences: [sentence('Drei Monate.', '', [0]), sentence('Immer.', '\n- ', [], false)],
      citations: [citation('Die Frist beträgt drei Monate.', 7)],
      text: '',
      model: 'm',
      reason: null,
    }
    expect(textWithSources('Wie lang?', content, words)).toBe(
      'Wie lang?\n\nDrei Monate. [1]\n- Immer. (Nicht belegt)\n\nQuellen\n[1] vertrag.pdf, Seite 7: Die Frist beträgt drei Monate.',
    )
    expect(textWithSources('Wie lang?', { ...content, mode: 'quotes', sentences: [] }, words)).toBe(
      'Wie lang?\n\n„Die Frist beträgt drei Monate.“ [1]\n\nQuellen\n[1] vertrag.pdf, Seite 7',
    )
  })

  it('copies a quote that was cut with a sign where it was', () => {
    const cut = { ...citation('Der Verkäufer haftet', 2), cut: 'both' as const }
    const content = { mode: 'quotes' as const, sentences: [], citations: [cut], text: '', model: null, reason: null }
    expect(textWithSources('Wer haftet?', content, words)).toContain('„[…] Der Verkäufer haftet […]“ [1]')
    const cells = [
      { head: 'Monat', text: 'Juni' },
      { head: 'Miete', text: '912,50 €' },
    ]
    const row = { ...content, citations: [{ ...citation('Juni 912,50 €', 2), cells }] }
    expect(textWithSources('Was?', row, words)).toContain('„Juni 912,50 €“ (Monat: Juni · Miete: 912,50 €) [1]')
    const spoken = { ...content, citations: [citation('Es heißt „Miete“ im Vertrag.', 2)] }
    expect(textWithSources('Was?', spoken, words)).toContain('„Es heißt ‚Miete‘ im Vertrag.“ [1]')
  })

  it('says page numbers in ranges', () => {
    expect(rangesOf([3, 4, 5, 9], words)).toBe('3–5, 9')
    expect(rangesOf([], words)).toBe('keine')
  })

  it('keeps rows of a table and items of a list together', () => {
    const row = (header: string) => ({ kind: 'table-row' as const, text: 'x', header })
    const item = { kind: 'list-item' as const, text: 'i' }
    const paragraph = { kind: 'paragraph' as const, text: 'p' }
    expect(
      groupsOf([row('a'), row('a'), row('b'), item, item, paragraph, paragraph]).map(group => group.length),
    ).toEqual([2, 1, 2, 1, 1])
  })
})
