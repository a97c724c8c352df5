/** A sample of the bench `corpus`: every n-th of its files. The whole: `npm run bench -- corpus`. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { measureFairness } from '../bench/corpus/fairness.ts'
import { measureMutations } from '../bench/corpus/mutations.ts'
import { readOdd } from '../bench/corpus/odd.ts'
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

test('mutated files end in a receipt or a clear error, and never hang', async () => {
  const figures = await measureMutations({ note, every: 25 })
  expect(figureOf(figures, 'files')).toBe(20)
  expect(figureOf(figures, 'without a receipt')).toBe(0)
  expect(figureOf(figures, 'hangs')).toBe(0)
}, 60_000)

test('small files of all kinds are all found by their own words', async () => {
  const figures = await measureSmall({ note, every: 40 })
  expect(figureOf(figures, 'not ready')).toBe(0)
  expect(figureOf(figures, 'of their own')).toBeGreaterThanOrEqual(12)
}, 60_000)

test('small files pass a huge one, which gets on', async () => {
  const figures = await measureFairness({ note, every: 6 })
  expect(figureOf(figures, 'ready in the end')).toBe(1)
  expect(figureOf(figures, 'beside a huge one')).toBeGreaterThan(0)
}, 60_000)

test.skipIf(folder === undefined)(
  'odd files end in a receipt or a clear error (needs EVAL_DIR)',
  async () => {
    for (const [name, every] of [
      ['pdf-odd', 30],
      ['office-odd', 20],
    ] as const) {
      if (!existsSync(path.join(folder ?? '', name))) continue
      const { figures } = await readOdd(path.join(folder ?? '', name), undefined, { note, every })
      expect(figureOf(figures, 'without a receipt')).toBe(0)
      expect(figureOf(figures, 'hangs')).toBe(0)
    }
  },
  60_000,
)
