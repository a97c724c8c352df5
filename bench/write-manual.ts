import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type PdfPage, paragraph, writePdf } from '../scripts/write-pdf.ts'
import { createText } from '../tests/synthetic.ts'
import type { Manual } from './manuals.ts'

/** A PDF file of so many full pages of text with headings, running heads and page numbers; the same each time. */
export async function writeManual(folder: string, pages: number): Promise<Manual> {
  const text = createText({ seed: pages, words: 8000 })
  const name = `manual-${pages}.pdf`
  const file = path.join(folder, name)
  const written = Array.from({ length: pages }, (_, index): PdfPage => {
    const texts = [
      { x: 72, y: 40, text: 'Handbuch der Einrichtung' },
      { x: 72, y: 90, text: `${index + 1} Abschnitt`, font: 'Helvetica-Bold' as const, size: 16 },
      { x: 290, y: 810, text: String(index + 1) },
    ]
    const body = Array.from({ length: 6 }, (_, block) =>
      paragraph(sentences(text.chunk(block).text), { x: 72, y: 120 + block * 112, width: 450, leading: 12 }),
    )
    return { texts: [...texts, ...body.flat().filter(line => line.y < 790)] }
  })
  await writeFile(file, writePdf({ pages: written }))
  return { name, file }
}

/** A point after every dozen words. */
function sentences(text: string): string {
  return `${text.replace(/((?:\S+ ){11}\S+) /g, '$1. ')}.`
}
