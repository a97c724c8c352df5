import { v7 } from 'uuid'
import { expect, test } from 'vitest'
import { openStore } from '../shared/store/index.ts'
import { silent } from '../tests/open-store.ts'
import { postgres } from '../tests/postgres.ts'
import { createText, createVectors } from '../tests/synthetic.ts'
import { createBulkChunks } from './bulk-chunks.ts'
import { fillProjects } from './fill-projects.ts'

test('chunks that are written many at once are the rows that the store writes', async () => {
  const ours = await rowsOf(true)
  expect(ours.libraries.map(({ chunks }) => Number(chunks))).toEqual([100, 30])
  expect(ours.chunks).toHaveLength(130)
  expect(ours.terms.length).toBeGreaterThan(200)
  expect(ours).toEqual(await rowsOf(false))
}, 120_000)

/** Everything that a search looks at, of the same two projects in a database of their own. */
async function rowsOf(bulk: boolean) {
  const { database, drop } = await postgres.open()
  try {
    const deps = { clock: { now: () => 1 }, ids: { next: () => v7() }, log: silent, backups: (name: string) => name }
    const store = await openStore({ database, ...deps })
    const text = createText({ seed: 3, words: 500 })
    const vectors = createVectors({ seed: 4, dimensions: 8 })
    const chunks = createBulkChunks(database)
    const filling = { sizes: [100, 30], text, vectors, note() {}, ...(bulk && { chunks }) }
    const filled = await fillProjects(store, filling)
    const query = async (sql: string) => (await database.query(sql)).rows
    const rows = {
      samples: filled.map(({ samples, sampleVectors }) => [samples.length, sampleVectors.length]),
      libraries: await query('select number, chunks, terms from library order by number'),
      chunks:
        await query(`select chunk_words.library, path, position, text, headings, pieces, chunk.language, terms, context_terms,
        length, words::text from chunk join document on document.id = chunk.document_id
        join chunk_words on chunk_words.id = chunk.id order by library, path, position`),
      terms: await query('select library, term, reversed, chunks from term order by library, term'),
      documents: await query(`select path, state, document.chunks, document_vectors.chunks as embedded, complete
        from document join document_vectors on document_vectors.document_id = document.id order by path, 3`),
    }
    await store.close()
    return rows
  } finally {
    await drop()
  }
}
