import crypto from 'officecrypto-tool'
import { describe, expect, it } from 'vitest'
import {
  exampleDocx,
  NUMBERING,
  numbered,
  paragraph,
  paragraphOf,
  run,
  table,
  writeDocx,
} from '../../../scripts/fixtures/docx.ts'
import { LEASE } from '../../../scripts/fixtures/lease.ts'
import { writeZip } from '../../../scripts/fixtures/office-zip.ts'
import { readBytes, shown } from './fixture-reading.ts'

async function linesOf(parts: Parameters<typeof writeDocx>[0]): Promise<string[]> {
  return shown((await readBytes('a.docx', writeDocx(parts))).blocks)
}

describe('a document of Word', () => {
  it('is read whole, in order, counted in paragraphs', async () => {
    const { blocks, ending } = await readBytes('Vertrag.docx', exampleDocx())
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
    expect(blocks.map(block => block.span)).toEqual(
      blocks.map((_, index) => ({ unit: 'paragraph', first: index + 1, last: index + 1 })),
    )
    expect(ending).toEqual({ cut: false, reasons: [] })
  })

  it('is read by the strict form of the standard too, and by other prefixes', async () => {
    expect(await linesOf({ strict: true, body: paragraph('Straße', '<w:outlineLvl w:val="1"/>') })).toEqual([
      'h2 Straße',
    ])
    const other = writeDocx({
      body: '',
      more: {
        'word/document.xml':
          '<x:document xmlns:x="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><x:body><x:p><x:r><x:t>anders</x:t></x:r></x:p></x:body></x:document>',
      },
    })
    expect(shown((await readBytes('a.docm', other)).blocks)).toEqual(['p anders'])
  })

  it('knows headings by outline, by name in any language, and through what a style is based on', async () => {
    const style = (id: string, content: string) => `<w:style w:type="paragraph" w:styleId="${id}">${content}</w:style>`
    const styles = [
      style('a', '<w:name w:val="Überschrift 2"/>'),
      style('b', '<w:name w:val="Kapitel"/><w:basedOn w:val="c"/>'),
      style('c', '<w:name w:val="Oben"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
      style('d', '<w:name w:val="kreis"/><w:basedOn w:val="e"/>'),
      style('e', '<w:name w:val="kreis"/><w:basedOn w:val="d"/>'),
      style('f', '<w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr>'),
    ].join('')
    const body = ['a', 'b', 'd', 'f'].map(id => paragraph(id, `<w:pStyle w:val="${id}"/>`)).join('')
    expect(await linesOf({ styles, body })).toEqual(['h2 a', 'h1 b', 'p d', 'p f'])
  })

  it('numbers lists as they are shown', async () => {
    const items: [number, number, string][] = [
      [1, 0, 'eins'],
      [1, 1, 'a'],
      [1, 1, 'b'],
      [1, 2, 'tief'],
      [1, 0, 'zwei'],
      [1, 1, 'wieder a'],
      [2, 0, 'Punkt'],
      [3, 0, 'von vorn'],
      [3, 0, 'und weiter'],
    ]
    const body = items.map(([list, level, text]) => paragraph(text, numbered(list, level))).join('')
    expect(await linesOf({ numbering: NUMBERING, body: body + paragraph('kein Punkt', numbered(0, 0)) })).toEqual([
      'li 1. eins',
      'li a) a',
      'li b) b',
      'li 1.b.i tief',
      'li 2. zwei',
      'li a) wieder a',
      'li Punkt',
      'li 1. von vorn',
      'li 2. und weiter',
      'p kein Punkt',
    ])
  })

  it('shows changes as accepted, fields by their results, and nothing hidden', async () => {
    const body = [
      paragraphOf(
        `${run('Es bleibt ')}<w:del><w:r><w:delText>nicht </w:delText></w:r></w:del><w:ins>${run('alles')}</w:ins>`,
      ),
      paragraphOf(`<w:moveFrom>${run('weg')}</w:moveFrom><w:moveTo>${run('hier')}</w:moveTo>`),
      paragraphOf(
        `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DATE \\@ "dd" </w:instrText></w:r>${run('Feldkode')}<w:r><w:fldChar w:fldCharType="separate"/></w:r>${run('5. Mai')}<w:r><w:fldChar w:fldCharType="end"/></w:r>${run(' danach')}`,
      ),
      paragraphOf(
        `<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="1"/></w:checkBox></w:ffData></w:fldChar></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>${run(' ja')}`,
      ),
      paragraphOf(
        `<w:hyperlink r:id="rId9">${run('der Verweis')}</w:hyperlink>${run(' geheim', '<w:vanish/>')}${run(' nicht', '<w:vanish w:val="0"/>')}`,
      ),
      paragraphOf(
        '<w:r><w:t>Ta</w:t><w:softHyphen/><w:t>fel</w:t><w:tab/><w:t>a</w:t><w:br/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>',
      ),
      `<w:sdt><w:sdtPr><w:alias w:val="Name"/></w:sdtPr><w:sdtContent>${paragraph('im Feld')}</w:sdtContent></w:sdt>`,
      paragraphOf(
        `<w:smartTag w:element="x">${run('klug')}</w:smartTag><w:ruby><w:rt>${run('oben')}</w:rt><w:rubyBase>${run('unten')}</w:rubyBase></w:ruby>`,
      ),
    ]
    expect(await linesOf({ body: body.join('') })).toEqual([
      'p Es bleibt alles',
      'p hier',
      'p 5. Mai danach',
      'p ☒ ja',
      'p der Verweis nicht',
      'p Tafel a b-c☑',
      'p im Feld',
      'p klugunten (oben)',
    ])
  })

  it('shows a text box once, and describes pictures', async () => {
    const box = (text: string) => `<w:txbxContent>${paragraph(text)}</w:txbxContent>`
    const body = paragraphOf(
      `${run('Vor dem Kasten')}<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><wp:docPr id="1" name="Bild 1" descr="Ein Boot &amp; ein See"/><wps:txbx>${box('im Kasten')}</wps:txbx></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape alt="Ein Boot"><v:textbox>${box('im Kasten')}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>${run(', danach')}`,
    )
    expect(await linesOf({ body })).toEqual(['p Vor dem Kasten, danach', 'alt Ein Boot & ein See', 'p im Kasten'])
  })

  it('reads tables: marked headers, merged cells, rows taken out, tables in tables', async () => {
    const cell = (text: string, properties = '') =>
      `<w:tc>${properties === '' ? '' : `<w:tcPr>${properties}</w:tcPr>`}${paragraph(text)}</w:tc>`
    const row = (cells: string, properties = '') => `<w:tr><w:trPr>${properties}</w:trPr>${cells}</w:tr>`
    const body = `<w:tbl>${[
      row(cell('Jahr') + cell('Umsatz', '<w:gridSpan w:val="2"/>'), '<w:tblHeader/>'),
      row(cell('') + cell('netto') + cell('brutto'), '<w:tblHeader/>'),
      row(cell('2023', '<w:vMerge w:val="restart"/>') + cell('10') + cell('12')),
      row(cell('verdeckt', '<w:vMerge/>') + cell('20') + cell('24')),
      row(cell('gestrichen') + cell('0'), '<w:del w:id="1"/>'),
      row(
        `<w:tc>${table([
          ['innen a', 'innen b'],
          ['1', '2'],
        ])}${paragraph('außen')}</w:tc>${cell('30')}`,
      ),
    ].join('')}</w:tbl>`
    expect(await linesOf({ body })).toEqual([
      'tr Jahr|Umsatz',
      'tr netto|brutto',
      'tr 2023|10|12 <Jahr Umsatz netto brutto>',
      'tr 20|24 <Jahr Umsatz netto brutto>',
      'tr außen|30 <Jahr Umsatz netto brutto>',
      'tr innen a|innen b',
      'tr 1|2 <innen a innen b>',
    ])
    const { blocks } = await readBytes('a.docx', writeDocx({ body }))
    expect(blocks.slice(2, 5).map(({ heads }) => heads)).toEqual([
      ['Jahr', 'Umsatz netto', 'Umsatz brutto'],
      ['Umsatz netto', 'Umsatz brutto'],
      undefined,
    ])
  })

  it('heads a table by its first row where that names columns, and not pairs by the first of them', async () => {
    const pairs = [
      ['Vermieter', 'Hans Meier'],
      ['Mieter', 'Eva Schulz'],
      ['Kaution', '1500 €'],
    ]
    expect(await linesOf({ body: table(pairs) })).toEqual([
      'tr Vermieter|Hans Meier',
      'tr Mieter|Eva Schulz',
      'tr Kaution|1500 €',
    ])
    const list = [['Name', 'Ort', 'Alter'], ...Array.from({ length: 40 }, (_, at) => [`Person ${at}`, 'Köln', `${at}`])]
    expect(await linesOf({ body: table(list) })).toEqual([
      'tr Name|Ort|Alter',
      ...Array.from({ length: 40 }, (_, at) => `tr Person ${at}|Köln|${at} <Name Ort Alter>`),
    ])
    const headsOf = async (rows: string[][]) =>
      (await readBytes('a.docx', writeDocx({ body: table(rows) }))).blocks.slice(1).map(({ heads }) => heads)
    expect(await headsOf(list)).toEqual(Array(40).fill(['Name', 'Ort', 'Alter']))
    const names = ['Anna Köln Ärztin', 'Ben Bonn Koch', 'Cora Ulm Köchin'].map(row => row.split(' '))
    expect(await headsOf(names)).toEqual([undefined, undefined])
  })

  it('goes on in the next paragraph where the mark between them was taken out', async () => {
    const gone = (text: string, properties = '') =>
      paragraph(text, `${properties}<w:rPr><w:del w:id="1" w:author="x"/></w:rPr>`)
    const cell = (content: string) => `<w:tbl><w:tr><w:tc>${content}</w:tc></w:tr></w:tbl>`
    const body = [
      gone('Erster ', '<w:pStyle w:val="berschrift1"/>'),
      gone('zweiter '),
      paragraph('dritter.'),
      gone('vor einer Tabelle'),
      cell(gone('am Ende einer Zelle')),
      gone('am Ende'),
    ]
    expect(await linesOf({ body: body.join('') })).toEqual([
      'p Erster zweiter dritter.',
      'p vor einer Tabelle',
      'tr am Ende einer Zelle',
      'p am Ende',
    ])
    const list = [
      gone('eins ', numbered(1, 0)),
      paragraph('und mehr', numbered(1, 0)),
      paragraph('zwei', numbered(1, 0)),
    ]
    expect(await linesOf({ numbering: NUMBERING, body: list.join('') })).toEqual(['li 1. eins und mehr', 'li 2. zwei'])
  })

  it('reads what lies in a frame of one cell as paragraphs', async () => {
    const body = `<w:tbl><w:tr><w:tc>${paragraph('Titel', '<w:pStyle w:val="berschrift1"/>')}${paragraph('Text')}</w:tc></w:tr></w:tbl>`
    expect(await linesOf({ body })).toEqual(['h1 Titel', 'p Text'])
  })

  it('reads charts, diagrams and inserted documents where they stand', async () => {
    const names =
      'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    const cache = (texts: string[]) => texts.map((text, at) => `<c:pt idx="${at}"><c:v>${text}</c:v></c:pt>`).join('')
    const series = (name: string, values: string[]) =>
      `<c:ser><c:tx><c:strCache>${cache([name])}</c:strCache></c:tx><c:cat><c:strCache>${cache(['2022', '2023'])}</c:strCache></c:cat><c:val><c:numCache>${cache(values)}</c:numCache></c:val></c:ser>`
    const relation = (id: string, type: string, target: string) =>
      `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}"/>`
    const bytes = writeDocx({
      body: `${paragraphOf(`${run('Siehe:')}<w:r><w:drawing><c:chart ${names} r:id="r1"/></w:drawing></w:r>`)}<w:altChunk r:id="r2"/><w:altChunk r:id="r3"/>`,
      more: {
        'word/_rels/document.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${relation('r1', 'chart', 'chart1.xml')}${relation('r2', 'aFChunk', 'a.html')}${relation('r3', 'aFChunk', 'b.docx')}</Relationships>`,
        'word/chart1.xml': `<c:chartSpace ${names}><c:title><a:p><a:r><a:t>Umsatz</a:t></a:r></a:p></c:title>${series('Nord', ['3', '4'])}${series('Süd', ['5', '6'])}</c:chartSpace>`,
        'word/a.html': '<html><body><p>Aus dem Netz</p></body></html>',
        'word/b.docx': exampleDocx(),
      },
    })
    const { blocks, ending } = await readBytes('a.docx', bytes)
    expect(shown(blocks)).toEqual([
      'p Siehe:',
      'alt Umsatz',
      'tr 2022|Nord: 3|Süd: 5',
      'tr 2023|Nord: 4|Süd: 6',
      'p Aus dem Netz',
    ])
    expect(ending.reasons).toEqual([{ code: 'objects-left-out', values: { count: 1 } }])
  })

  it('names what it cannot show', async () => {
    const bytes = writeDocx({
      body: paragraphOf('<w:r><w:object><o:OLEObject ProgID="Excel.Sheet.12"/></w:object></w:r>'),
    })
    const { notes, ending } = await readBytes('a.docx', bytes)
    expect(notes).toEqual(['left out: an embedded object, Excel.Sheet.12'])
    expect(ending.reasons).toEqual([{ code: 'objects-left-out', values: { count: 1 } }])
  })

  it('goes on where it was left', async () => {
    const { blocks } = await readBytes(
      'a.docx',
      writeDocx({ body: Array.from({ length: 250 }, (_, index) => paragraph(`Satz ${index}`)).join('') }),
    )
    expect(blocks.at(-1)).toMatchObject({ text: 'Satz 249', span: { first: 250, last: 250 } })
  })
})

describe('a document of Word that is not in order', () => {
  it('is decrypted with its password', async () => {
    const locked = crypto.encrypt(Buffer.from(exampleDocx()), { password: 'geheim', type: 'standard' })
    expect((await readBytes('a.docx', locked, 'geheim')).blocks).toHaveLength(19)
    await expect(readBytes('a.docx', locked)).rejects.toMatchObject({ code: 'password-protected' })
    await expect(readBytes('a.docx', locked, 'falsch')).rejects.toMatchObject({ code: 'password-wrong' })
  }, 30_000)

  it('is told from other files by its inside', async () => {
    const other = writeZip({ 'xl/workbook.xml': '<workbook/>' })
    await expect(readBytes('a.docx', other)).rejects.toMatchObject({ code: 'type-mismatch' })
    await expect(readBytes('a.docx', writeZip({ 'x.txt': 'x' }))).rejects.toMatchObject({ code: 'damaged' })
    const legacy = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(1_000)])
    await expect(readBytes('a.docx', legacy)).rejects.toMatchObject({ code: 'type-mismatch' })
  })

  it('gives what comes before the cut, and says so', async () => {
    const body = Array.from({ length: 2_000 }, (_, index) =>
      paragraph(`Absatz ${index} kostet ${index * 7} Euro.`),
    ).join('')
    const bytes = writeDocx({ body })
    const { blocks, ending } = await readBytes('a.docx', bytes.subarray(0, bytes.length * 0.7))
    expect(ending.reasons).toEqual([{ code: 'partly-damaged' }])
    expect(blocks.length).toBeGreaterThan(500)
    expect(blocks.slice(0, 3).map(block => block.text)).toEqual(
      [0, 1, 2].map(index => `Absatz ${index} kostet ${index * 7} Euro.`),
    )
  })

  it('gives the text of XML that ends in the middle, and says so', async () => {
    const more = {
      'word/document.xml':
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Erster</w:t></w:r></w:p><w:p><w:r><w:t>Zweiter, abgeb',
    }
    const { blocks, ending } = await readBytes('a.docx', writeDocx({ body: '', more }))
    expect(shown(blocks)).toEqual(['p Erster', 'p Zweiter, abgeb'])
    expect(ending.reasons).toEqual([{ code: 'partly-damaged' }])
  })

  it.each([
    ['tables', 100_000, '<w:tbl><w:tr><w:tc>', '</w:tc></w:tr></w:tbl>'],
    ['boxes', 60_000, '<w:p><w:r><w:txbxContent>', '</w:txbxContent></w:r></w:p>'],
    ['unknown elements', 100_000, '<w:x>', '</w:x>'],
  ])(
    'reads %s in one another, %i of them',
    async (_, count, before, after) => {
      const body = `${paragraph('oben')}${before.repeat(count)}${paragraph('ganz tief')}${after.repeat(count)}${paragraph('unten')}`
      const started = process.cpuUsage()
      const { blocks } = await readBytes('a.docx', writeDocx({ body }))
      expect(blocks.map(block => block.text)).toEqual(['oben', 'ganz tief', 'unten'])
      expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10)
    },
    60_000,
  )

  it('knows no entities but its own', async () => {
    const more = {
      'word/document.xml': `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${paragraph('x').replace('x<', '&a;&b;&lt;&#228;<')}</w:body></w:document>`,
    }
    expect(shown((await readBytes('a.docx', writeDocx({ body: '', more }))).blocks)).toEqual(['p &a;&b;<ä'])
  })
})
