import { Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { openTestStore } from '../../../tests/open-store.ts'
import { postgres } from '../../../tests/postgres.ts'
import type { Schema } from '../schema.ts'

test('the words of a chunk lie apart from the row that a search looks at', async () => {
  const open = await openTestStore(postgres)
  try {
    const { store, scope, database } = open
    const chunks = Array.from({ length: 200 }, (_, position) => {
      const terms = Array.from({ length: 80 }, (_, at) => `wort${at * 200 + position}`)
      return { position, text: 'x', headings: [], pieces: [], language: 'de' as const, terms, contextTerms: [] }
    })
    await store.transaction(scope, async tx => {
      const file = { name: 'a.md', path: 'a.md', mediaType: 'text/markdown', size: 3, blob: 'b1' }
      const { id } = await store.documents.insert(tx, scope, file)
      await store.chunks.insert(tx, scope.projectId, id, chunks)
    })
    const read = new Kysely<Schema>({ dialect: database.reader('internal') })
    const { rows } = await sql<{ rows: number; words: number }>`
      select pg_relation_size('chunk_words') as rows, (select sum(length(words::text)) from chunk_words) as words`.execute(
      read,
    )
    const [{ rows: bytes, words } = { rows: 0, words: 0 }] = rows
    expect(words).toBeGreaterThan(200 * 80 * 10)
    expect(bytes).toBeLessThan(200 * 200)
    const found = await store.words.candidates(scope, { terms: ['wort403', 'wort7'], limit: 5 })
    expect(found.map(({ position }) => position).sort((a, b) => a - b)).toEqual([3, 7])
  } finally {
    await open.close()
  }
})
