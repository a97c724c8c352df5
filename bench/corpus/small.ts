/** 1,000 small files of seven kinds, each another one: how fast they can be found by their words. */

import { writeCsv } from '../../scripts/fixtures/csv.ts'
import { paragraph, table, writeDocx } from '../../scripts/fixtures/docx.ts'
import { writeMail } from '../../scripts/fixtures/eml.ts'
import { LEASE } from '../../scripts/fixtures/lease.ts'
import { type PdfPage, writePdf } from '../../scripts/write-pdf.ts'
import { createRandom } from './random.ts'

export interface SmallFile {
  name: string
  bytes: Uint8Array
}

/** Words that stand in the file and in no other. */
export const markOf = (index: number) => `kennzeichen${String(index).padStart(4, '0')}`

const kinds = ['md', 'txt', 'docx', 'html', 'eml', 'csv', 'pdf'] as const

export function writeSmallFiles(count: number, taken: readonly string[] = kinds): SmallFile[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = taken[index % taken.length] as (typeof kinds)[number]
    return { name: `${markOf(index)}.${kind}`, bytes: Buffer.from(writers[kind](lettersOf(index))) }
  })
}

interface Letter {
  title: string
  paragraphs: string[]
  rows: string[][]
}

const sentences = LEASE.sections.flatMap(({ paragraphs }) => paragraphs).flatMap(text => text.split(/(?<=\.) /))

/** About 200 words. */
function lettersOf(index: number): Letter {
  const random = createRandom(index + 1)
  const sentence = () => sentences[Math.floor(random() * sentences.length)]
  return {
    title: `Vorgang ${markOf(index)}`,
    paragraphs: Array.from({ length: 4 }, () => [sentence(), sentence(), sentence()].join(' ')),
    rows: [
      ['Position', 'Betrag', 'Fällig'],
      ...Array.from({ length: 4 }, (_, row) => [
        `Posten ${row + 1}`,
        `${Math.floor(random() * 9000)},00 €`,
        sentence(),
      ]),
    ],
  }
}

const html = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const writers: Record<(typeof kinds)[number], (letter: Letter) => Uint8Array | string> = {
  md: ({ title, paragraphs, rows }) =>
    `# ${title}\n\n${paragraphs.join('\n\n')}\n\n${rows
      .map(row => `| ${row.join(' | ')} |`)
      .join(`\n`)
      .replace('\n', '\n|---|---|---|\n')}\n`,
  txt: ({ title, paragraphs }) => `${title}\n\n${paragraphs.join('\n\n')}\n`,
  docx: ({ title, paragraphs, rows }) =>
    writeDocx({ body: [title, ...paragraphs].map(text => paragraph(text)).join('') + table(rows) }),
  html: ({ title, paragraphs, rows }) =>
    `<!doctype html><html lang="de"><head><meta charset="utf-8"><title>${html(title)}</title></head><body><main><h1>${html(title)}</h1>${paragraphs
      .map(text => `<p>${html(text)}</p>`)
      .join('')}<table>${rows
      .map(row => `<tr>${row.map(cell => `<td>${html(cell)}</td>`).join('')}</tr>`)
      .join('')}</table></main></body></html>`,
  eml: ({ title, paragraphs }) => writeMail({ subject: title, text: paragraphs.join('\n\n') }),
  csv: ({ title, rows }) => writeCsv([...rows, [title, '', '']]),
  pdf: ({ title, paragraphs }) =>
    writePdf({ pages: [pageOf(title, paragraphs), pageOf(title, paragraphs.toReversed())] }),
}

export function pageOf(title: string, paragraphs: readonly string[]): PdfPage {
  const lines = paragraphs.flatMap(text => [...wrap(text), ''])
  return {
    texts: [
      { x: 60, y: 70, text: title, size: 16, font: 'Helvetica-Bold' },
      ...lines.flatMap((text, line) => (text === '' ? [] : [{ x: 60, y: 100 + line * 14, text }])),
    ],
  }
}

function wrap(text: string): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    if (lines[lines.length - 1].length + word.length > 90) lines.push(word)
    else lines[lines.length - 1] = `${lines[lines.length - 1]} ${word}`.trim()
  }
  return lines
}
