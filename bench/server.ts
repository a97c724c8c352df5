/**
 * Over HTTP, with 100,000 chunks in the database: how long from a question to its first passages and to a model's first
 * words while a manual is read; many clients at once, and how late they make the server's event loop; how much of a
 * model's speed reaches a client; and how much memory a file takes that is sent.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { scriptedChat } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import type { Client } from '../shared/api/client.ts'
import { ask } from './asked.ts'
import { atMost, type Bench, type Figure, median, percentile, told } from './figure.ts'
import { buildLibrary } from './library.ts'
import { bigManuals, type Manual } from './manuals.ts'
import { startServer } from './served.ts'
import { createTemporaryFolder } from './temporary-folder.ts'
import { uploadFigures } from './upload-memory.ts'
import { writingSpeed } from './writing.ts'

const questions = 100
const warmUp = 20
const clients = 50
/** What else goes on on the machine only adds: of so many rounds, the best of each figure counts. */
const rounds = 3
const writingRounds = 5

export const bench: Bench = async ({ note }) => {
  await using folder = await createTemporaryFolder('server')
  const manuals = await bigManuals(note, folder.path)
  const { scopes, text, samples } = await buildLibrary(folder.path, { note })
  const [{ projectId }] = scopes
  const asked = (count: number) =>
    Array.from({ length: count }, (_, at) => text.question(samples[(at * 37) % samples.length]))
  return [
    ...(await overhead(folder.path, projectId, asked, manuals, note)),
    ...(await writingSpeed(folder.path, projectId, asked(writingRounds), note)),
    ...(await uploadFigures(path.join(folder.path, 'uploads'))),
  ]
}

async function overhead(
  folder: string,
  projectId: string,
  asked: (count: number) => string[],
  manuals: readonly Manual[],
  note: (line: string) => void,
): Promise<Figure[]> {
  const chatFile = path.join(folder, 'chat.gguf')
  await writeGguf(chatFile, scriptedChat('This is written by a model that always says the same [1].'))
  const server = await startServer(folder, { environment: { LLM_MODEL_PATH: chatFile }, watched: true })
  try {
    const { client } = server
    for (const question of asked(warmUp)) await ask(client, projectId, question)
    const passages: number[][] = []
    const tokens: number[][] = []
    const reading = readOnAndOn(client, projectId, manuals)
    for (let round = 0; round < rounds; round++) {
      const answers = []
      for (const question of asked(questions)) answers.push(await ask(client, projectId, question))
      passages.push(answers.map(({ passages }) => passages))
      tokens.push(answers.flatMap(({ first }) => first ?? []))
      note(
        `beside a manual: passages p95 ${p95(passages[round])?.toFixed(1)} ms, words p95 ${p95(tokens[round])?.toFixed(1)} ms`,
      )
    }
    const memory = await server.memory()
    await reading.stop()
    const delays = []
    let failed = 0
    for (let round = 0; round < rounds; round++) {
      await server.delay()
      const together = await Promise.allSettled(asked(clients).map(question => ask(client, projectId, question)))
      failed += together.filter(({ status }) => status === 'rejected').length
      const delay = await server.delay()
      delays.push(delay)
      note(
        `${clients} clients: event loop late by ${delay.p99.toFixed(1)} ms (p99), ${delay.longest.toFixed(1)} ms at most`,
      )
    }
    const written = tokens.reduce((sum, times) => sum + times.length, 0) / (rounds * questions)
    return [
      atMost('question to first passages, p95, while manuals are read', best(passages.map(p95)), 'ms', 100),
      told('the same, median', best(passages.map(median)), 'ms'),
      atMost('first passages to the first words of a tiny model, p95', best(tokens.map(p95)), 'ms', 150),
      told('the same, median', best(tokens.map(times => (times.length > 0 ? median(times) : null))), 'ms'),
      told('answers a model wrote, share', written, ''),
      atMost(`errors of ${clients} clients at once, all ${rounds} rounds`, failed, '', 0),
      atMost(`event loop while ${clients} clients stream, p99`, best(delays.map(({ p99 }) => p99)), 'ms', 50),
      told('the same, longest', best(delays.map(({ longest }) => longest)), 'ms'),
      told('resident memory of the server while it reads', memory, 'MB'),
    ]
  } finally {
    await server.stop()
  }
}

/** Reads the manuals again and again; each under another name and with another end, so that it is another document. */
function readOnAndOn(client: Client, projectId: string, manuals: readonly Manual[]): { stop(): Promise<void> } {
  let reading = true
  const read = (async () => {
    for (let round = 0; reading; round++)
      for (const manual of manuals) {
        if (!reading) return
        const bytes = new Blob([await readFile(manual.file), `\n%${round}`])
        const file = new File([bytes], `${round}-${manual.name}`)
        const { results } = await client.documents.upload({ projectId, files: [file] })
        const documentId = results[0]?.document?.id
        if (documentId === undefined) throw new Error('a manual was refused')
        while (reading && (await client.documents.get({ projectId, documentId })).state !== 'ready')
          await new Promise(resolve => setTimeout(resolve, 200))
        // It would be found by the next round's questions, and cut short where nobody waits for it any more.
        await client.documents.purge({ projectId, documentId })
      }
  })()
  return {
    async stop() {
      reading = false
      await read
    },
  }
}

const p95 = (times: readonly number[]) => (times.length > 0 ? percentile(times, 0.95) : null)

/** Null where a round has no figure: that is no good one. */
function best(ofRounds: readonly (number | null)[]): number | null {
  return ofRounds.includes(null) ? null : Math.min(...ofRounds.map(Number))
}
