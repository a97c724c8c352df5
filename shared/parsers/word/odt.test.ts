import { describe, expect, it } from 'vitest'
import { LEASE } from '../../../scripts/fixtures/lease.ts'
import { exampleOdt, NUMBERS, textParagraph, writeFlatOdt, writeOdt } from '../../../scripts/fixtures/odt.ts'
import { writeZip } from '../../../scripts/fixtures/office-zip.ts'
import { readBytes, shown } from './fixture-reading.ts'

async function linesOf(parts: Parameters<typeof writeOdt>[0]): Promise<string[]> {
  const packed = shown((await readBytes('a.odt', writeOdt(parts))).blocks)
  const flat = shown((await readBytes('a.fodt', writeFlatOdt(parts))).blocks)
  expect(flat).toEqual(packed)
  return packed
}

describe('a text of OpenDocument', () => {
  it('is read whole, in order, counted in paragraphs', async () => {
    const { blocks, ending } = await readBytes('Vertrag.odt', exampleOdt())
    const { title, sections, items, table: rows, note, comment } = LEASE
    expect(shown(blocks)).toEqual([
      `h1 ${title}`,
      ...sections.flatMap(({ heading, paragraphs }, index) => [
        `h1 ${heading}`,
        `p ${paragraphs[0]}`,
        ...(index === 1 ? [`fn ${note}`, `note Jörg Weiß: ${comment}`] : []),
        `p ${paragraphs[1]}`,
      ]),
      ...items.map((item, index) => `li ${index + 1}. ${item}`),
      ...rows.map((row, index) => `tr ${row.join('|')}${index === 0 ? '' : ' <Position Betrag Fällig>'}`),
    ])
    expect(blocks.at(-1)?.span).toEqual({ unit: 'paragraph', first: blocks.length, last: blocks.length })
    expect(ending).toEqual({ cut: false, reasons: [] })
  })

  it('numbers lists and headings as they are shown', async () => {
    const item = (content: string) => `<text:list-item>${content}</text:list-item>`
    const list = (content: string, more = '') => `<text:list text:style-name="L1"${more}>${content}</text:list>`
    const styles =
      '<text:outline-style><text:outline-level-style text:level="1" style:num-format="1"/><text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/></text:outline-style>'
    const heading = (level: number, text: string) => `<text:h text:outline-level="${level}">${text}</text:h>`
    const text = [
      heading(1, 'Anfang'),
      heading(2, 'Teil'),
      heading(2, 'Noch ein Teil'),
      list(
        item(
          textParagraph('eins') +
            textParagraph('dazu') +
            list(item(textParagraph('klein')) + item(list(item(textParagraph('tief'))))),
        ) + item(textParagraph('zwei')),
      ),
      list(item(textParagraph('von vorn'))),
      list(item(textParagraph('weiter')), ' text:continue-numbering="true"'),
      heading(1, 'Ende'),
    ].join('')
    expect(await linesOf({ text, styles, automatic: NUMBERS })).toEqual([
      'h1 1 Anfang',
      'h2 1.1 Teil',
      'h2 1.2 Noch ein Teil',
      'li 1. eins',
      'li dazu',
      'li a) klein',
      'li 1.a.i. tief',
      'li 2. zwei',
      'li 1. von vorn',
      'li 2. weiter',
      'h1 2 Ende',
    ])
  })

  it('shows changes as accepted, spaces as one, frames behind their paragraph, and nothing hidden', async () => {
    const text = [
      `<text:tracked-changes><text:changed-region><text:deletion>${textParagraph('gelöscht')}</text:deletion></text:changed-region></text:tracked-changes>`,
      '<text:p>Ein<text:s text:c="4"/>Wort<text:tab/>und\n   noch <text:span>ei</text:span>nes<text:line-break/>hier<text:span text:style-name="T1"> geheim</text:span></text:p>',
      `<text:p>Vorn<draw:frame><draw:text-box>${textParagraph('im Rahmen')}</draw:text-box><svg:desc>Ein See</svg:desc></draw:frame>, hinten</text:p>`,
      '<text:p><text:ruby><text:ruby-base>unten</text:ruby-base><text:ruby-text>oben</text:ruby-text></text:ruby></text:p>',
      `<text:section text:display="none">${textParagraph('unsichtbar')}</text:section>`,
    ].join('')
    const automatic =
      '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>'
    expect(await linesOf({ text, automatic })).toEqual([
      'p Ein Wort und noch eines hier',
      'p Vorn, hinten',
      'p im Rahmen',
      'alt Ein See',
      'p unten (oben)',
    ])
  })

  it('leaves out cells that are covered', async () => {
    const cell = (text: string, covered = '') =>
      `<table:${covered}table-cell>${textParagraph(text)}</table:${covered}table-cell>`
    const text = `<table:table><table:table-row>${cell('a')}${cell('weg', 'covered-')}${cell('b')}</table:table-row></table:table>`
    expect(await linesOf({ text })).toEqual(['tr a|b'])
  })

  it('names cells after the titles over their columns', async () => {
    const cell = (text: string, attributes = '') =>
      `<table:table-cell${attributes}>${text === '' ? '' : textParagraph(text)}</table:table-cell>`
    const row = (...cells: string[]) => `<table:table-row>${cells.join('')}</table:table-row>`
    const wide = `${cell('Umsatz', ' table:number-columns-spanned="2"')}<table:covered-table-cell/>`
    const text = `<table:table><table:table-header-rows>${row(cell('Jahr'), wide, cell('Ort'))}</table:table-header-rows>${row(cell('2023'), cell(''), cell('12'), cell('Ulm'))}</table:table>`
    const { blocks } = await readBytes('a.odt', writeOdt({ text }))
    expect(blocks.at(-1)).toMatchObject({ text: '2023 12 Ulm', heads: ['Jahr', 'Umsatz', 'Ort'] })
  })

  it('is damaged, cut, protected or something else, and says which', async () => {
    const bytes = exampleOdt()
    const { blocks, ending } = await readBytes('a.odt', bytes.subarray(0, bytes.length * 0.5))
    expect(ending.reasons).toEqual([{ code: 'partly-damaged' }])
    expect(shown(blocks)[0]).toMatch(/Mietvertrag über Geschäftsräume$/)
    const manifest =
      '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    await expect(readBytes('a.odt', writeOdt({ text: '', manifest }))).rejects.toMatchObject({
      code: 'password-protected',
    })
    const sheet = writeZip({ mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '<a/>' })
    await expect(readBytes('a.odt', sheet)).rejects.toMatchObject({ code: 'type-mismatch' })
    await expect(readBytes('a.odt', Buffer.from('kein ODT'))).rejects.toMatchObject({ code: 'type-mismatch' })
  })
})
