/** What is given again without being worked out again, and what never may be. */
import type { RerankingModelV4 } from '@ai-sdk/provider'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryCache } from '../shared/cache/memory.ts'
import type { AskRequest, CoreSettings } from '../shared/core.ts'
import type { AnswerEvent, Scope } from '../shared/model/index.ts'
import type { Cache, Models } from '../shared/ports.ts'
import { bytes as bytesOf, createLineParser, noModels, openTestCore, type TestCore } from './open-core.ts'
import { engines } from './postgres.ts'
import { spokenModel } from './red-team/spoken-model.ts'
import { createWordEmbedder, embeddersOf } from './word-embedder.ts'

const rent = 'Die Miete beträgt 850 Euro im Monat.'
const question = 'Wie hoch ist die Miete?'
const minute = 60_000

describe.each(engines)('on $name', engine => {
  let test: TestCore
  let cache: Cache
  beforeEach(() => {
    cache = createMemoryCache({ bytes: 10_000_000 })
  })
  afterEach(() => test.close())

  async function open(
    models: Models,
    remember: { searches: number; vectors: number; answers: number },
    more: Partial<CoreSettings> = {},
  ) {
    const settings = { cache, remember, lookTime: 50, patience: { pause: 50, times: 4 }, ...more }
    test = await openTestCore(createLineParser(), { engine, models, settings })
    test.core.start()
  }

  async function add(name: string, text: string, scope: Scope = test.scope): Promise<string> {
    const { document } = await test.core.documents.add(scope, { name, open: () => bytesOf(text) })
    await test.core.settled(scope)
    return document.id
  }

  const counts = (name: string) => test.core.caches().find(one => one.name === name)?.counts
  const texts = async (words: string, scope: Scope = test.scope) =>
    (await test.core.search(scope, words)).map(({ text }) => text)

  async function ask(request: Partial<AskRequest> = {}) {
    const events: AnswerEvent[] = []
    for await (const event of test.core.ask(test.scope, { question, ...request })) events.push(event)
    const last = events.at(-1)
    if (last?.type !== 'finish') throw new Error('no answer')
    return { events, answer: last.answer }
  }

  it('a search is not done twice, and finds what was added and not what was taken away, at once', async () => {
    await open(noModels, { searches: minute, vectors: 0, answers: 0 })
    const first = await add('a.txt', rent)
    const found = await test.core.search(test.scope, question)
    expect(found.map(({ text }) => text)).toEqual([rent])
    expect(await test.core.search(test.scope, question)).toEqual(found)
    expect(counts('searches')).toEqual({ hits: 1, misses: 1, failures: 0 })
    const second = await add('b.txt', 'Die Miete steigt im Mai auf 900 Euro.')
    expect(await texts(question)).toHaveLength(2)
    await test.core.documents.delete(test.scope, second)
    expect(await texts(question)).toEqual([rent])
    // As many chunks with as many words as before.
    await test.core.documents.delete(test.scope, first)
    await add('c.txt', rent.replace('850', '870'))
    expect(await texts(question)).toEqual([rent.replace('850', '870')])
    expect(await texts(question)).toEqual([rent.replace('850', '870')])
    await test.core.documents.undo(test.scope, first)
    await test.core.settled(test.scope)
    expect(await texts(question)).toHaveLength(2)
  })

  it('what was found in one project is found in no other', async () => {
    await open(noModels, { searches: minute, vectors: 0, answers: 0 })
    await add('a.txt', rent)
    const other = await test.core.projects.create('local', 'Anderes')
    expect(await texts(question)).toEqual([rent])
    expect(await texts(question, { userId: 'local', projectId: other.id })).toEqual([])
    expect(counts('searches')?.hits).toBe(0)
    const before = await test.core.search(test.scope, question, { limit: 1, documents: [] })
    expect(before).toEqual([])
  })

  it('a question’s vector is made once, and the nearest passages are found by it again', async () => {
    const embedder = createWordEmbedder({ synonyms: [['Hund', 'Vierbeiner']] })
    await open(embeddersOf([embedder]), { searches: 0, vectors: minute, answers: 0 })
    const lines = ['Der Hund bellt.', 'Die Katze schläft.', 'Das Auto fährt.', 'Der Keller ist nass.']
    await add('a.txt', lines.join('\n'))
    await test.core.embedded(test.scope)
    const asked = () => embedder.calls.flat().filter(text => text.includes('Vierbeiner')).length
    const search = () => test.core.search(test.scope, 'Vierbeiner?', { mode: 'vectors' })
    const found = await search()
    expect([asked(), found[0]?.text]).toEqual([1, expect.stringContaining('Der Hund bellt.')])
    expect(await search()).toEqual(found)
    expect(asked()).toBe(1)
    expect(counts('vectors')).toMatchObject({ hits: 1, misses: 1 })
  })

  it('an answer is written once to the same question over the same passages, and says so', async () => {
    const chat = spokenModel([[`${rent} [1]`]])
    await open({ ...noModels, chat: async () => chat }, { searches: 0, vectors: 0, answers: minute })
    const id = await add('a.txt', rent)
    const { answer: first } = await ask()
    expect(first).toMatchObject({ mode: 'model', text: rent })
    expect(first).not.toHaveProperty('cached')
    const { answer: second, events } = await ask()
    expect(chat.calls).toHaveLength(1)
    expect(second).toMatchObject({ ...first, cached: true, chatId: second.chatId, messageId: second.messageId })
    expect(second.chatId).not.toBe(first.chatId)
    expect(events.filter(({ type }) => type === 'sentence')).toHaveLength(1)
    const [, kept] = await test.core.chats.messages(test.scope, second.chatId)
    expect(kept?.answer).toMatchObject({ cached: true, citations: first.citations })

    // Another wish is another answer; and so is the next one of a chat, and one that is asked for anew.
    await ask({ language: 'en' })
    await ask({ temperature: 0.9 })
    await ask({ instructions: 'Duze den Leser.' })
    expect(chat.calls).toHaveLength(4)
    await ask({ chatId: first.chatId })
    expect(chat.calls).toHaveLength(5)
    const again = await ask({ chatId: second.chatId, again: { messageId: second.messageId } })
    expect([chat.calls.length, again.answer.cached]).toEqual([6, undefined])

    // Of what is gone, nothing is said again, and nothing is kept.
    await test.core.documents.purge(test.scope, id)
    expect((await ask()).answer.mode).toBe('declined')
    expect((cache as ReturnType<typeof createMemoryCache>).size()).toBe(0)
    await add('b.txt', rent.replace('850', '860'))
    await ask()
    expect(chat.calls).toHaveLength(7)
  })

  it('nothing is kept of a document that was purged between its search and the writing', async () => {
    const chat = spokenModel([[`${rent} [1] Der Keller gehört Frau Rhabarber. [2]`]])
    let purge = async () => {}
    const judge: RerankingModelV4 = {
      specificationVersion: 'v4',
      provider: 'test',
      modelId: 'judge',
      async doRerank({ documents }) {
        await purge()
        const values = documents.type === 'text' ? documents.values : []
        return { ranking: values.map((text, index) => ({ index, relevanceScore: text === rent ? 1 : 0 })) }
      },
    }
    const models = { ...noModels, chat: async () => chat, reranking: async () => ({ model: judge, name: 'judge' }) }
    await open(models, { searches: 0, vectors: 0, answers: minute }, { rerankBudget: 60_000 })
    await add('a.txt', rent)
    const gone = await add('b.txt', 'Die Miete enthält den Keller von Frau Rhabarber.')
    purge = () => test.core.documents.purge(test.scope, gone)
    const { answer, events } = await ask()
    expect(events[0]).toMatchObject({ passages: [{}, { documentId: gone }] })
    expect(answer).toMatchObject({ mode: 'model', sentences: [{ supported: true }, { supported: false }] })
    expect((cache as ReturnType<typeof createMemoryCache>).size()).toBe(0)
  })

  it.each(['documents', 'chats'] as const)('the trash of %s that empties itself takes answers back too', async what => {
    const chat = spokenModel([[`${rent} [1]`]])
    let days = 0
    const clock = { now: () => Date.now() + days * 86_400_000 }
    // With each start, rather than once in some hours.
    const settings = { cache, remember: { searches: 0, vectors: 0, answers: minute }, clock, shared: false }
    const models = { ...noModels, chat: async () => chat }
    test = await openTestCore(createLineParser(), { engine, models, settings })
    test.core.start()
    const id = await add('a.txt', rent)
    const { answer } = await ask()
    const size = () => (cache as ReturnType<typeof createMemoryCache>).size()
    if (what === 'documents') await test.core.documents.delete(test.scope, id)
    else await test.core.chats.delete(test.scope, answer.chatId)
    expect(size()).toBeGreaterThan(0)
    days = 31
    await test.reopen()
    test.core.start()
    await expect.poll(size).toBe(0)
    // They go before what they came from does.
    await expect.poll(() => test.core[what].trash(test.scope)).toEqual([])
  })

  it('answers are kept only where that is asked for', async () => {
    const chat = spokenModel([[`${rent} [1]`]])
    await open({ ...noModels, chat: async () => chat }, { searches: minute, vectors: minute, answers: 0 })
    await add('a.txt', rent)
    await ask()
    const { answer } = await ask()
    expect([chat.calls.length, answer.cached]).toEqual([2, undefined])
    expect(test.core.modelCalls()).toEqual([{ kind: 'chat', outcome: 'done', count: 2 }])
  })

  it('a cache that fails fails nobody', async () => {
    const broken = () => Promise.reject(new Error('lost'))
    cache = {
      get: broken,
      set: broken,
      drop: async () => {},
      counts: () => ({ hits: 0, misses: 0, failures: 0 }),
      close: broken,
    }
    await open(noModels, { searches: minute, vectors: minute, answers: minute })
    await add('a.txt', rent)
    expect(await texts(question)).toEqual([rent])
    expect(await texts(question)).toEqual([rent])
    expect(counts('searches')?.failures).toBeGreaterThan(0)
  })
})
