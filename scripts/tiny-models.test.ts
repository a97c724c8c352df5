import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChatMLChatWrapper, getLlama, type Llama, LlamaChatSession, LlamaLogLevel } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBert, randomQwen3, scriptedChat, tinyEmbedder, tinyReranker } from './tiny-models.ts'
import { type GgufModel, writeGguf } from './write-gguf.ts'

let folder: string
let llama: Llama

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiny-models-'))
  llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    maxThreads: 1,
    logLevel: LlamaLogLevel.error,
  })
})

afterAll(async () => {
  await llama.dispose()
  await rm(folder, { recursive: true })
})

async function load(model: GgufModel) {
  const modelPath = join(folder, 'model.gguf')
  await writeGguf(modelPath, model)
  return await llama.loadModel({ modelPath, gpuLayers: 0, useMmap: false })
}

async function answers(model: GgufModel, prompts: string[], maxTokens = 600): Promise<unknown[]> {
  const loaded = await load(model)
  const context = await loaded.createContext({ contextSize: 2048, threads: 1, ignoreMemorySafetyChecks: true })
  const session = new LlamaChatSession({ contextSequence: context.getSequence(), chatWrapper: new ChatMLChatWrapper() })
  const heard: unknown[] = []
  for (const prompt of prompts) {
    const { response, stopReason } = await session.promptWithMeta(prompt, { maxTokens, temperature: 1.5 })
    heard.push(response[0], stopReason)
  }
  await loaded.dispose()
  return heard
}

describe('a scripted chat model', () => {
  test.each([
    'The answer is in document [1].',
    'Die Kündigungsfrist beträgt drei Monate [1]. Die Kündigungsfrist beträgt drei Monate [1].\n\nSiehe [hier](https://example.org/ä?b=c).',
    'a a a a a a a',
    '“Übermäßig” – 日本語 😀 ☃',
    'x',
    '<b>1 < 2</b>',
    '| A | B |\n|---|---|\n| 1 | 2 |\n',
  ])('says exactly %j and ends', async answer => {
    expect(await answers(scriptedChat(answer), ['Was gilt?', 'Und “sonst” <think> ä?\n'])).toEqual([
      answer,
      'eogToken',
      answer,
      'eogToken',
    ])
  })

  test('says a text of 2,000 characters full of repeated words', async () => {
    const answer = Array.from({ length: 60 }, (_, i) => `Die Frist beträgt ${i % 7} Wochen, sagt [${i % 3}].`).join(' ')
    expect(answer.length).toBeGreaterThan(2000)
    expect(await answers(scriptedChat(answer), ['?'])).toEqual([answer, 'eogToken'])
  })

  test('thinks in tokens of its own', async () => {
    const loaded = await load(scriptedChat('<think>\nHm.\n</think>\n\nJa [1].'))
    const context = await loaded.createContext({ contextSize: 512, threads: 1, ignoreMemorySafetyChecks: true })
    const sequence = context.getSequence()
    const tokens = []
    for await (const token of sequence.evaluate(loaded.tokenize('assistant\n'))) tokens.push(token)
    expect(loaded.detokenize(tokens)).toBe('<think>\nHm.\n</think>\n\nJa [1].')
    expect(tokens[0]).toBe(loaded.tokenize('<think>')[0])
    expect(loaded.tokenize('<think>')).toHaveLength(1)
    await loaded.dispose()
  })

  test('says nothing at all', async () => {
    expect(await answers(scriptedChat(''), ['?'])).toEqual([undefined, 'eogToken'])
  })

  test('goes on for ever', async () => {
    expect(await answers(scriptedChat('eins zwei', { endless: true }), ['?'], 5)).toEqual([
      'eins zweieins zweieins',
      'maxTokens',
    ])
  })

  test('gives the answer that a text of the prompt calls for, wherever it stands', async () => {
    const scripts = [
      { when: 'Rewrite the question', answer: 'Wie lang ist die Frist?' },
      ...Array.from({ length: 49 }, (_, i) => ({ when: `(case ${i})`, answer: `This is the answer to case ${i}.` })),
      { answer: 'Nothing was called for.' },
    ]
    const far = 'and so on, '.repeat(70)
    const expected: Record<string, string> = {
      'Hello?': 'Nothing was called for.',
      [`(case 48) ${far}`]: 'This is the answer to case 48.',
      [`${far} (case 31) ${far} (case 30) (case 32)`]: 'This is the answer to case 30.',
      'Rewrite the question (case 3)': 'Wie lang ist die Frist?',
    }
    for (const [prompt, answer] of Object.entries(expected))
      expect(await answers(scriptedChat(scripts), [prompt])).toEqual([answer, 'eogToken'])
  })
})

