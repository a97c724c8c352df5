/**
 * Over HTTP, with 100,000 chunks in the database: how long from a question to its first passages while a manual is read, and
 * many clients at once.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { scriptedChat } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import type { Client } from '../shared/api/client.ts'
import { atMost, type Bench, median, percentile, told } from './figure.ts'
import { buildLibrary } from './library.ts'
import { bigManuals } from './manuals.ts'
import { startServer } from './served.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const questions = 200
const warmUp = 20
const clients = 50

export const bench: Bench = async ({ note }) => {
  await using folder = await createTemporaryFolder('server')
  const manuals = await bigManuals(note, folder.path)
  const { scopes, text, samples } = await buildLibrary(folder.path, { note })
  const [{ projectId }] = scopes
  const chatFile = path.join(folder.path, 'chat.gguf')
  await writeGguf(chatFile, scriptedChat('This is written by a model that always says the same [1].'))
  const asked = (count: number) =>
    Array.from({ length: count }, (_, at) => text.question(samples[(at * 37) % samples.length]))
  const server = await startServer(folder.path, { LLM_MODEL_PATH: chatFile })
  try {
    const { client } = server
    for (const question of asked(warmUp)) await ask(client, projectId, question)
    // Read on and on beside the questions; each under another name and with another end, so that it is another document.
    let reading = true
    const ingesting = (async () => {
      for (let round = 0; reading; round++)
        for (const manual of manuals) {
          const bytes = new Blob([await readFile(manual.file), `\n%${round}`])
          const file = new File([bytes], `${round}-${manual.name}`)
          const { results } = await client.documents.upload({ projectId, files: [file] })
          const id = results[0]?.document?.id
          while (reading && id && (await client.documents.get({ projectId, documentId: id })).state !== 'ready')
            await new Promise(resolve => setTimeout(resolve, 200))
        }
    })()
    const alone: Asked[] = []
    for (const question of asked(questions)) alone.push(await ask(client, projectId, question))
    reading = false
    await ingesting
    const memory = await server.memory()
    const together = await Promise.allSettled(asked(clients).map(question => ask(client, projectId, question)))
    const failed = together.filter(({ status }) => status === 'rejected').length
    const passages = alone.map(({ passages: time }) => time)
    const tokens = alone.flatMap(({ first }) => first ?? [])
    return [
      atMost('question to first passages, p95, while manuals are read', percentile(passages, 0.95), 'ms', 100),
      told('the same, median', median(passages), 'ms'),
      atMost(
        'first passages to the first words of a tiny model, p95',
        tokens.length > 0 ? percentile(tokens, 0.95) : null,
        'ms',
        150,
      ),
      told('answers a model wrote, share', tokens.length / alone.length, ''),
      atMost(`errors of ${clients} clients at once`, failed, '', 0),
      told('resident memory of the server while it reads', memory, 'MB'),
    ]
  } finally {
    await server.stop()
  }
}

interface Asked {
  /** Milliseconds to the passages, and from there to the first words of a model. */
  passages: number
  first?: number
}

async function ask(client: Client, projectId: string, question: string): Promise<Asked> {
  const started = performance.now()
  let passages: number | undefined
  let first: number | undefined
  for await (const event of await client.answers.ask({ projectId, question })) {
    const now = performance.now()
    if (event.type === 'passages') passages = now - started
    if ((event.type === 'draft' || event.type === 'sentence') && passages !== undefined)
      first ??= now - started - passages
  }
  if (passages === undefined) throw new Error('no passages came')
  return { passages, ...(first !== undefined && { first }) }
}
