import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scriptedChat } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { bytes, createLineParser, openTestCore, type TestCore } from '../../tests/open-core.ts'
import { silent } from '../../tests/open-store.ts'
import { sample } from '../../tests/red-team/library.ts'
import type { ChatModel } from '../model/index.ts'
import { createModels, modelEntry } from '../models/models.ts'
import type { Models } from '../ports.ts'
import { createForkedProcesses } from '../processes/fork.ts'
import type { AskRequest } from './ask.ts'

/** Over the real llama.cpp, whose own count tells what of a prompt was read anew. */
let folder: string
let models: Models
let open: TestCore
const read: { total: number; anew: number; rewrite: boolean }[] = []

/** The model, with an ear on what it says it has read. */
function listening(chat: ChatModel): ChatModel {
  const { model } = chat
  const doStream: typeof model.doStream = async options => {
    const { stream } = await model.doStream(options)
    const rewrite = options.providerOptions?.cloister?.sequence === 'rewrite'
    return {
      stream: stream.pipeThrough(
        new TransformStream({
          transform(part, controller) {
            if (part.type === 'finish') {
              const { total = 0, noCache = 0 } = part.usage.inputTokens
              read.push({ total, anew: noCache, rewrite })
            }
            controller.enqueue(part)
          },
        }),
      ),
    }
  }
  return { ...chat, model: { ...model, doStream } }
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-prefix-'))
  const answer = 'Die Kündigungsfrist beträgt für den Mieter drei Monate. [1]'
  const scripts = [{ when: 'Letzte Frage', answer: 'Wie lange gilt die Kündigungsfrist?' }, { answer }]
  await writeGguf(path.join(folder, 'chat.gguf'), scriptedChat(scripts, { name: 'Tiny' }))
  models = createModels({
    settings: { folder, contextSize: 8192, maxTokens: 100, temperature: 0, threads: 1 },
    processes: createForkedProcesses({ entries: { model: modelEntry }, log: silent }),
    log: silent,
  })
  open = await openTestCore(createLineParser(), {
    models: { ...models, chat: async () => listening((await models.chat())!) },
  })
  open.core.start()
  const lines = sample('mietvertrag.md')
    .split('\n')
    .filter(line => line.trim() !== '')
  await open.core.documents.add(open.scope, { name: 'mietvertrag.txt', open: () => bytes(lines.join('\n')) })
  await open.core.settled(open.scope)
})
afterAll(async () => {
  await open?.close()
  await models?.close()
  await rm(folder, { recursive: true, force: true })
})

async function ask(question: string, chatId?: string, wishes: Partial<AskRequest> = {}) {
  let understood = ''
  for await (const event of open.core.ask(open.scope, { question, ...wishes, ...(chatId && { chatId }) })) {
    if (event.type === 'passages') understood = event.question
    if (event.type === 'finish') return { answer: event.answer, understood }
  }
  throw new Error('no finish')
}

it('a follow-up reads rules and sources no second time, also when its question was rewritten in between', async () => {
  const first = await ask('Wie lange ist die Kündigungsfrist für den Mieter?')
  expect(first.answer.mode).toBe('model')
  await ask('Und wie lange gilt die Kündigungsfrist für die Vermieterin?', first.answer.chatId)
  const [cold, warm] = read
  expect(cold.anew).toBe(cold.total)
  expect(cold.total).toBeGreaterThan(2000)
  // A token is a byte to this model: what is new are the turn before and the question.
  expect(warm.anew).toBeLessThan(400)

  const long =
    'Welche Kündigungsfrist gilt laut Vertrag für Mieter der Wohnung im Haus in der Lindenstraße zum Ende des Kalendermonats?'
  const asked = await ask(long, first.answer.chatId)
  const before = read.length
  const { understood } = await ask('Und wie lange gilt sie?', asked.answer.chatId)
  expect(understood).toBe('Wie lange gilt die Kündigungsfrist?')
  const [rewrite, again] = read.slice(before)
  expect([rewrite.rewrite, again.rewrite]).toEqual([true, false])
  // The oldest turn fell out: what follows the sources is read again.
  expect(again.anew).toBeLessThan(800)
})

it('an assistant’s instructions are read once', async () => {
  const wishes = { instructions: 'Nennen Sie Fristen zuerst. '.repeat(20), language: 'de', temperature: 0 } as const
  const before = read.length
  const first = await ask('Wie lange ist die Kündigungsfrist für den Mieter?', undefined, wishes)
  await ask('Und wie lange gilt die Kündigungsfrist für die Vermieterin?', first.answer.chatId, wishes)
  const [cold, warm] = read.slice(before)
  // Of what was read for others, our rules are the same.
  expect(cold.anew).toBeGreaterThan(500)
  expect(warm.anew).toBeLessThan(400)
})
