import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { createWordEmbedder } from '../../tests/word-embedder.ts'
import type { Chunk } from '../model/index.ts'
import { analyze } from './analyze.ts'
import { analyzeQuestion } from './question.ts'
import { createSearch, type Rerank, type SearchOptions } from './search.ts'

let open: Awaited<ReturnType<typeof openTestStore>>
beforeEach(async () => {
  open = await openTestStore()
})
afterEach(() => open.close())

const embedder = createWordEmbedder({ synonyms: [['haustier', 'hund', 'katze']] })
const texts = [
  'Die Miete ist am dritten Werktag fällig.',
  'Ein Hund darf in der Wohnung leben.',
  'Der Garten gehört allen Bewohnern.',
  'Jedes Haustier braucht einen Namen.',
]
const filler = Array.from({ length: 120 }, (_, at) => `eins${at} zwei${at} drei${at} vier${at} fünf${at}`)

async function embed(text: string): Promise<Float32Array> {
  const { embeddings } = await embedder.model.doEmbed({ values: [text] })
  return Float32Array.from(embeddings[0])
}

/** A document for each text, with vectors for those of the index. */
async function fill(all: readonly string[], withVectors = true): Promise<string[]> {
  const { store, scope } = open
  const { fingerprint, name, dimensions } = embedder
  if (withVectors)
    await store.transaction('internal', tx => store.vectors.create(tx, { fingerprint, name, dimensions }))
  const index = await store.vectors.active()
  const ids: string[] = []
  for (const [at, text] of all.entries()) {
    const vector = await embed(text)
    await store.transaction(scope, async tx => {
      const file = { name: `${at}.md`, path: `${at}.md`, mediaType: 'text/markdown', size: 1, blob: `${at}` }
      const document = await store.documents.insert(tx, scope, file)
      const terms = analyze(text, 'de').map(token => token.term)
      const chunk: Chunk = { position: 0, text, headings: [], pieces: [], language: 'de', terms, contextTerms: [] }
      await store.chunks.insert(tx, scope.projectId, document.id, [chunk])
      ids.push(document.id)
    })
    const [{ id }] = await store.chunks.page(scope, ids[at], 0, 1)
    const document = { id: ids[at], projectId: scope.projectId }
    if (index)
      await store.transaction(scope, tx =>
        store.vectors.insert(tx, index, document, { from: 0, chunks: [{ id, vector }], complete: true }),
      )
  }
  return ids
}

const embedQuestion = async (fingerprint: string, question: string) =>
  fingerprint === embedder.fingerprint ? embed(question) : undefined

async function find(question: string, options: SearchOptions = {}, deps: { rerank?: Rerank; without?: boolean } = {}) {
  const { rerank, without } = deps
  const search = createSearch({
    store: open.store,
    ...(!without && { embedQuestion }),
    ...(rerank && { reranker: async () => rerank }),
  })
  return search.find(open.scope, analyzeQuestion(question), options)
}

const first = async (...given: Parameters<typeof find>) => (await find(...given)).hits[0]?.chunk.text

