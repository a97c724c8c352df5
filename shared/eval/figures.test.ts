import { describe, expect, test } from 'vitest'
import { documentRank, quoteRank, stretchRank, toRow } from './figures.ts'

describe('ranks', () => {
  test('several passages of one document count once', () => {
    expect(documentRank(['a', 'a', 'b', 'a', 'c'], 'b')).toBe(2)
    expect(documentRank(['a', 'a', 'b', 'a', 'c'], 'c')).toBe(3)
    expect(documentRank(['a'], 'b')).toBe(0)
    expect(documentRank([], 'b')).toBe(0)
  })

  test('a gold answer is looked for in each quote, white space collapsed', () => {
    const quotes = ['Berlin liegt an der Spree.', 'Sie hat\n 3,7 Millionen Einwohner.']
    expect(quoteRank(quotes, ['3,7  Millionen'])).toBe(2)
    expect(quoteRank(quotes, ['Havel', 'Spree'])).toBe(1)
    expect(quoteRank(quotes, ['spree'])).toBe(0)
    expect(quoteRank(quotes, [])).toBe(0)
  })

  test('a gold stretch counts when half its word pairs are there', () => {
    const stretch = 'drücken Sie auf BIOS-Systemen Tab bzw. auf UEFI-Systemen E'
    expect(stretchRank(['Sonst nichts.', `Um fortzufahren, ${stretch}, dann Ende.`], stretch)).toBe(2)
    expect(stretchRank(['Um fortzufahren, drücken Sie auf BIOS-Systemen Tab bzw. gar nichts.'], stretch)).toBe(1)
    expect(stretchRank(['Drücken Sie auf E.'], stretch)).toBe(0)
  })
})

describe('rows', () => {
  const of = { set: 'own', lang: 'de', kind: null }

  test('adds up what was measured, and says null where nothing was', () => {
    const row = toRow(of, [
      { rank: 1, quoteRank: 1, literal: [true, true], declined: true, falselyDeclined: false },
      { rank: 3, quoteRank: 3, literal: [true, false], declined: true, falselyDeclined: false },
      { rank: 0, quoteRank: 0, literal: [], declined: false, falselyDeclined: true },
      { rank: 11, quoteRank: 2, literal: [true], declined: true, falselyDeclined: false },
    ])
    expect(row).toEqual({
      ...of,
      questions: 4,
      recall1: 0.25,
      recall5: 0.5,
      mrr10: 0.3333,
      quote1: 0.25,
      quote3: 0.75,
      page5: null,
      quotesLiteral: 0.8,
      rectsRight: null,
      declined: 0.75,
      falselyDeclined: 0.25,
      answers: 0,
      written: null,
      writtenGold: null,
      proven: null,
    })
  })

  test('written answers: what quotes had to replace counts against writing, not against what was written', () => {
    const row = toRow(of, [
      { answer: { mode: 'model', text: 'a', proven: [true, false], gold: true } },
      { answer: { mode: 'model', text: 'b', proven: [true, true], gold: false } },
      { answer: { mode: 'quotes', text: 'c', proven: [], gold: true } },
      {},
    ])
    expect(row).toMatchObject({ questions: 4, answers: 3, written: 0.6667, writtenGold: 0.5, proven: 0.75 })
  })

  test('a page past the fifth passage is a miss', () => {
    const row = toRow(of, [{ pageRank: 5 }, { pageRank: 6 }, { pageRank: 0 }, { pageRank: 1, rects: [true, false] }])
    expect(row.page5).toBe(0.5)
    expect(row.rectsRight).toBe(0.5)
    expect(row.recall1).toBeNull()
  })
})