describe('a tiny embedder', () => {
  async function cosines(model: GgufModel, pairs: [string, string][]): Promise<number[]> {
    const loaded = await load(model)
    const context = await loaded.createEmbeddingContext({ threads: 1, ignoreMemorySafetyChecks: true })
    const found = []
    for (const [one, other] of pairs) {
      const vector = await context.getEmbeddingFor(one)
      found.push(vector.calculateCosineSimilarity(await context.getEmbeddingFor(other)))
    }
    await loaded.dispose()
    return found
  }

  const period = 'Die Kündigungsfrist beträgt drei Monate.'
  const notice = 'Die Kündigung muss schriftlich erfolgen.'

  test('finds texts near that share words, and others far', async () => {
    const [same, prefixed, shared, other, foreign] = await cosines(tinyEmbedder(), [
      [period, 'Drei Monate beträgt die KUNDIGUNGSFRIST!'],
      [period, `passage: ${period}`],
      [period, 'Wie lang ist die Kündigungsfrist?'],
      [period, 'Der Mieter zahlt die Kosten der Heizung.'],
      [period, 'The tenant pays for the heating.'],
    ])
    expect(same).toBeGreaterThan(0.98)
    expect(prefixed).toBeGreaterThan(0.97)
    expect(shared).toBeGreaterThan(0.4)
    expect(other).toBeLessThan(0.35)
    expect(foreign).toBeLessThan(0.3)
  })

  test('knows words that mean the same', async () => {
    const synonyms = [['Kündigung', 'Vertragsende', 'termination']]
    const [same, without, other] = [
      ...(await cosines(tinyEmbedder({ synonyms }), [[notice, 'Vertragsende']])),
      ...(await cosines(tinyEmbedder(), [[notice, 'Vertragsende']])),
      ...(await cosines(tinyEmbedder({ synonyms }), [[notice, 'Kuchen backen ohne Mehl']])),
    ]
    expect(same).toBeGreaterThan(0.55)
    expect(without).toBeLessThan(0.3)
    expect(other).toBeLessThan(0.3)
  })

  test('makes vectors of the wanted size, and other ones from another seed', async () => {
    const loaded = await load(tinyEmbedder({ dimensions: 32, seed: 7 }))
    const context = await loaded.createEmbeddingContext({ threads: 1, ignoreMemorySafetyChecks: true })
    const { vector } = await context.getEmbeddingFor('Frist')
    expect(vector).toHaveLength(32)
    expect(vector.every(Number.isFinite)).toBe(true)
    await loaded.dispose()
  })
})

describe('a tiny reranker', () => {
  test('ranks passages with favoured words first', async () => {
    const loaded = await load(tinyReranker({ favours: ['Kündigungsfrist', 'Monate'] }))
    const context = await loaded.createRankingContext({ threads: 1, ignoreMemorySafetyChecks: true })
    const passages = [
      'Der Mieter zahlt die Kosten der Heizung.',
      'Die Kündigungsfrist beträgt drei Monate.',
      'Die Kündigungsfrist steht im Vertrag, den beide Seiten unterschrieben haben.',
    ]
    const [none, both, one] = await context.rankAll('Wie lange dauert es?', passages)
    expect(none).toBeCloseTo(0.12, 2)
    expect(one).toBeGreaterThan(none! + 0.05)
    expect(both).toBeGreaterThan(one! + 0.05)
    await loaded.dispose()
  })
})

describe('random weights', () => {
  test('in the shape of Qwen3 give a model that goes on', async () => {
    const model = randomQwen3({
      layers: 2,
      embedding: 64,
      feedForward: 96,
      heads: 4,
      headsKv: 2,
      keyLength: 32,
      vocabulary: 1000,
      contextLength: 2048,
    })
    const loaded = await load(model)
    const context = await loaded.createContext({ contextSize: 256, threads: 1, ignoreMemorySafetyChecks: true })
    let count = 0
    for await (const _ of context.getSequence().evaluate(loaded.tokenize('Hallo'), { temperature: 0 }))
      if (++count === 3) break
    expect(count).toBe(3)
    await loaded.dispose()
  })

  test('in the shape of e5 give vectors', async () => {
    const loaded = await load(
      randomBert({ layers: 2, embedding: 64, feedForward: 96, heads: 4, vocabulary: 1000, contextLength: 128 }),
    )
    const context = await loaded.createEmbeddingContext({ threads: 1, ignoreMemorySafetyChecks: true })
    const { vector } = await context.getEmbeddingFor('Die Frist.')
    expect(vector).toHaveLength(64)
    expect(vector.every(Number.isFinite)).toBe(true)
    await loaded.dispose()
  })
})
