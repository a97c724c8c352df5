/** One part of the bench in a process of its own, so that no part sees the memory of another: `node bench/corpus/part.ts NAME`. */
import type { Figure } from '../figure.ts'
import type { CorpusOptions } from './settings.ts'

const parts: Record<string, () => Promise<(options: CorpusOptions) => Promise<Figure[]>>> = {
  pdf: async () => (await import('./pdf.ts')).measurePdf,
  office: async () => (await import('./office.ts')).measureOffice,
  mutations: async () => (await import('./mutations.ts')).measureMutations,
  small: async () => (await import('./small-files.ts')).measureSmall,
  fairness: async () => (await import('./fairness.ts')).measureFairness,
}

const [name, cache] = process.argv.slice(2)
const measure = await parts[name]()
const note = (line: string) => process.stderr.write(`${line}\n`)
process.stdout.write(JSON.stringify(await measure({ note, ...(cache && { cache }) })))
