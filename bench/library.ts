/** Projects full of synthetic chunks, written through the store's own path. */
import path from 'node:path'
import { v7 } from 'uuid'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import type { Chunk, Scope } from '../shared/model/index.ts'
import { openStore, type Store, type VectorIndex } from '../shared/store/index.ts'
import { createText, type SyntheticText, type SyntheticVectors } from '../tests/synthetic.ts'

export interface Library {
  /** The project of 10,000 chunks first, then the others. */
  scopes: Scope[]
  text: SyntheticText
  /** Every eighth chunk of the first project: questions come from them. */
  samples: Chunk[]
  /** Their vectors, where there are any. */
  sampleVectors: Float32Array[]
}

export interface FilledProject {
  scope: Scope
  /** Questions come from them: some 1,250, spread evenly over the project, and no more than every eighth chunk. */
  samples: Chunk[]
  /** Their vectors, where there are any. */
  sampleVectors: Float32Array[]
}

/** The model of the index that is filled when vectors are given, and nothing else is said. */
export const fingerprint = 'synthetic'

const projects = 40
const largest = 10_000
const others = 90_000
const perDocument = 40
const documentsPerTransaction = 10
const samplesPerProject = 1250

/** A data directory with 100,000 chunks. `each` sees every one with the number of its project from 0, in the order they are stored. */
export async function buildLibrary(
  folder: string,
  {
    note,
    each,
    vectors,
  }: {
    note: (line: string) => void
    each?: (project: number, chunk: Chunk) => void
    vectors?: SyntheticVectors
  },
): Promise<Library> {
  const clock = { now: () => Date.now() }
  const ids = { next: () => v7() }
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const database = await openSqlite({ file: path.join(folder, 'cloister.db') })
  const store = await openStore({ database, clock, ids, log, backups: name => path.join(folder, name) })
  const text = createText({ seed: 20_261_121 })
  const sizes = Array.from({ length: projects }, (_, project) => (project === 0 ? largest : share(project)))
  const filled = await fillProjects(store, { sizes, text, note, ...(each && { each }), ...(vectors && { vectors }) })
  await store.close()
  await database.close()
  const [{ samples, sampleVectors }] = filled
  return { scopes: filled.map(({ scope }) => scope), text, samples, sampleVectors }
}

/** New projects of so many chunks each; with vectors, an index of them of the model named is made and filled. */
export async function fillProjects(
  store: Store,
  {
    sizes,
    text,
    note,
    each,
    vectors,
    model = { fingerprint, name: fingerprint },
    eachVector,
  }: {
    sizes: readonly number[]
    text: SyntheticText
    note: (line: string) => void
    each?: (project: number, chunk: Chunk) => void
    /** A vector for each chunk; a document is of one cluster, and four documents share one. */
    vectors?: SyntheticVectors
    model?: Pick<VectorIndex, 'fingerprint' | 'name'>
    eachVector?: (project: number, id: number, vector: Float32Array) => void
  },
): Promise<FilledProject[]> {
  if (vectors) {
    const { dimensions } = vectors
    await store.transaction('internal', tx => store.vectors.create(tx, { ...model, dimensions }))
  }
  const index = await store.vectors.active()
  const filled: FilledProject[] = []
  const started = performance.now()
  for (const [project, size] of sizes.entries()) {
    const scope = store.projects.next('local')
    await store.transaction(scope, tx => store.projects.insert(tx, scope, `Bench ${project}`, 'documents'))
    const samples: Chunk[] = []
    const sampleVectors: Float32Array[] = []
    const sampled = sampling(size)
    let left = size
    for (let number = 0; left > 0; ) {
      const batch: { number: number; chunks: Chunk[] }[] = []
      for (let count = 0; count < documentsPerTransaction && left > 0; count++, number++) {
        const chunks = Array.from({ length: Math.min(perDocument, left) }, (_, position) => text.chunk(position))
        left -= chunks.length
        batch.push({ number, chunks })
      }
      const added = await store.transaction(scope, async tx => {
        const documents = []
        for (const { number, chunks } of batch) {
          const name = `${number}.txt`
          const file = { name, path: name, mediaType: 'text/plain', size: 1, blob: `${project}-${number}` }
          const { id } = await store.documents.insert(tx, scope, file)
          await store.chunks.insert(tx, scope.projectId, id, chunks)
          const counts = { chunks: chunks.length, segments: 1, parsed: 1, indexed: 1 }
          await store.documents.update(tx, id, { state: 'ready', ...counts })
          documents.push({ id, number, chunks })
        }
        return documents
      })
      const embedded: { document: { id: string; projectId: string }; made: { id: number; vector: Float32Array }[] }[] =
        []
      for (const { id, number, chunks } of added) {
        for (const chunk of chunks) each?.(project, chunk)
        samples.push(...chunks.filter((_, position) => sampled(number * perDocument + position)))
        if (!vectors || !index) continue
        const rows = await store.chunks.page(scope, id, 0, perDocument)
        const cluster = Math.floor((project * 1000 + number) / 4)
        const made = rows.map(row => ({ id: row.id, vector: vectors.near(cluster) }))
        for (const { id, vector } of made) eachVector?.(project, id, vector)
        sampleVectors.push(
          ...made.flatMap(({ vector }, position) => (sampled(number * perDocument + position) ? [vector] : [])),
        )
        embedded.push({ document: { id, projectId: scope.projectId }, made })
      }
      if (index && embedded.length > 0)
        await store.transaction(scope, async tx => {
          for (const { document, made } of embedded)
            await store.vectors.insert(tx, index, document, { from: 0, chunks: made, complete: true })
        })
      if (number % 500 === 0) note(`${number} documents of project ${project + 1} after ${seconds(started)} s`)
    }
    filled.push({ scope, samples, sampleVectors })
    if (project % 10 === 0) note(`project ${project + 1} of ${sizes.length} after ${seconds(started)} s`)
  }
  note(`${sizes.reduce((sum, size) => sum + size, 0)} chunks in ${seconds(started)} s`)
  return filled
}

/** The others share what is left evenly. */
function share(project: number): number {
  const each = Math.floor(others / (projects - 1))
  return project === projects - 1 ? others - each * (projects - 2) : each
}

function sampling(size: number): (at: number) => boolean {
  const step = Math.max(8, Math.floor(size / samplesPerProject))
  return at => at % step === 0
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10
}
