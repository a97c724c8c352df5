import path from 'node:path'
import { evalDirectory } from '../eval-directory.ts'
import { atLeast, type Figure, median } from '../figure.ts'
import { readOdd, tellAgreement } from './odd.ts'
import type { CorpusOptions } from './settings.ts'
import { openPdftotext } from './witness.ts'

const target = 0.97

export async function measurePdf(options: CorpusOptions): Promise<Figure[]> {
  const { note } = options
  const folder = evalDirectory()
  if (folder === undefined) {
    note('pdf: EVAL_DIR names no folder')
    return []
  }
  const witness = await openPdftotext()
  if (!witness) note('pdf: pdftotext is not installed, so no words are compared')
  const { files, figures } = await readOdd(path.join(folder, 'pdf-odd'), witness, options)
  const named = figures.map(figure => ({ ...figure, name: `pdf-odd, ${figure.name}` }))
  const scores = tellAgreement(files, 0.8, note)
  if (scores.length === 0) return named
  const name = `pdf-odd, words with pdftotext, median F1 of ${scores.length}`
  return [...named, atLeast(name, median(scores), '', target)]
}
