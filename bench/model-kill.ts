/**
 * kill -9 of the model process at random moments of an answer. No question may be lost: each ends in an answer, written or
 * in quotes, which is kept in its chat, and afterwards answers are written again.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { scriptedChat } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import type { Answer } from '../shared/model/index.ts'
import { createModels, modelEntry } from '../shared/models/models.ts'
import type { ChildProcess, Processes } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { bytes, createLineParser, openTestCore } from '../tests/open-core.ts'

export interface ModelKills {
  kills: number
  /** Questions that were asked, and those without an answer in the end. */
  asked: number
  lost: number
  /** Answers that a kill turned into quotes. */
  quoted: number
  problems: string[]
}

/** Long enough to be killed in the middle of its answer, and each sentence of it stands in the document. */
const sentences = Array.from(
  { length: 30 },
  (_, at) => `In Fall ${at + 1} beträgt die Kündigungsfrist ${at + 2} Monate.`,
)
const text = sentences.join(' ')
const question = 'Wie lang ist die Kündigungsfrist in Fall 7?'
const answer = sentences.map(sentence => sentence.replace('.', ' [1].')).join(' ')

export async function runModelKills({
  count,
  note,
}: {
  count: number
  note: (line: string) => void
}): Promise<ModelKills> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-model-kill-'))
  const log = { debug() {}, info() {}, warn() {}, error: (message: string) => note(message) }
  const chatFile = path.join(folder, 'chat.gguf')
  await writeGguf(chatFile, scriptedChat(answer))
  const children: ChildProcess[] = []
  const forked = createForkedProcesses({ entries: { model: modelEntry }, log })
  const processes: Processes = {
    spawn(role) {
      const child = forked.spawn(role)
      children.push(child)
      return child
    },
  }
  const settings = { folder, chatFile, contextSize: 4096, maxTokens: 2000, temperature: 0, threads: 1 }
  // Rests as long as in the product would make this take an hour.
  const models = createModels({ settings, processes, log, limits: { firstRest: 20, longestRest: 50 } })
  const place = await openTestCore(createLineParser(), { models })
  const outcome: ModelKills = { kills: 0, asked: 0, lost: 0, quoted: 0, problems: [] }

  async function ask(): Promise<Answer | undefined> {
    outcome.asked += 1
    try {
      for await (const event of place.core.ask(place.scope, { question }))
        if (event.type === 'finish') {
          const messages = await place.core.chats.messages(place.scope, event.answer.chatId)
          const kept = messages[1]
          if (messages.length !== 2 || kept?.text !== event.answer.text)
            outcome.problems.push('the chat does not hold the answer')
          return event.answer
        }
      outcome.problems.push('an answer without an end')
    } catch (error) {
      outcome.problems.push(`a question failed: ${error}`)
    }
    outcome.lost += 1
    return undefined
  }

  /** Until it is written again: after a crash the model rests for a moment. */
  async function askWritten(): Promise<number> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const started = performance.now()
      const given = await ask()
      if (given?.mode === 'model') return performance.now() - started
      await pause(30)
    }
    outcome.problems.push('no answer was written any more')
    return 0
  }

  try {
    place.core.start()
    await place.core.documents.add(place.scope, { name: 'vertrag.txt', path: 'vertrag.txt', open: () => bytes(text) })
    await place.core.settled(place.scope)
    await askWritten()
    const duration = await askWritten()
    note(`an answer takes ${duration.toFixed(0)} ms`)
    while (outcome.kills < count && outcome.problems.length === 0) {
      const asked = ask()
      await pause(Math.random() * duration)
      children.at(-1)?.kill()
      outcome.kills += 1
      const given = await asked
      if (given?.mode === 'quotes') {
        outcome.quoted += 1
        if (!given.reason) outcome.problems.push('quotes without a word why')
        if (given.citations.length === 0) outcome.problems.push('quotes mode without a quote')
      } else if (given && given.mode !== 'model') outcome.problems.push(`the answer is ${given.mode}`)
      // Not after every one: the next is then killed while the process starts and loads the model.
      if (outcome.kills % 4 !== 0) await askWritten()
      if (outcome.kills % 10 === 0) note(`${outcome.kills} kills, ${outcome.quoted} answers in quotes`)
    }
  } finally {
    await place.close()
    await rm(folder, { recursive: true, force: true })
  }
  return outcome
}
