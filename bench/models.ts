/**
 * Local models of real shapes with random weights (speed does not depend on their values), through our process and streams,
 * beside llama.cpp's own bench on the same files; then what happens when one is stopped, killed or malformed.
 */
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { E5_SMALL, QWEN3_0_6B, randomBert, randomQwen3 } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import type { ChatModel, EmbeddingModel } from '../shared/model/index.ts'
import { createModels, modelEntry } from '../shared/models/models.ts'
import type { Models } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { atLeast, atMost, type Bench, type Figure, median, told } from './figure.ts'
import { findLlamaBench, type LlamaBench, type Measure } from './llama-bench.ts'
import { runModelKills } from './model-kill.ts'
import { measureMemory } from './model-memory.ts'
import { mutatedHeaders } from './mutate-gguf.ts'
import { run as runModule } from './run-module.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

/** What else goes on on the machine only adds: of so many rounds, ours and theirs in turns, the best of each counts. */
const rounds = 3
const chunks = 32
const answerTokens = 48
const promptTokens = 512

export const bench: Bench = async ({ note, args }) => {
  const only = args[args.indexOf('--only') + 1]
  const wanted = (part: string) => !args.includes('--only') || only === part
  await using folder = await createTemporaryFolder('models')
  const figures: Figure[] = []
  if (wanted('speed')) figures.push(...(await speed(folder.path, args, note)))
  if (wanted('memory')) figures.push(...(await measureMemory(folder.path, note)))
  if (wanted('mutations')) figures.push(...(await mutations(args, note)))
  if (wanted('kills')) figures.push(...(await kills(args, note)))
  return figures
}

async function speed(folder: string, args: readonly string[], note: (line: string) => void): Promise<Figure[]> {
  const chatFile = path.join(folder, 'qwen3-0.6b-shape.gguf')
  const embeddingFile = path.join(folder, 'e5-small-shape.gguf')
  note('writing models of real shapes with random weights …')
  await writeGguf(chatFile, randomQwen3(QWEN3_0_6B))
  await writeGguf(embeddingFile, randomBert(E5_SMALL))
  note(`chat ${await megabytes(chatFile)} MB, embedding ${await megabytes(embeddingFile)} MB`)
  const llama = await findLlamaBench(note)
  const figures: Figure[] = [atMost('context creation', await contextTime(chatFile), 'ms', 200)]
  const cores = availableParallelism()
  const wanted = Number(args[args.indexOf('--threads') + 1])
  for (const threads of args.includes('--threads') ? [wanted] : new Set([cores, Math.max(1, cores - 1)])) {
    const models = openBenchModels({ chatFile, embeddingFile, threads, note })
    try {
      const chat = (await models.chat())!
      const embedding = (await models.embedding())!
      figures.push(...(await chatSpeed({ chat, file: chatFile, threads, llama, note })))
      figures.push(...(await embeddingSpeed({ embedding, file: embeddingFile, threads, llama, note })))
    } finally {
      await models.close()
    }
  }
  return figures
}

interface Subject {
  file: string
  threads: number
  llama: LlamaBench | undefined
  note: (line: string) => void
}

