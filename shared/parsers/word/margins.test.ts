import { expect, it } from 'vitest'
import { paragraph, paragraphOf, run, table, writeDocx } from '../../../scripts/fixtures/docx.ts'
import { textParagraph, writeFlatOdt, writeOdt } from '../../../scripts/fixtures/odt.ts'
import { writeRtf } from '../../../scripts/fixtures/rtf.ts'
import { readBytes, shown } from './fixture-reading.ts'

const FIELD = (code: string, result: string) =>
  `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> ${code} </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>${run(result)}<w:r><w:fldChar w:fldCharType="end"/></w:r>`
const heading = paragraph('Klage', '<w:pStyle w:val="berschrift1"/>')

async function linesOf(name: string, bytes: Uint8Array) {
  return shown((await readBytes(name, bytes)).blocks)
}

it('reads headers and footers of Word before the text, without the numbers of pages', async () => {
  const header =
    table([['Kanzlei Weiß', 'Aktenzeichen 12 O 345/24']]) +
    paragraphOf(
      `${run('Seite ')}${FIELD('PAGE', '3')}${run(' von ')}<w:fldSimple w:instr="NUMPAGES">${run('9')}</w:fldSimple>`,
    ) +
    paragraphOf(`${run('Stand: ')}${FIELD('DATE', '1.3.2024')}${run(', S. ')}${FIELD('PAGE \\* MERGEFORMAT', '3')}`)
  expect(await linesOf('a.docx', writeDocx({ header, body: heading + paragraph('Text') }))).toEqual([
    'note Kanzlei Weiß Aktenzeichen 12 O 345/24',
    'note Stand: 1.3.2024, S.',
    'h1 Klage',
    'p Text',
  ])
  expect(await linesOf('a.docx', writeDocx({ header: paragraph('Briefkopf'), body: paragraph('') }))).toEqual([
    'note Briefkopf',
  ])
})

it('leaves out those of Word that no page shows', async () => {
  const names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
  const relation = (id: string) =>
    `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/header" Target="${id}.xml"/>`
  const bytes = (section: string) =>
    writeDocx({
      body: `${paragraph('Text')}<w:sectPr><w:headerReference w:type="default" r:id="h1"/><w:headerReference w:type="first" r:id="h2"/><w:headerReference w:type="even" r:id="h3"/>${section}</w:sectPr>`,
      more: {
        'word/_rels/document.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${['h1', 'h2', 'h3', 'h4'].map(relation).join('')}</Relationships>`,
        'word/h1.xml': `<w:hdr ${names}>${paragraph('Alle')}</w:hdr>`,
        'word/h2.xml': `<w:hdr ${names}>${paragraph('Alle')}${paragraph('Erste')}</w:hdr>`,
        'word/h3.xml': `<w:hdr ${names}>${paragraph('Gerade')}</w:hdr>`,
        'word/h4.xml': `<w:hdr ${names}>${paragraph('Vergessen')}</w:hdr>`,
      },
    })
  expect(await linesOf('a.docx', bytes(''))).toEqual(['note Alle', 'p Text'])
  expect(await linesOf('a.docx', bytes('<w:titlePg/>'))).toEqual(['note Alle', 'note Erste', 'p Text'])
})

it('reads headers and footers of OpenDocument', async () => {
  const master = `<style:master-page style:name="Standard"><style:header>${textParagraph('Aktenzeichen 7')}</style:header><style:header-first style:display="false">${textParagraph('alt')}</style:header-first><style:footer>${textParagraph('Aktenzeichen 7')}<text:p>Seite <text:page-number>4</text:page-number></text:p><text:p>IBAN DE12</text:p></style:footer></style:master-page>`
  const parts = { text: `<text:h text:outline-level="1">Klage</text:h>${textParagraph('Text')}`, styles: master }
  const lines = ['note Aktenzeichen 7', 'note IBAN DE12', 'h1 Klage', 'p Text']
  expect(await linesOf('a.odt', writeOdt(parts))).toEqual(lines)
  expect(await linesOf('a.fodt', writeFlatOdt(parts))).toEqual(lines)
})

it('reads headers and footers of RTF, each text once', async () => {
  const body =
    '{\\header\\pard Aktenzeichen 7\\par}{\\footer\\pard Seite {\\field{\\*\\fldinst PAGE}{\\fldrslt 4}}\\par IBAN DE12\\par}\\pard\\s1 Klage\\par\\pard Text\\par\\sect{\\header\\pard Aktenzeichen 7\\par}{\\headerf\\pard Anlage\\par}\\pard mehr\\par'
  expect(await linesOf('a.rtf', writeRtf(body))).toEqual([
    'note Aktenzeichen 7',
    'note IBAN DE12',
    'h1 Klage',
    'p Text',
    'note Anlage',
    'p mehr',
  ])
})
