import { AppError } from '../errors.ts'
import type { Answer, AnswerEvent, Citation, Document, Passage, Segment } from '../model/index.ts'
import type { WrittenOutcome } from './figures.ts'

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
  ask(request: EvalQuestion): AsyncIterable<AnswerEvent>
}

export interface EvalQuestion {
  question: string
  chatId?: string
  evenIfWeak?: boolean
  /** Retrieval and quotes are measured without a chat model's help, written answers apart. */
  mode: 'model' | 'quotes'
}

export interface Asked {
  chatId: string
  passages: Passage[]
  citations: Citation[]
  declined: boolean
  /** How sure the product was, 0 to 1. */
  evidence: number
}

export async function askOnce(subject: Subject, request: Omit<EvalQuestion, 'mode'>): Promise<Asked> {
  const { passages, answer } = await ask(subject, { ...request, mode: 'quotes' })
  const { chatId, citations, mode, evidence } = answer
  return { chatId, passages, citations, declined: mode === 'declined', evidence }
}

/** The answer to the last question of a conversation as a model writes it. */
export async function askWritten(subject: Subject, conversation: readonly string[]): Promise<WrittenOutcome> {
  const last = conversation.length - 1
  let chat: { chatId?: string } = {}
  for (const question of conversation.slice(0, last))
    chat = { chatId: (await askOnce(subject, { question, ...chat })).chatId }
  const { answer } = await ask(subject, { question: conversation[last], ...chat, mode: 'model' })
  const { mode, text, sentences } = answer
  return { mode, text, proven: sentences.map(({ supported }) => supported) }
}

async function ask(subject: Subject, question: EvalQuestion): Promise<{ passages: Passage[]; answer: Answer }> {
  let passages: Passage[] = []
  for await (const event of subject.ask(question)) {
    if (event.type === 'passages') passages = event.passages
    if (event.type === 'finish') return { passages, answer: event.answer }
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
  /** So many answerable questions, spread over the set, are also answered by the chat model. */
  answers?: number
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

/** Every so-manieth of `total`, so that `wanted` of them are taken. */
export function spread(total: number, wanted: number): (index: number) => boolean {
  return index => Math.floor(((index + 1) * wanted) / total) > Math.floor((index * wanted) / total)
}
