/** Prints how many milliseconds the first search of this process takes: `node bench/load-cold.ts JSON`. */
import type { Scope } from '../shared/model/index.ts'
import { openLoadSearch } from './load-library.ts'

const { url, fingerprint, scope, question, vector } = JSON.parse(process.argv[2]) as {
  url: string
  fingerprint: string
  scope: Scope
  question: string
  vector: number[]
}
const search = await openLoadSearch(url, fingerprint)
process.stdout.write(String(await search.time(scope, question, Float32Array.from(vector))))
await search.close()
