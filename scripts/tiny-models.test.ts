import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChatMLChatWrapper, getLlama, type Llama, LlamaChatSession, LlamaLogLevel } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scriptedChat } from './tiny-models.ts'
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