async function chatSpeed({ chat, file, threads, llama, note }: Subject & { chat: ChatModel }): Promise<Figure[]> {
  const loading = watchDelay()
  await run(chat, { system: 'Warm.', question: 'Up.', tokens: 1 })
  const whileLoading = loading.end()
  const peer = (what: Omit<Measure, 'threads'>) => llama?.measure(file, { threads, ...what })
  const best = { prompt: 0, small: 0, large: 0, generate: 0, peer: 0 }
  const delays: number[] = []
  const ours = async (asked: Asked) => {
    const speaking = watchDelay()
    const ran = await run(chat, asked)
    delays.push(speaking.end())
    return ran
  }
  for (let round = 0; round < rounds; round++) {
    const system = letters(promptTokens, `p${threads}${round}`)
    const cold = await ours({ system, question: 'Why?', tokens: 1 })
    best.prompt = Math.max(best.prompt, (cold.fresh / cold.time) * 1000)
    best.small = Math.max(best.small, (await peer({ prompt: cold.fresh, batch: 64 })) ?? 0)
    best.large = Math.max(best.large, (await peer({ prompt: cold.fresh })) ?? 0)
    // The same prompt, known by now: what is left of the difference is the answer.
    const one = await ours({ system, question: 'Why?', tokens: 1 })
    const many = await ours({ system, question: 'Why?', tokens: answerTokens + 1 })
    best.generate = Math.max(best.generate, ((many.generated - one.generated) / (many.time - one.time)) * 1000)
    best.peer = Math.max(best.peer, (await peer({ generate: answerTokens, depth: cold.prompt })) ?? 0)
    const speeds = Object.entries(best).map(([name, value]) => `${name} ${value.toFixed(1)}`)
    note(`${threads} threads, best so far, tokens a second: ${speeds.join(', ')}`)
  }
  const whileSpeaking = Math.max(...delays)
  const by = `${threads} ${threads === 1 ? 'thread' : 'threads'}`
  const ratio = (ours: number, theirs: number) => (theirs > 0 ? ours / theirs : null)
  const figures = [
    atLeast(`${by}: generation, of llama-bench`, ratio(best.generate, best.peer), '', threads === 1 ? 0.85 : 0.9),
    atLeast(`${by}: prompt, of llama-bench in batches of 64`, ratio(best.prompt, best.small), '', 0.9),
    told(`${by}: prompt, of llama-bench in its default batches`, ratio(best.prompt, best.large), ''),
    told(`${by}: generation`, best.generate, 'tokens/s'),
    told(`${by}: prompt`, best.prompt, 'tokens/s'),
    atMost(`${by}: host's event loop, longest delay while loading`, whileLoading, 'ms', 50),
    atMost(`${by}: host's event loop, longest delay while speaking`, whileSpeaking, 'ms', 50),
  ]
  const batchTime = (64 / best.prompt) * 1000
  const tokenTime = 1000 / best.generate
  for (const [tokens, told800] of [
    [2000, false],
    [800, true],
  ] as const) {
    if (threads === 1 && !told800) continue
    const system = letters(tokens, `f${threads}${tokens}`)
    const cold = await run(chat, { system, question: 'What is the first thing?', tokens: 1 })
    const next = await run(chat, { system, question: 'And what is the second thing, then?', tokens: 1 })
    const name = `${by}: follow-up's first token, of cold, prefix of ${tokens} tokens`
    note(`${name}: ${cold.fresh} tokens in ${cold.time.toFixed(0)} ms, then ${next.fresh} in ${next.time.toFixed(0)}`)
    figures.push(told800 ? told(name, next.time / cold.time, '') : atMost(name, next.time / cold.time, '', 0.1))
  }
  const inPrompt = await stopTime(chat, { system: letters(1500, `s${threads}`), question: 'Why?', tokens: 8 }, 1500)
  const inAnswer = await stopTime(chat, { system: 'Short.', question: 'Why?', tokens: 400 }, 2500)
  figures.push(
    atMost(
      `${by}: stopped in the prompt, until it stands still, less one batch`,
      Math.max(0, inPrompt - batchTime),
      'ms',
      100,
    ),
    atMost(
      `${by}: stopped in the answer, until it stands still, less one token`,
      Math.max(0, inAnswer - tokenTime),
      'ms',
      100,
    ),
  )
  return figures
}

async function embeddingSpeed(subject: Subject & { embedding: EmbeddingModel }): Promise<Figure[]> {
  const { embedding, file, threads, llama, note } = subject
  const by = `${threads} ${threads === 1 ? 'thread' : 'threads'}`
  await embedding.model.doEmbed({ values: ['warm'] })
  const best = { ours: 0, peer: 0 }
  const questions: number[] = []
  for (let round = 0; round < rounds; round++) {
    const values = Array.from({ length: chunks }, (_, at) => words(200, round * 1000 + at))
    const counts = await embedding.countTokens(values)
    const started = performance.now()
    await embedding.model.doEmbed({ values })
    const seconds = (performance.now() - started) / 1000
    best.ours = Math.max(best.ours, counts.reduce((sum, count) => sum + count, 0) / seconds)
    const prompt = Math.round(median(counts))
    best.peer = Math.max(
      best.peer,
      (await llama?.measure(file, { threads, prompt, embeddings: true, repeat: chunks })) ?? 0,
    )
    for (let question = 0; question < 5; question++) {
      const asked = performance.now()
      await embedding.model.doEmbed({ values: [`query: ${words(12, round * 77 + question)}`] })
      questions.push(performance.now() - asked)
    }
    note(
      `${by}: embedding ${best.ours.toFixed(0)} tokens a second, llama-bench ${best.peer.toFixed(0)} (${prompt} a chunk)`,
    )
  }
  return [
    atLeast(
      `${by}: embedding chunks of 200 tokens, of llama-bench`,
      best.peer > 0 ? best.ours / best.peer : null,
      '',
      0.9,
    ),
    told(`${by}: embedding`, best.ours, 'tokens/s'),
    told(`${by}: embedding a question, median`, median(questions), 'ms'),
  ]
}

