/**
 * What people really have and nobody should have: odd PDFs and office files, mutated ones, a thousand small ones, and one
 * huge one beside them. `--only pdf|office|mutations|small|fairness`; `--cache FOLDER` keeps what LibreOffice made.
 */

import type { Bench, Figure } from './figure.ts'
import { run } from './run-module.ts'

const parts = ['pdf', 'office', 'mutations', 'small', 'fairness']

export const bench: Bench = async ({ note, args }) => {
  const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const only = option('--only')
  if (only !== undefined && !parts.includes(only)) throw new Error(`--only ${parts.join('|')}`)
  const cache = option('--cache')
  const figures: Figure[] = []
  for (const part of only === undefined ? parts : [only]) {
    note(part)
    const words = ['--expose-gc', 'bench/corpus/part.ts', part, ...(cache === undefined ? [] : [cache])]
    figures.push(...(JSON.parse(await run(words)) as Figure[]))
  }
  return figures
}
