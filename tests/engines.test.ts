/** That both engines find and answer the same, in the same order: text and vectors by our own generator, and our own question sets. */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { differencesOf } from '../bench/differences.ts'
import { type Evaluated, filesOf, measure, readSet } from '../server/commands/eval.ts'
import { openParsers } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import type { Chunk } from '../shared/model/index.ts'
import { analyzeQuestion } from '../shared/retrieve/question.ts'
import { createSearch, type SearchMode } from '../shared/retrieve/search.ts'
import { openTestCore } from './open-core.ts'
import { openTestStore, silent } from './open-store.ts'
import { engines, type TestEngine } from './postgres.ts'
import { createText, createVectors } from './synthetic.ts'
import { createWordEmbedder, embeddersOf } from './word-embedder.ts'

const documents = 12
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
      // Each index chooses its candidates, and behind the first twenty or so it may leave another one out, which shows in the fusion.
      const shared = other.filter(each => one.includes(each)).length
      expect([at, shared >= one.length - 1, other.length]).toEqual([at, true, one.length])
      found += one.length
    }
  expect(found).toBeGreaterThan(first.questions.length * 15)
}, 180_000)

describe('our own question sets', () => {
  // One process for all of them: starting one takes longer than reading these files does.
  const parsers = openParsers(readConfig({ environment: {} }), silent)
  afterAll(() => parsers.close())

  async function evaluateOn(engine: TestEngine, file: string, mode: SearchMode): Promise<Evaluated> {
    const set = await readSet(file)
    const files = await filesOf(file, set)
    const models = embeddersOf(mode === 'words' ? [] : [createWordEmbedder({ dimensions: 96 })])
    const test = await openTestCore({ ...parsers, close: async () => {} }, { engine, models })
    try {
      test.core.start()
      return await measure(test.core, test.scope, { set, files, mode })
    } finally {
      await test.close()
    }
  }

  async function compare(file: string, mode: SearchMode): Promise<number> {
    const [first, second] = [await evaluateOn(engines[0]!, file, mode), await evaluateOn(engines[1]!, file, mode)]
    expect(differencesOf(first, second)).toEqual([])
    // Nothing differs: not because nothing is looked at.
    const [one] = second.cases
    one!.passages.reverse()
    expect(differencesOf(first, second)).toEqual([
      { id: one!.question.id, what: [expect.stringMatching(/^passages from 1 on, their order: /)] },
    ])
    return first.cases.length
  }

  test('paragraphs: questions with their answer in the library, and without, come out the same', async () => {
    expect(await compare(path.join(import.meta.dirname, 'eval', 'own.de.json'), 'words')).toBe(30)
  }, 180_000)

  test('PDF files, with vectors: follow-ups, quotes and their rectangles come out the same', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'cloister-engines-'))
    try {
      await mkdir(path.join(folder, 'real'))
      for (const name of ['hygieneplan.pdf', 'vereinshandbuch.pdf'])
        await copyFile(path.join(import.meta.dirname, '..', 'samples', name), path.join(folder, 'real', name))
      const file = path.join(folder, 'own-golden.json')
      await copyFile(path.join(import.meta.dirname, 'eval', 'own-golden.json'), file)
      expect(await compare(file, 'hybrid')).toBe(24)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 180_000)
})
