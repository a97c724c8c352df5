import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openTestStore } from '../../../tests/open-store.ts'
import { postgres } from '../../../tests/postgres.ts'
import { createVectors } from '../../../tests/synthetic.ts'
import type { Schema } from '../schema.ts'
import { engineOf } from './index.ts'
import { mostCompared } from './postgres-vectors.ts'

let open: Awaited<ReturnType<typeof openTestStore>>
beforeEach(async () => {
  open = await openTestStore(postgres)
}, 60_000)
afterEach(() => open.close())

const dimensions = 64
const count = 3000

test('a large project is searched by an index of its own, and finds what a comparison with all does', async () => {
  const { store, scope, database } = open
  const tables = engineOf(database).vectors!
  const write = new Kysely<Schema>({ dialect: database.writer('internal') })
  await store.transaction('internal', tx => store.vectors.create(tx, { fingerprint: 'one', name: 'one', dimensions }))
  const index = (await store.vectors.active())!
  const { number: library } = await write.selectFrom('library').select('number').executeTakeFirstOrThrow()
  const made = createVectors({ seed: 7, dimensions })
  const vectors = Array.from({ length: count }, (_, at) => made.near(at % 40))
  // Of another project, exactly where the questions are: in no answer of the first.
  const questions = Array.from({ length: 30 }, (_, at) => made.around(vectors[at * 100]!))
  await store.transaction('internal', async tx => {
    const owner = { library, projectId: scope.projectId }
    await tables.add(
      tx,
      index.number,
      owner,
      vectors.map((vector, id) => ({ id, vector })),
    )
    const others = questions.map((vector, at) => ({ id: count + at, vector }))
    await tables.add(tx, index.number, { library: library + 1, projectId: 'other' }, others)
  })
  const dot = (one: Float32Array, other: Float32Array) => one.reduce((sum, value, at) => sum + value * other[at]!, 0)
  const exact = questions.map(question =>
    vectors
      .map((vector, id) => ({ id, near: dot(vector, question) }))
      .sort((a, b) => b.near - a.near)
      .slice(0, 10)
      .map(({ id }) => id),
  )
  async function recall(): Promise<number> {
    let hits = 0
    for (const [at, vector] of questions.entries()) {
      const found = await store.vectors.nearest(scope, { index, vector, limit: 50 })
      expect(found).toHaveLength(50)
      expect(found.map(({ distance }) => distance)).toEqual(found.map(({ distance }) => distance).sort((a, b) => a - b))
      hits += found.slice(0, 10).filter(({ id }) => exact[at]!.includes(id)).length
    }
    return hits / 10 / questions.length
  }
  const indexes = async () => {
    const { rows } = await sql<{ name: string; scans: number }>`
      select indexrelname::text as name, idx_scan as scans from pg_stat_user_indexes
      where indexrelname like 'vector_1_near%'`.execute(write)
    return rows
  }
  const grow = async (chunks: number) => {
    await write.updateTable('library').set({ chunks }).where('number', '=', library).execute()
    await store.vectors.tend()
  }

  await grow(mostCompared)
  expect(await indexes()).toEqual([])
  // Half precision makes neighbours change places.
  expect(await recall()).toBeGreaterThan(0.99)

  await grow(mostCompared + 1)
  await grow(mostCompared + 1)
  expect((await indexes()).map(({ name }) => name)).toEqual([`vector_1_near_${library}`])
  expect(await recall()).toBeGreaterThan(0.98)
  await vi.waitFor(async () => expect((await indexes())[0]?.scans).toBeGreaterThanOrEqual(questions.length), 30_000)

  // What is hidden, or not chosen, takes no place of what is asked for.
  const [first] = questions
  const nearest = async (limit: number) =>
    (await store.vectors.nearest(scope, { index, vector: first!, limit })).map(({ id }) => id)
  const hide = async (ids: number[]) => {
    await store.transaction(scope, async tx => {
      const name = `${ids.length}.md`
      const file = { name, path: name, mediaType: 'text/markdown', size: 3, blob: name }
      const document = await store.documents.insert(tx, scope, file)
      const row = { project_id: scope.projectId, document_id: document.id, text: '', headings: '[]', pieces: '[]' }
      const rows = ids.map((id, position) => ({ ...row, id, position, language: 'de', terms: '', context_terms: '' }))
      await tx.insertInto('chunk').values(rows).execute()
      await store.chunks.hide(tx, scope.projectId, [document.id])
    })
  }
  // Some of what the index brings up, then all of it.
  for (const count of [10, 270]) {
    const gone = await nearest(count)
    await hide(gone)
    const found = await nearest(50)
    expect([found.length, found.filter(id => gone.includes(id))]).toEqual([50, []])
  }
  expect(await store.vectors.nearest(scope, { index, vector: questions[0]!, limit: 5, documents: [] })).toEqual([])

  await store.transaction('internal', tx => tx.deleteFrom('clearing').execute())
  await grow(100)
  expect(await indexes()).toEqual([])
  expect(await recall()).toBeGreaterThan(0.99)
}, 120_000)
