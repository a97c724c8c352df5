/** The library that the bench of load searches: three projects in one database on Postgres. */
import { v7 } from 'uuid'
import { openPostgres } from '../shared/db/postgres/index.ts'
import type { Scope } from '../shared/model/index.ts'
import { analyzeQuestion } from '../shared/retrieve/question.ts'
import { createSearch, type SearchMode } from '../shared/retrieve/search.ts'
import { openStore, type VectorIndex } from '../shared/store/index.ts'
import { createText, createVectors, type SyntheticText, type SyntheticVectors } from '../tests/synthetic.ts'
import { createBulkChunks, withoutWordIndex } from './bulk-chunks.ts'
import { type FilledProject, fillProjects } from './fill-projects.ts'
import type { OwnDatabase } from './own-database.ts'

export const dimensions = 384

export interface LoadProject extends FilledProject {
  /** Chunks. */
  size: number
  /** All of its vectors behind one another, and the chunks they belong to. */
  vectors: Float32Array
  ids: number[]
}

export interface LoadLibrary {
  projects: LoadProject[]
  text: SyntheticText
  vectors: SyntheticVectors
}

const log = { debug() {}, info() {}, warn() {}, error() {} }
const clock = { now: () => Date.now() }
const ids = { next: () => v7() }
const backups = (name: string) => name

/**
 * Projects of so many chunks, with vectors in an index of this model, indexed for fast search and vacuumed: as the server's
 * own vacuum leaves it soon after.
 */
export async function buildLoadLibrary(
  { url, query }: OwnDatabase,
  options: { sizes: readonly number[]; model: Pick<VectorIndex, 'fingerprint' | 'name'>; note: (line: string) => void },
): Promise<LoadLibrary> {
  const { sizes, model, note } = options
  const database = await openPostgres({ url })
  const store = await openStore({ database, clock, ids, log, backups })
  const text = createText({ seed: 20_261_121 })
  const vectors = createVectors({ seed: 20_261_122, dimensions })
  const made = sizes.map(size => ({ vectors: new Float32Array(size * dimensions), ids: [] as number[] }))
  try {
    const eachVector = (project: number, id: number, vector: Float32Array) => {
      made[project].vectors.set(vector, made[project].ids.length * dimensions)
      made[project].ids.push(id)
    }
    let filled: FilledProject[] = []
    const chunks = createBulkChunks(database)
    await withoutWordIndex(query, async () => {
      filled = await fillProjects(store, { sizes, text, note, vectors, model, eachVector, chunks })
    })
    const started = performance.now()
    await store.vectors.tend()
    note(`the vectors indexed in ${((performance.now() - started) / 1000).toFixed(1)} s`)
    await query('vacuum (analyze)')
    return { projects: filled.map((project, at) => ({ ...project, ...made[at], size: sizes[at] })), text, vectors }
  } finally {
    await store.close()
    await database.close()
  }
}

/** A search over this library as a server makes it, the vectors of the questions given. */
export async function openLoadSearch(url: string, fingerprint: string) {
  const database = await openPostgres({ url })
  const store = await openStore({ database, clock, ids, log, backups })
  const vectorOf = new Map<string, Float32Array>()
  const search = createSearch({
    store,
    embedQuestion: async (asked, question) => (asked === fingerprint ? vectorOf.get(question) : undefined),
  })
  return {
    store,
    /** Milliseconds. Throws where vectors took no part. */
    async time(scope: Scope, question: string, vector: Float32Array, mode: SearchMode = 'hybrid'): Promise<number> {
      const analyzed = analyzeQuestion(question)
      vectorOf.set(analyzed.text, vector)
      const started = performance.now()
      const { legs, hits } = await search.find(scope, analyzed, { mode })
      const took = performance.now() - started
      vectorOf.delete(analyzed.text)
      if (!legs.vectors || hits.length === 0) throw new Error('the leg of vectors is missing, or nothing was found')
      return took
    },
    async close() {
      await store.close()
      await database.close()
    },
  }
}
