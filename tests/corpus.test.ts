/** A sample of the bench `corpus`: every n-th of its files. The whole: `npm run bench -- corpus`. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { measureFairness } from '../bench/corpus/fairness.ts'
import { measureMutations } from '../bench/corpus/mutations.ts'
import { readOdd } from '../bench/corpus/odd.ts'
import { measurePdf } from '../bench/corpus/pdf.ts'
import { measureSmall } from '../bench/corpus/small-files.ts'
import type { Figure } from '../bench/figure.ts'

const folder = process.env.EVAL_DIR
const told: string[] = []
const note = (line: string) => void told.push(line)

const figureOf = (figures: readonly Figure[], part: string) => {
  const found = figures.find(({ name }) => name.includes(part))
  if (!found) throw new Error(`no figure ${part}`)
  return found.value
}

/** What does not reach its target; without what a busy machine decides. */
const missed = (figures: readonly Figure[]) =>
  figures.filter(({ name, holds }) => !holds && !/a second|memory|growth|p95/.test(name)).map(({ name }) => name)

test('mutated files end in a receipt or a clear error, never hang, and say what they lost', async () => {
  const figures = await measureMutations({ note, every: 25 })
  expect(figureOf(figures, 'files')).toBe(20)
  expect(figureOf(figures, 'nothing is said')).toBe(0)
  expect(missed(figures), told.join('\n')).toEqual([])
}, 60_000)

test('small files of all kinds are all found by their own words', async () => {
  const figures = await measureSmall({ note, every: 40 })
  expect(figureOf(figures, 'not ready')).toBe(0)
  expect(figureOf(figures, 'of their own')).toBeGreaterThanOrEqual(12)
  expect(missed(figures), told.join('\n')).toEqual([])
}, 60_000)

test('small files pass a huge one, which gets on', async () => {
  const figures = await measureFairness({ note, every: 12 })
  for (const name of ['huge.pdf', 'huge.csv', 'huge.xlsx']) {
    expect(figureOf(figures, `${name}: small files beside it`)).toBeGreaterThan(0)
  }
  expect(missed(figures), told.join('\n')).toEqual([])
}, 120_000)

test.skipIf(folder === undefined)(
  'odd files end in a receipt or a clear error (needs EVAL_DIR)',
  async () => {
    const office = path.join(folder ?? '', 'office-odd')
    // With how well the words agree with those of pdftotext, where that is installed; LibreOffice would take minutes.
    const figures = existsSync(path.join(folder ?? '', 'pdf-odd')) ? await measurePdf({ note, every: 30 }) : []
    if (existsSync(office)) figures.push(...(await readOdd(office, undefined, { note, every: 20 })).figures)
    expect(missed(figures), told.join('\n')).toEqual([])
  },
  60_000,
)
