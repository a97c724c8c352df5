import path from 'node:path'
import { evalDirectory } from '../eval-directory.ts'
import { atLeast, type Figure, median, told } from '../figure.ts'
import { readOdd, tellAgreement } from './odd.ts'
import type { CorpusOptions } from './settings.ts'
import { openLibreOffice } from './witness.ts'

const target = 0.95
const kinds = ['docx', 'odt', 'pptx', 'xlsx', 'html']

export async function measureOffice(options: CorpusOptions): Promise<Figure[]> {
  const { note, cache } = options
  const folder = evalDirectory()
  if (folder === undefined) {
    note('office: EVAL_DIR names no folder')
    return []
  }
  await using witness = await openLibreOffice(cache)
  if (!witness) note('office: LibreOffice is not installed, so no words are compared')
  const { files, figures } = await readOdd(path.join(folder, 'office-odd'), witness, options)
  const named = figures.map(figure => ({ ...figure, name: `office-odd, ${figure.name}` }))
  if (!witness) return named
  const all: number[] = []
  for (const kind of [...kinds, 'rtf', 'ods', 'odp']) {
    const scores = tellAgreement(
      files.filter(({ name }) => path.extname(name).toLowerCase() === `.${kind}`),
      0.9,
      note,
    )
    if (scores.length === 0) continue
    const name = `office-odd, ${kind}, words with LibreOffice, median F1 of ${scores.length}`
    named.push(kinds.includes(kind) ? atLeast(name, median(scores), '', target) : told(name, median(scores), ''))
    if (kinds.includes(kind)) all.push(...scores)
  }
  if (all.length > 0) named.push(atLeast(`office-odd, all, median F1 of ${all.length}`, median(all), '', target))
  return named
}
