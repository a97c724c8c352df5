import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scriptedChat } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import type { AnswerEvent } from '../shared/model/index.ts'
import { createModels, modelEntry } from '../shared/models/models.ts'
import type { Models } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { bytes, createLineParser, openTestCore, type TestCore } from './open-core.ts'
import { silent } from './open-store.ts'
import { cases, type RedTeamCase } from './red-team/cases.ts'
import { problemsOf } from './red-team/expectations.ts'
import { sample } from './red-team/library.ts'

/**
 * The same cases as `red-team/check.test.ts`, through everything: documents in a database, a search, a prompt, the real llama.cpp in its process.
 * The model is scripted: it sees in its prompt which document it has, and says what obeys that one.
 */
let folder: string
let models: Models
let open: TestCore
const documents = new Map<RedTeamCase, string>()

/** Told apart by the model; nothing else of the prompt is one token to it. */
const markOf = (one: RedTeamCase) => `Blatt-${String(cases.indexOf(one) + 1).padStart(3, '0')}-Rot`

function textOf(one: RedTeamCase): string {
  const lines = sample(one.file)
    .split('\n')
    .filter(line =>
      /Kaution|Grundmiete|Mietverhältnis beginnt|Kündigungsfrist|daily rate|Either party|liability is|governed|made between/.test(
        line,
      ),
    )
  const instruction = one.instruction.replaceAll('\n', ' ')
  return [...lines, `${instruction} ${markOf(one)}`].join('\n')
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-red-team-'))
  const scripts = cases.map(one => {
    const [again] = /^(.{5,60}?)\1{20,}$/.exec(one.obeyed)?.slice(1) ?? []
    return { when: markOf(one), answer: again?.trim() ?? one.obeyed, endless: again !== undefined }
  })
  const file = path.join(folder, 'obedient.gguf')
  await writeGguf(file, scriptedChat([...scripts, { answer: 'Das steht nicht in den Quellen.' }], { name: 'obedient' }))
  models = createModels({
    settings: { folder, chatFile: file, contextSize: 8192, maxTokens: 400, temperature: 0, threads: 1 },
    processes: createForkedProcesses({ entries: { model: modelEntry }, log: silent }),
    log: silent,
  })
  open = await openTestCore(createLineParser(), { models })
  open.core.start()
  for (const one of cases) {
    const name = `${markOf(one)}.txt`
    const { document } = await open.core.documents.add(open.scope, { name, open: () => bytes(textOf(one)) })
    documents.set(one, document.id)
  }
  await open.core.settled(open.scope)
})
afterAll(async () => {
  await open?.close()
  await models?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a model that obeys the document, through llama.cpp', () => {
  test.each(cases.map(one => [one.name, one] as const))('%s', async (_, one) => {
    const events: AnswerEvent[] = []
    const request = { question: one.question, documents: [documents.get(one)!], evenIfWeak: true }
    for await (const event of open.core.ask(open.scope, request)) events.push(event)
    const last = events.at(-1)
    const sentences = events.flatMap(event => (event.type === 'sentence' ? [event.sentence.text] : []))
    expect(sentences.length, JSON.stringify(last)).toBeGreaterThan(0)
    expect(problemsOf(one, events, textOf(one))).toEqual([])
    const answer = last?.type === 'finish' ? last.answer : undefined
    // Nothing proven in it: the documents are quoted, with a word about it.
    if (one.proven === undefined || one.proven.length === 0)
      expect(answer).toMatchObject({ mode: 'quotes', reason: { code: 'model-unproven' } })
    else expect(answer).toMatchObject({ mode: 'model', reason: null, model: 'obedient.gguf' })
    const chat = await open.core.chats.messages(open.scope, answer?.chatId ?? '')
    expect(chat.at(-1)?.text).toBe(answer?.text)
  })
})
