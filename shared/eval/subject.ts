import { AppError } from '../errors.ts'
import type { AnswerEvent, Citation, Document, Passage, Segment } from '../model/index.ts'

/** The product as it is measured: one library, reached the way every user reaches it. `core.ts` fits once its scope is bound. */
export interface Subject {
  add(file: { name: string; path: string; open: () => AsyncIterable<Uint8Array> }): Promise<Document>
  /** Resolves when everything added is searchable, or failed. */
  settled(): Promise<void>
  document(id: string): Promise<Document>
  segment(id: string, number: number): Promise<Segment | undefined>
  delete(id: string): Promise<void>
  undo(id: string): Promise<void>
  search(words: string, limit: number): Promise<Passage[]>
  ask(request: { question: string; chatId?: string; evenIfWeak?: boolean }): AsyncIterable<AnswerEvent>
}

export interface Asked {
  chatId: string
  passages: Passage[]
  citations: Citation[]
  declined: boolean
  /** How sure the product was, 0 to 1. */
  evidence: number
}

export async function askOnce(subject: Subject, request: Parameters<Subject['ask']>[0]): Promise<Asked> {
  let passages: Passage[] = []
  for await (const event of subject.ask(request)) {
    if (event.type === 'passages') passages = event.passages
    if (event.type === 'finish') {
      const { chatId, citations, mode, evidence } = event.answer
      return { chatId, passages, citations, declined: mode === 'declined', evidence }
    }
  }
  throw new Error('the answer has no end')
}

/**
 * Asks the questions of a conversation in a chat of its own and gives the last answer. Where it declines, `quotes` are
 * those it would have given.
 */
export async function askLast(
  subject: Subject,
  conversation: readonly string[],
): Promise<Asked & { quotes: Citation[] }> {
  const asked = await askAll(subject, conversation, false)
  if (!asked.declined) return { ...asked, quotes: asked.citations }
  return { ...asked, quotes: (await askAll(subject, conversation, true)).citations }
}

async function askAll(subject: Subject, conversation: readonly string[], evenIfWeak: boolean): Promise<Asked> {
  const earlier = conversation.slice(0, -1)
  let chat: { chatId?: string } = {}
  for (const question of earlier) chat = { chatId: (await askOnce(subject, { question, ...chat })).chatId }
  return askOnce(subject, { question: conversation[conversation.length - 1], ...chat, evenIfWeak })
}

export interface RunOptions {
  /** After each question. */
  progress?: (done: number, total: number) => void
  signal?: AbortSignal
}

/** A library that is not complete measures nothing: throws the document's own reason. */
export async function demandReady(subject: Subject, id: string): Promise<void> {
  const { name, state, reason } = await subject.document(id)
  if (state === 'ready') return
  throw new AppError(reason?.code ?? 'internal', { name, ...reason?.values })
}
