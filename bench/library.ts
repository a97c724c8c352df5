/** A data directory full of synthetic chunks, written through the store's own path. */
import path from 'node:path'
import { v7 } from 'uuid'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import type { Chunk, Scope } from '../shared/model/index.ts'
import { openStore } from '../shared/store/index.ts'
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

/** The model of the index that is filled when vectors are given. */
export const fingerprint = 'synthetic'

const projects = 40
const largest = 10_000
const others = 90_000
const perDocument = 40
const documentsPerTransaction = 10

/** `each` sees every chunk with the number of its project from 0, in the order they are stored. */
export async function buildLibrary(
  folder: string,
  {
    note,
    each,
    vectors,
  }: {
    note: (line: string) => void
    each?: (project: number, chunk: Chunk) => void
    /** A vector for each chunk; a document is of one cluster, and four documents share one. */
    vectors?: SyntheticVectors
  },
): Promise<Library> {
  const clock = { now: () => Date.now() }
  const ids = { next: () => v7() }
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const database = await openSqlite({ file: path.join(folder, 'cloister.db') })
  const store = await openStore({ database, clock, ids, log, backups: name => path.join(folder, name) })
  const text = createText({ seed: 20_261_121 })
  const samples: Chunk[] = []
  const sampleVectors: Float32Array[] = []
  if (vectors) {
    const { dimensions } = vectors
    await store.transaction('internal', tx => store.vectors.create(tx, { fingerprint, name: fingerprint, dimensions }))
  }
  const index = await store.vectors.active()
  const scopes: Scope[] = []
  const started = performance.now()
  for (let project = 0; project < projects; project++) {
    const scope = store.projects.next('local')
    await store.transaction(scope, tx => store.projects.insert(tx, scope, `Bench ${project}`, 'documents'))
    scopes.push(scope)
    let left = project === 0 ? largest : share(project)
    for (let number = 0; left > 0; ) {
      const added: { id: string; sampled: boolean[]; cluster: number }[] = []
      await store.transaction(scope, async tx => {
        for (let count = 0; count < documentsPerTransaction && left > 0; count++, number++) {
          const name = `${number}.txt`
          const blob = `${project}-${number}`
          const file = { name, path: name, mediaType: 'text/plain', size: 1, blob }
          const { id } = await store.documents.insert(tx, scope, file)
          const chunks = Array.from({ length: Math.min(perDocument, left) }, (_, position) => text.chunk(position))
          await store.chunks.insert(tx, scope.projectId, id, chunks)
          await store.documents.update(tx, id, {
            state: 'ready',
            chunks: chunks.length,
            segments: 1,
            parsed: 1,
            indexed: 1,
          })
          left -= chunks.length
          const sampled = chunks.map(chunk => project === 0 && chunk.position % 8 === 0)
          added.push({ id, sampled, cluster: Math.floor((project * 1000 + number) / 4) })
          for (const chunk of chunks) each?.(project, chunk)
          samples.push(...chunks.filter((_, at) => sampled[at]))
        }
      })
      if (!vectors || !index) continue
      for (const { id, sampled, cluster } of added) {
        const rows = await store.chunks.page(scope, id, 0, perDocument)
        const made = rows.map(row => ({ id: row.id, vector: vectors.near(cluster) }))
        sampleVectors.push(...made.flatMap(({ vector }, at) => (sampled[at] ? [vector] : [])))
        const document = { id, projectId: scope.projectId }
        await store.transaction(scope, tx =>
          store.vectors.insert(tx, index, document, { from: 0, chunks: made, complete: true }),
        )
      }
    }
    if (project % 10 === 0) note(`project ${project + 1} of ${projects} after ${seconds(started)} s`)
  }
  await store.close()
  await database.close()
  note(`${largest + others} chunks in ${seconds(started)} s`)
  return { scopes, text, samples, sampleVectors }
}

/** The others share what is left evenly. */
function share(project: number): number {
  const each = Math.floor(others / (projects - 1))
  return project === projects - 1 ? others - each * (projects - 2) : each
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10
}
