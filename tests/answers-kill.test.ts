/** kill -9 of a server in the middle of an answer: the next start keeps what had been said, and it can be asked for again. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../shared/api/client.ts'
import { contract, type StreamedAnswer } from '../shared/api/index.ts'
import { longAnswers, longQuestion, rent, writeLongAnswers } from './long-answer.ts'
import { program } from './program.ts'
import { until } from './until.ts'

const root = path.join(import.meta.dirname, '..')
const token = 'correct-horse-battery-staple'

let folder: string
const children: ReturnType<typeof spawn>[] = []
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-answers-kill-'))
  await writeLongAnswers(path.join(folder, 'chat.gguf'))
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function serve() {
  const child = spawn(process.execPath, [...program, 'serve', '--json', '--port', '0', '--data', folder], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      CLOISTER_TOKEN: token,
      LLM_MODEL_PATH: path.join(folder, 'chat.gguf'),
      ...longAnswers,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  const { address } = JSON.parse(String(value)) as { address: string }
  const client = createClient({ routes: contract, url: address, token, language: () => 'en' })
  return {
    client,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

test('what a killed server had said of an answer is kept', { timeout: 120_000 }, async () => {
  const first = await serve()
  const projectId = (await first.client.projects.list({})).projects[0].id
  const text = { projectId, name: 'Kaution', text: rent, format: 'plain' } as const
  const { id: documentId } = (await first.client.documents.addText(text)).document
  await until(
    async () => (await first.client.documents.get({ projectId, documentId })).state === 'ready',
    'the document is ready',
  )
  const events: StreamedAnswer[] = []
  const sentences = () => events.flatMap(event => (event.type === 'sentence' ? event.sentence : []))
  const reading = (async () => {
    for await (const event of await first.client.answers.ask({ projectId, question: longQuestion })) events.push(event)
  })().catch(() => {})
  await until(() => sentences().length > 0, 'the first sentence')
  const said = sentences().length
  // What is said is written down within half a second.
  await pause(700)
  await first.kill()
  await reading
  expect(events.at(-1)?.type).not.toBe('finish')
  const [started] = events
  if (started.type !== 'started') throw new Error('not started')
  const { answerId, chatId } = started

  const { client } = await serve()
  const get = () => client.chats.get({ projectId, chatId })
  await until(async () => (await get()).messages.length === 2 && (await get()).answering.length === 0, 'it is kept')
  const { messages, answering } = await get()
  expect(answering).toEqual([])
  expect(messages[1]).toMatchObject({ role: 'assistant', passages: 1 })
  expect(messages[1].answer).toMatchObject({ mode: 'model', model: 'chat.gguf', reason: { code: 'server-lost' } })
  const kept = messages[1].answer?.sentences ?? []
  expect(kept.length).toBeGreaterThanOrEqual(said)
  // The last one was not finished.
  expect(sentences().slice(0, kept.length - 1)).toEqual(kept.slice(0, -1))
  const late: StreamedAnswer[] = []
  for await (const event of await client.answers.follow({ projectId, answerId })) late.push(event)
  expect(late.at(-1)).toMatchObject({ type: 'interrupted', messageId: messages[1].id })

  for await (const event of await client.answers.regenerate({ projectId, chatId })) if (event.type === 'sentence') break
  await until(async () => (await get()).messages[1].answer?.reason?.code === 'cancelled', 'it is answered again')
})