interface Asked {
  system: string
  question: string
  tokens: number
}

interface Ran {
  /** Milliseconds until the end. */
  time: number
  /** Tokens of the prompt, and those of them that were read now. */
  prompt: number
  fresh: number
  generated: number
}

const callOf = ({ system, question, tokens }: Asked, abortSignal?: AbortSignal) => ({
  prompt: [
    { role: 'system' as const, content: system },
    { role: 'user' as const, content: [{ type: 'text' as const, text: question }] },
  ],
  maxOutputTokens: tokens,
  temperature: 0,
  ...(abortSignal && { abortSignal }),
})

async function run({ model }: ChatModel, asked: Asked): Promise<Ran> {
  const started = performance.now()
  const { stream } = await model.doStream(callOf(asked))
  for await (const part of stream) {
    if (part.type !== 'finish') continue
    const { inputTokens, outputTokens } = part.usage
    const time = performance.now() - started
    return { time, prompt: inputTokens.total!, fresh: inputTokens.noCache!, generated: outputTokens.total! }
  }
  throw new Error('the stream has no end')
}

/** Milliseconds from the stop, `after` milliseconds into it, until the next question, which is short, gets its turn. */
async function stopTime(chat: ChatModel, asked: Asked, after: number): Promise<number> {
  const short = { system: 'Short.', question: 'Go', tokens: 1 }
  await run(chat, short)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const control = new AbortController()
    const { stream } = await chat.model.doStream(
      callOf({ ...asked, system: `${round} ${asked.system}` }, control.signal),
    )
    const reading = (async () => {
      for await (const _ of stream);
    })().catch(() => {})
    await new Promise(resolve => setTimeout(resolve, after))
    const stopped = performance.now()
    control.abort()
    await reading
    await run(chat, { ...short, question: `Go ${round}` })
    const until = performance.now() - stopped
    const again = await run(chat, { ...short, system: `${round} short.` })
    times.push(Math.max(0, until - again.time))
  }
  return Math.min(...times)
}

function watchDelay(): { end(): number } {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  return {
    end() {
      delays.disable()
      return delays.max / 1e6
    },
  }
}

const megabytes = async (file: string) => Math.round((await stat(file)).size / 1e6)

/** Letters without meaning: the random chat model's tokenizer knows no words, so that each is a token. Another beginning for each `seed`. */
function letters(tokens: number, seed: string): string {
  let text = `${seed} `
  for (let at = 0; text.length < tokens; at++) text += `${((at * 7919) % 9973).toString(36)} `
  return text.slice(0, Math.round(tokens))
}

/** Words of the random embedding model's vocabulary, a token each. */
function words(tokens: number, seed: number): string {
  return Array.from({ length: tokens }, (_, at) => `w${(seed * 7919 + at * 104_729) % 200_000}`).join(' ')
}

function openBenchModels({
  threads,
  note,
  ...files
}: {
  chatFile: string
  embeddingFile: string
  threads: number
  note: (line: string) => void
}): Models {
  const log = {
    debug() {},
    info() {},
    warn: (message: string) => note(message),
    error: (message: string) => note(message),
  }
  const processes = createForkedProcesses({ entries: { model: modelEntry }, log })
  const folder = path.dirname(files.chatFile)
  const settings = { ...files, folder, contextSize: 4096, maxTokens: 512, temperature: 0, threads }
  return createModels({ settings, processes, log })
}

async function contextTime(file: string): Promise<number> {
  return Number(await runModule(['bench/open-context.ts', file]))
}

async function mutations(args: readonly string[], note: (line: string) => void): Promise<Figure[]> {
  const count = Number(args[args.indexOf('--count') + 1]) || 500
  const { refused, loaded, failedInLlama, crashed, hostCrashes } = await mutatedHeaders({ count, note })
  return [
    atMost(`${count} mutated headers: crashes of the host`, hostCrashes, '', 0),
    atMost(`${count} mutated headers: crashes of the model process`, crashed, '', 0),
    told('refused with a reason by our check', refused, ''),
    told('refused by llama.cpp, in order', failedInLlama, ''),
    told('loaded', loaded, ''),
  ]
}

async function kills(args: readonly string[], note: (line: string) => void): Promise<Figure[]> {
  const count = Number(args[args.indexOf('--count') + 1]) || 100
  const { kills: done, asked, lost, quoted, problems } = await runModelKills({ count, note })
  for (const problem of problems) note(problem)
  return [
    atLeast('kills of the model process', done, '', count),
    atMost(`questions lost, of ${asked}`, lost + problems.length, '', 0),
    told('answers that a kill turned into quotes', quoted, ''),
  ]
}
