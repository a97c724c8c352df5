/** That a search finds the same on both engines, in the same order: text and vectors by our own generator. */
import { afterAll, expect, test } from 'vitest'
import type { Chunk } from '../shared/model/index.ts'
import { analyzeQuestion } from '../shared/retrieve/question.ts'
import { createSearch, type SearchMode } from '../shared/retrieve/search.ts'
import { openTestStore } from './open-store.ts'
import { engines, type TestEngine } from './postgres.ts'
import { createText, createVectors } from './synthetic.ts'

const documents = 20
const perDocument = 40

const opened: Awaited<ReturnType<typeof openTestStore>>[] = []
afterAll(async () => {
  for (const one of opened) await one.close()
})

/** The same on each engine: what is random has a seed. */
async function build(engine: TestEngine) {
  const open = await openTestStore(engine)
  opened.push(open)
  const { store, scope } = open
  const text = createText({ seed: 11, words: 8000 })
  const vectors = createVectors({ seed: 11, dimensions: 32 })
  const model = { fingerprint: 'synthetic', name: 'synthetic', dimensions: 32 }
  await store.transaction('internal', tx => store.vectors.create(tx, model))
  const index = (await store.vectors.active())!
  const samples: { chunk: Chunk; vector: Float32Array }[] = []
  for (let number = 0; number < documents; number++) {
    const chunks = Array.from({ length: perDocument }, (_, position) => text.chunk(position))
    const made = chunks.map(() => vectors.near(number))
    samples.push({ chunk: chunks[number]!, vector: made[number]! }, { chunk: chunks[39]!, vector: made[39]! })
    const document = await store.transaction(scope, async tx => {
      const file = { name: `${number}.txt`, path: `${number}.txt`, mediaType: 'text/plain', size: 1, blob: `${number}` }
      const document = await store.documents.insert(tx, scope, file)
      await store.chunks.insert(tx, scope.projectId, document.id, chunks)
      await store.documents.update(tx, document.id, { state: 'ready', chunks: chunks.length })
      return document
    })
    const rows = await store.chunks.page(scope, document.id, 0, perDocument)
    const done = rows.map(({ id }, at) => ({ id, vector: made[at] }))
    await store.transaction(scope, tx =>
      store.vectors.insert(tx, index, document, { from: 0, chunks: done, complete: true }),
    )
  }
  const questions = samples.map(({ chunk, vector }) => ({ text: text.question(chunk), vector: vectors.around(vector) }))
  return { ...open, questions }
}

test('the first ten are the same, by words alone and with vectors', async () => {
  const [first, second] = [await build(engines[0]!), await build(engines[1]!)]
  let found = 0
  for (const [at, { text, vector }] of first.questions.entries())
    for (const mode of ['words', 'hybrid'] as SearchMode[]) {
      const best = async ({ store, scope }: typeof first) => {
        const search = createSearch({ store, embedQuestion: async () => vector })
        const { hits } = await search.find(scope, analyzeQuestion(text), { mode })
        return hits.map(({ chunk }) => `${chunk.file} ${chunk.position}`)
      }
      const [one, other] = [await best(first), await best(second)]
      if (mode === 'words') expect([at, other]).toEqual([at, one])
      // Vectors have half the precision on Postgres: what is about as near may change places.
      const shared = other.filter(each => one.includes(each)).length
      expect([at, shared >= one.length - 1, other.length]).toEqual([at, true, one.length])
      found += one.length
    }
  expect(found).toBeGreaterThan(first.questions.length * 15)
}, 180_000)
