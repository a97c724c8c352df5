import { describe, expect, test } from 'vitest'
import type { Rectangle } from '../model/index.ts'
import { judgeRectangles, spelledBy } from './rectangles.ts'
import { isLiteral, parseBoxes, readWitness } from './witness.ts'

describe('literal', () => {
  const page =
    'Die Netz-\nwerkkarte   wird\nvon Debian GNU/Linux unter-\nstützt (siehe Dual-\nBoot, Haupt-\nund Nebensatz).'

  test.each([
    'Die Netzwerkkarte wird von Debian GNU/Linux unterstützt',
    'siehe Dual-Boot',
    'Haupt- und Nebensatz',
    '(siehe Dual-Boot, Haupt- und Nebensatz).',
  ])('%s', quote => expect(isLiteral(quote, ['anderes', page])).toBe(true))

  test.each([
    'Die Netzwerkkarte wird nicht von Debian',
    'Die Netz werkkarte',
    'debian gnu/linux',
    'Debian.GNU',
    'Debian GNULinux',
  ])('not: %s', quote => expect(isLiteral(quote, [page])).toBe(false))

  test('cells of a row have to stand in order, whatever comes between', () => {
    const printed = 'Mit Desktop      (mit Bild)\n 1 Gigabyte   2 Gigabyte'
    const quote = 'Mit Desktop 1 Gigabyte 2 Gigabyte'
    expect(isLiteral(quote, [printed])).toBe(false)
    expect(isLiteral(quote, [printed], ['Mit Desktop', '1 Gigabyte', '2 Gigabyte'])).toBe(true)
    expect(isLiteral(quote, [printed], ['Mit Desktop', '2 Gigabyte', '1 Gigabyte'])).toBe(false)
    expect(isLiteral('Mit 1 Gigabyte', [printed], ['Mit 1 Gigabyte'])).toBe(false)
  })

  test('a ligature is its letters', () => expect(isLiteral('Konfiguration', ['Konﬁguration'])).toBe(true))
})

describe('pdftotext', () => {
  const output = `<doc>
  <page width="595.28" height="841.89">
    <word xMin="85.039000" yMin="35.83" xMax="122.9" yMax="45.79">R&amp;D</word>
    <word xMin="-1" yMin="35.83" xMax="132.87" yMax="45.79">&lt;a&#39;b&gt;</word>
  </page>
  <page width="595.28" height="841.89">
  </page>
</doc>`

  test('boxes by page', () => {
    expect(parseBoxes(output)).toEqual([
      [
        { text: 'R&D', box: [85.039, 35.83, 122.9, 45.79] },
        { text: "<a'b>", box: [-1, 35.83, 132.87, 45.79] },
      ],
      [],
    ])
  })

  test('pages in several orders; nothing without the program', async () => {
    const run = async (args: readonly string[]) => (args[0] === '-bbox' ? output : `${args.join(' ')}\fzwei\f`)
    const pages = await readWitness(run, 'a.pdf')
    expect(pages?.map(({ texts }) => texts)).toEqual([
      ['a.pdf -', '-layout a.pdf -', '-raw a.pdf -'],
      ['zwei', 'zwei', 'zwei'],
    ])
    expect(await readWitness(async () => undefined, 'a.pdf')).toBeUndefined()
  })
})

describe('rectangles', () => {
  /** Words of ten points a letter on lines of twelve points. */
  const line = (text: string, number: number) => {
    let left = 0
    return text.split(' ').map(word => {
      const box: Rectangle = [left, number * 12, left + word.length * 10, number * 12 + 10]
      left = box[2] + 10
      return { text: word, box }
    })
  }
  const words = [
    ...line('Das Handbuch sagt alles.', 0),
    ...line('Man liest es Haupt-', 1),
    ...line('sächlich am Abend.', 2),
  ]
  const quote = 'Man liest es Hauptsächlich am Abend.'
  const right: Rectangle[] = [
    [0, 12, 190, 22],
    [0, 24, 180, 34],
  ]

  test('right ones', () => {
    expect(judgeRectangles(quote, right, words)).toEqual({ inside: 1, foreignLines: 0, right: true })
    expect(judgeRectangles('Das Handbuch sagt alles.', [[0, 0, 240, 10]], words).right).toBe(true)
  })

  test('a line missing, moved, or on another page', () => {
    expect(judgeRectangles(quote, right.slice(0, 1), words).right).toBe(false)
    const moved = right.map(([left, top, wide, bottom]): Rectangle => [left + 40, top, wide + 40, bottom])
    expect(judgeRectangles(quote, moved, words).right).toBe(false)
    expect(judgeRectangles(quote, right, line('Ganz anderer Text hier.', 1)).right).toBe(false)
    expect(judgeRectangles(quote, [], words).right).toBe(false)
  })

  test('one line of other text inside is allowed, two are not', () => {
    const more = [...words, ...line('Noch eine Zeile mehr.', 3)]
    expect(judgeRectangles(quote, [[0, 0, 240, 34]], more)).toMatchObject({ foreignLines: 1, right: true })
    expect(judgeRectangles(quote, [[0, 0, 240, 46]], more)).toMatchObject({ foreignLines: 2, right: false })
  })

  test('the same words elsewhere do not count', () => {
    const twice = [...line(quote.replace('Hauptsächlich', 'Haupt- sächlich'), 9), ...words]
    expect(judgeRectangles(quote, right, twice).right).toBe(true)
    const elsewhere = right.map(([left, top, wide, bottom]): Rectangle => [left, top + 200, wide, bottom + 200])
    expect(judgeRectangles(quote, elsewhere, twice).right).toBe(false)
  })

  test('a row whose cells have two lines is spelled cell by cell', () => {
    const cells = [...line('Ohne A', 0), ...line('Schirm B', 1)]
    const rects: Rectangle[] = [
      [0, 0, 40, 10],
      [0, 12, 60, 22],
      [50, 0, 60, 10],
      [70, 12, 80, 22],
    ]
    expect(spelledBy('Ohne Schirm A B', rects, cells)).toBe(true)
    expect(spelledBy('Ohne Schirm B A', rects, cells)).toBe(false)
    expect(spelledBy('Ohne Schirm A', rects, cells)).toBe(false)
  })
})
