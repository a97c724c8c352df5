/** Projects full of synthetic chunks, written through the store's own path, whatever its engine. */
import type { Chunk, Scope } from '../shared/model/index.ts'
import type { Store, Tx, VectorIndex } from '../shared/store/index.ts'
import type { SyntheticText, SyntheticVectors } from '../tests/synthetic.ts'

export interface FilledProject {
  scope: Scope
  documents: string[]
  /** Questions come from them: some 1,250, spread evenly over the project, and no more than every eighth chunk. */
  samples: Chunk[]
  /** Their vectors, where there are any. */
  sampleVectors: Float32Array[]
}

export interface Filling {
  /** Chunks of each project. */
  sizes: readonly number[]
  /** Whose each project is; local mode's user's without it. */
  owners?: readonly string[]
  chunksPerDocument?: number
  /** Whether each document can be opened too: its chunks are the paragraphs of one segment. */
  segments?: boolean
  text: SyntheticText
  /** A vector for each chunk; a document is of one cluster, and four documents share one. */
  vectors?: SyntheticVectors
  /** Whose index of vectors is made and filled. */
  model?: Pick<VectorIndex, 'fingerprint' | 'name'>
  /** Sees every chunk with the number of its project from 0, in the order they are stored. */
  each?: (project: number, chunk: Chunk) => void
  eachVector?: (project: number, id: number, vector: Float32Array) => void
  /** Without it, the store writes them. */
  chunks?: ChunkWriter
  note: (line: string) => void
}

/** Another way for chunks into the database than the store's own. */
export interface ChunkWriter {
  insert(tx: Tx, scope: Scope, documents: readonly Added[]): Promise<void>
  /** These are committed. */
  written(chunks: readonly Chunk[]): void
  /** Nothing more comes for this project. */
  finish(tx: Tx, scope: Scope): Promise<void>
}

/** The model of the index where nothing else is said. */
export const fingerprint = 'synthetic'

const usualPerDocument = 40
const documentsPerTransaction = 10
const samplesPerProject = 1250

export interface Added {
  id: string
  /** From 0 within its project. */
  number: number
  chunks: readonly Chunk[]
}

export async function fillProjects(store: Store, filling: Filling): Promise<FilledProject[]> {
  const { sizes, vectors, model = { fingerprint, name: fingerprint }, note } = filling
  if (vectors) {
    const { dimensions } = vectors
    await store.transaction('internal', tx => store.vectors.create(tx, { ...model, dimensions }))
  }
  const filled: FilledProject[] = []
  const started = performance.now()
  const seconds = () => Math.round((performance.now() - started) / 100) / 10
  for (const [project, size] of sizes.entries()) {
    filled.push(await fillProject(store, filling, project))
    if (project % 10 === 0 || size >= 10_000) note(`project ${project + 1} of ${sizes.length} after ${seconds()} s`)
  }
  note(`${sizes.reduce((sum, size) => sum + size, 0)} chunks in ${seconds()} s`)
  return filled
}

async function fillProject(store: Store, filling: Filling, project: number): Promise<FilledProject> {
  const { text, each, chunks: writer, owners, chunksPerDocument: perDocument = usualPerDocument } = filling
  const size = filling.sizes[project]
  const userId = owners?.[project] ?? 'local'
  await store.users.begin(userId)
  const scope = store.projects.next(userId)
  await store.transaction(scope, tx => store.projects.insert(tx, scope, `Bench ${project}`, 'documents'))
  const filled: FilledProject = { scope, documents: [], samples: [], sampleVectors: [] }
  const step = Math.max(8, Math.floor(size / samplesPerProject))
  const sampled = (number: number, position: number) => (number * perDocument + position) % step === 0
  let left = size
  for (let number = 0; left > 0; ) {
    const batch: Omit<Added, 'id'>[] = []
    for (; batch.length < documentsPerTransaction && left > 0; number++) {
      const chunks = Array.from({ length: Math.min(perDocument, left) }, (_, position) => text.chunk(position))
      left -= chunks.length
      batch.push({ number, chunks })
    }
    const added = await insert(store, scope, filling, project, batch)
    for (const { id, number, chunks } of added) {
      filled.documents.push(id)
      for (const chunk of chunks) each?.(project, chunk)
      writer?.written(chunks)
      filled.samples.push(...chunks.filter(({ position }) => sampled(number, position)))
    }
    for (const { number, vectors } of await embed(store, scope, filling, project, added))
      filled.sampleVectors.push(...vectors.filter((_, position) => sampled(number, position)))
  }
  if (writer) await store.transaction(scope, tx => writer.finish(tx, scope))
  return filled
}

function insert(
  store: Store,
  scope: Scope,
  { chunks: writer, segments }: Filling,
  project: number,
  batch: readonly Omit<Added, 'id'>[],
): Promise<readonly Added[]> {
  return store.transaction(scope, async tx => {
    const added: Added[] = []
    for (const { number, chunks } of batch) {
      const name = `${number}.txt`
      const file = { name, path: name, mediaType: 'text/plain', size: 1, blob: `${project}-${number}` }
      const { id } = await store.documents.insert(tx, scope, file)
      if (!writer) await store.chunks.insert(tx, scope.projectId, id, chunks)
      const blocks = chunks.map(({ text }) => ({ kind: 'paragraph' as const, text }))
      if (segments) await store.segments.insert(tx, id, [{ number: 1, blocks }])
      const counts = { chunks: chunks.length, segments: 1, parsed: 1, indexed: 1 }
      await store.documents.update(tx, id, { state: 'ready', ...counts })
      added.push({ id, number, chunks })
    }
    await writer?.insert(tx, scope, added)
    return added
  })
}

/** The vectors of each document; none where none are wanted. */
async function embed(
  store: Store,
  scope: Scope,
  { vectors, eachVector, chunksPerDocument: perDocument = usualPerDocument }: Filling,
  project: number,
  added: readonly Added[],
): Promise<{ number: number; vectors: Float32Array[] }[]> {
  const index = vectors && (await store.vectors.active())
  if (!vectors || !index) return []
  const made: { id: string; number: number; chunks: { id: number; vector: Float32Array }[] }[] = []
  for (const { id, number } of added) {
    const rows = await store.chunks.page(scope, id, 0, perDocument)
    const cluster = Math.floor((project * 1000 + number) / 4)
    const chunks = rows.map(row => ({ id: row.id, vector: vectors.near(cluster) }))
    for (const { id, vector } of chunks) eachVector?.(project, id, vector)
    made.push({ id, number, chunks })
  }
  await store.transaction(scope, async tx => {
    for (const { id, chunks } of made)
      await store.vectors.insert(tx, index, { id, projectId: scope.projectId }, { from: 0, chunks, complete: true })
  })
  return made.map(({ number, chunks }) => ({ number, vectors: chunks.map(({ vector }) => vector) }))
}
