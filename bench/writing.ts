/** How much of a model's speed reaches a client: the same model alone, through its process, and through a question over HTTP. */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { scriptedChat } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import { openModels } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import { ask } from './asked.ts'
import { atLeast, type Figure, told } from './figure.ts'
import { type Served, startServer } from './served.ts'

/** Words of its vocabulary, which make it as slow as a small real one: 4 bytes × 4,000² are read for each token. */
const vocabulary = 4000
const wordsPerSentence = 12
const tokens = 256
const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** In turns, the best of each counts. Both write the same: as many tokens as are allowed. */
export async function writingSpeed(
  folder: string,
  projectId: string,
  questions: readonly string[],
  note: (line: string) => void,
): Promise<Figure[]> {
  const file = path.join(folder, 'writer.gguf')
  await writeGguf(file, scriptedChat(longText()))
  note(`a model of ${Math.round((await stat(file)).size / 1e6)} MB writes ${tokens} tokens`)
  const environment = { LLM_MODEL_PATH: file, LLM_MAX_TOKENS: String(tokens), LLM_TEMPERATURE: '0' }
  const best = { alone: 0, served: 0 }
  const models = openModels(readConfig({ environment: { ...process.env, ...environment }, data: folder }), silent)
  const server = await startServer(folder, { environment })
  try {
    const { model } = (await models.chat())!
    for (const question of [questions[0], ...questions]) {
      const alone = await write(model)
      const served = await writeOverHttp(server, projectId, question)
      // The first ones load it.
      best.alone = Math.max(best.alone, alone)
      best.served = Math.max(best.served, served)
      note(`tokens a second: ${alone.toFixed(1)} alone, ${served.toFixed(1)} over HTTP`)
    }
  } finally {
    await server.stop()
    await models.close()
  }
  return [
    atLeast('tokens a second over HTTP, of the model process alone', best.served / best.alone, '', 0.95),
    told('tokens a second over HTTP', best.served, 'tokens/s'),
  ]
}

type Model = NonNullable<Awaited<ReturnType<ReturnType<typeof openModels>['chat']>>>['model']

/** From the first words to the last. */
async function write(model: Model): Promise<number> {
  const { stream } = await model.doStream({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'Write about this. '.repeat(130) }] }],
    maxOutputTokens: tokens,
    temperature: 0,
  })
  let first: number | undefined
  let last = 0
  let written = 0
  for await (const part of stream) {
    if (part.type === 'text-delta') {
      last = performance.now()
      first ??= last
    }
    if (part.type === 'finish') written = part.usage.outputTokens.total ?? 0
  }
  if (first === undefined || written !== tokens) throw new Error(`${written} tokens were written`)
  return ((tokens - 1) / (last - first)) * 1000
}

async function writeOverHttp({ client }: Served, projectId: string, question: string): Promise<number> {
  const { sentences, writing } = await ask(client, projectId, question)
  if (sentences < Math.floor(tokens / wordsPerSentence) - 1) throw new Error('the model did not write it all')
  return ((tokens - 1) / writing) * 1000
}

/** Sentences of words that come once each: every word is a token. */
function longText(): string {
  const sentences = []
  for (let word = 0; word < vocabulary; word += wordsPerSentence) {
    const words = Array.from({ length: wordsPerSentence }, (_, at) => `${at === 0 ? 'W' : 'w'}ort${letters(word + at)}`)
    sentences.push(`${words.join(' ')}.`)
  }
  return sentences.join(' ')
}

/** A number in letters, so that nothing looks like a figure. */
function letters(number: number): string {
  return [...number.toString(26)].map(digit => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('')
}