describe('search', () => {
  test('finds by vectors what shares no word, and by words what is far', async () => {
    await fill(texts)
    expect(await first('Katze?', { mode: 'words' })).toBeUndefined()
    const { hits, legs } = await find('Katze?')
    expect(hits[0].chunk.text).toMatch(/Hund|Haustier/)
    expect(legs).toEqual({ words: true, vectors: true, reranked: false })
    expect(hits[0]).toMatchObject({ score: 0, rank: 1 })
    expect(hits[0].similarity).toBeGreaterThan(0.2)
    expect(await first('Wann ist die Miete fällig?')).toBe(texts[0])
  })

  test('a hit of both legs has its word score, the sum of its ranks, and its cosine', async () => {
    await fill(texts)
    const { hits } = await find('Wann ist die Miete fällig?', { limit: 4 })
    const words = (await find('Wann ist die Miete fällig?', { mode: 'words' })).hits
    expect(hits[0].score).toBe(words[0].score)
    expect(hits[0].fused).toBeCloseTo(2 / 61, 10)
    const [question, chunk] = [await embed('Wann ist die Miete fällig?'), await embed(texts[0])]
    const dot = question.reduce((sum, value, at) => sum + value * chunk[at], 0)
    expect(hits[0].similarity).toBeCloseTo(dot / Math.hypot(...question) / Math.hypot(...chunk), 4)
    expect(hits.map(({ rank }) => rank)).toEqual([1, 2, 3, 4])
  })

  test('without one leg the other goes on, exactly as it was', async () => {
    await fill(texts)
    const plain = await find('Hund in der Wohnung', {}, { without: true })
    const late = createSearch({ store: open.store, embedQuestion: async () => undefined })
    const broken = createSearch({ store: open.store, embedQuestion: async () => Float32Array.of(1, 2) })
    const throwing = createSearch({ store: open.store, embedQuestion: () => Promise.reject(new Error('no')) })
    for (const search of [late, broken, throwing])
      for (const mode of ['words', 'vectors', 'hybrid'] as const)
        expect(await search.find(open.scope, analyzeQuestion('Hund in der Wohnung'), { mode })).toEqual(plain)
    expect(plain.legs).toEqual({ words: true, vectors: false, reranked: false })
    expect(Object.keys(plain.hits[0]).sort()).toEqual(['after', 'before', 'chunk', 'rank', 'score'])
    expect((await find('Hund', { mode: 'vectors' })).legs).toEqual({ words: false, vectors: true, reranked: false })
  })

  test('looks only into the documents chosen, with both legs', async () => {
    const ids = await fill(texts)
    const { hits } = await find('Haustier', { documents: [ids[0], ids[2]] })
    expect(hits.map(({ chunk }) => chunk.documentId).sort()).toEqual([ids[0], ids[2]].sort())
    expect((await find('Haustier', { documents: [] })).hits).toEqual([])
  })

  test('where few have a vector yet, those few do not push aside what the words found', async () => {
    const ids = await fill(texts.concat(filler.slice(0, 40)))
    const answers = Array.from({ length: 6 }, (_, at) => `Die Kündigung Nummer ${at} braucht eine Frist.`)
    const { store, scope } = open
    const index = (await store.vectors.active())!
    // The answers, and most of the others, are not embedded yet.
    for (const id of ids.slice(4)) {
      const [{ id: chunk }] = await store.chunks.page(scope, id, 0, 1)
      const table = sql.table(`vector_${index.number}`)
      await store.transaction(scope, tx => sql`delete from ${table} where id = ${chunk}`.execute(tx))
      await store.transaction(scope, tx => tx.deleteFrom('document_vectors').where('document_id', '=', id).execute())
    }
    for (const [at, text] of answers.entries())
      await store.transaction(scope, async tx => {
        const file = { name: `k${at}.md`, path: `k${at}.md`, mediaType: 'text/markdown', size: 1, blob: `k${at}` }
        const document = await store.documents.insert(tx, scope, file)
        const terms = analyze(text, 'de').map(token => token.term)
        const chunk: Chunk = { position: 0, text, headings: [], pieces: [], language: 'de', terms, contextTerms: [] }
        await store.chunks.insert(tx, scope.projectId, document.id, [chunk])
      })
    const found = async (mode: 'words' | 'hybrid') =>
      (await find('Welche Frist hat die Kündigung?', { mode, limit: 6 })).hits.map(({ chunk }) => chunk.text)
    expect((await found('words')).sort()).toEqual(answers)
    expect((await found('hybrid')).sort()).toEqual(answers)
    expect(await store.vectors.coverage(scope, index)).toBeCloseTo(4 / 50, 5)
  })

  test('tells whether vectors found something that stands out', async () => {
    await fill([...texts, ...filler])
    expect((await find('Katze')).nearness).toBeGreaterThan(0.99)
    const unrelated: number[] = []
    for (let at = 0; at < 20; at++) unrelated.push((await find(`unbekannt${at}`)).nearness!)
    expect(unrelated.filter(nearness => nearness > 0.99).length).toBeLessThan(3)
    expect((await find('Katze', { mode: 'words' })).nearness).toBeUndefined()
  })

  test('a ranking model has the last word on the first ones, unless it fails', async () => {
    await fill(texts)
    const favour =
      (word: string): Rerank =>
      async (_, passages) =>
        passages.map(text => (text.includes(word) ? 1 : 0))
    const { hits, legs } = await find('Wann ist die Miete fällig?', { limit: 2 }, { rerank: favour('Garten') })
    expect([hits[0].chunk.text, hits[0].relevance, hits[1].chunk.text]).toEqual([texts[2], 1, texts[0]])
    expect([legs.reranked, hits.map(({ rank }) => rank)]).toEqual([true, [1, 2]])
    const plain = await find('Wann ist die Miete fällig?', { limit: 2 })
    // It had the time for two, and likes the second one better.
    const some = await find('Wann ist die Miete fällig?', { limit: 2 }, { rerank: async () => [0, 1] })
    expect([some.legs.reranked, some.hits.map(({ relevance }) => relevance)]).toEqual([true, [1, 0]])
    expect(some.hits.map(({ chunk }) => chunk.id)).toEqual(plain.hits.map(({ chunk }) => chunk.id).reverse())
    const tooMany = Array.from({ length: 50 }, () => 1)
    for (const rerank of [
      async () => undefined,
      async () => [],
      async () => tooMany,
      async () => [Number.NaN, 1, 1, 1],
    ])
      expect(await find('Wann ist die Miete fällig?', { limit: 2 }, { rerank })).toEqual(plain)
  })

  test('goes by the index that is active now when it was swapped in the middle', async () => {
    await fill(texts)
    const { store, scope } = open
    const old = (await store.vectors.active())!
    const search = createSearch({
      store,
      async embedQuestion(fingerprint, question) {
        if (fingerprint === old.fingerprint) {
          await store.transaction('internal', tx => store.vectors.create(tx, { ...embedder, fingerprint: 'new' }))
          const index = (await store.vectors.building())!
          for (const document of await store.documents.list(scope)) {
            const [{ id, chunk }] = await store.chunks.page(scope, document.id, 0, 1)
            const chunks = [{ id, vector: await embed(chunk.text) }]
            await store.transaction(scope, tx =>
              store.vectors.insert(tx, index, document, { from: 0, chunks, complete: true }),
            )
          }
          await store.transaction('internal', tx => store.vectors.activate(tx, index.number))
          while (await store.transaction('internal', tx => store.vectors.dropSome(tx)));
        }
        return embed(question)
      },
    })
    const { hits, legs } = await search.find(scope, analyzeQuestion('Katze'))
    expect([legs.vectors, hits[0].chunk.text]).toEqual([true, expect.stringMatching(/Hund|Haustier/)])
  })
})
