import { AppError, toAppError } from '../errors.ts'
import type { AnswerEvent, ChatModel, Scope } from '../model/index.ts'
import type { Question } from '../retrieve/question.ts'
import type { Hit } from '../retrieve/search.ts'
import type { Store } from '../store/index.ts'
import type { Prove } from './passages.ts'
import { buildPrompt, type Exchange } from './prompt.ts'
import type { Quote } from './quotes.ts'
import { chooseStretches, keepStretches, numbered, type Stretch, sourceBudget } from './sources.ts'
import { type Written, write } from './write.ts'

export interface Composition {
  scope: Scope
  chatId: string
  chat: ChatModel
  question: Question
  /** Of the answer. */
  language: 'de' | 'en'
  instructions?: string
  temperature?: number
  hits: readonly Hit[]
  /** The sentences that answer best, best first. */
  quotes: readonly Quote[]
  exchanges: readonly Exchange[]
  documents?: readonly string[]
  prove: Prove
  signal?: AbortSignal
}

/** Streams the model's answer, and keeps in `written` what there is of it. */
export type Compose = (composition: Composition, written: Written) => AsyncGenerator<AnswerEvent, void>

/** Chats whose last sources are known; a model remembers the prompt of few. */
const mostRemembered = 32
/** The best sentences that sources kept from before must show. */
const mostNeeded = 2

/** It cannot even read the rules and a few sentences of the documents. */
const tooSmall = ({ name, contextSize }: ChatModel) => new AppError('model-context', { name, size: contextSize })

export function createCompose({ store }: { store: Store }): Compose {
  /** By chat: what its last answer was written from. Lost with the process, like the model's own memory of it. */
  const remembered = new Map<string, { chunkId: number; start: number; end: number }[]>()

  return async function* compose(composition, written) {
    const { chat, chatId, exchanges, hits, instructions, language, prove, quotes, signal, temperature } = composition
    const { text } = composition.question
    const maxTokens = Math.min(chat.maxTokens, Math.floor(chat.contextSize / 2))
    const earlier = await recall(composition)
    for (let budget = sourceBudget, room = chat.contextSize - maxTokens; ; budget = Math.floor(budget / 2)) {
      const fresh = chooseStretches(hits, quotes, budget)
      if (fresh.length === 0) throw tooSmall(chat)
      const needed = quotes
        .slice(0, mostNeeded)
        .map(({ passage, start, end }) => ({ chunkId: hits[passage].chunk.id, start, end }))
      const found = new Set(hits.map(hit => hit.chunk.id))
      const kept = budget === sourceBudget ? keepStretches(earlier, fresh, needed, found) : undefined
      const sources = numbered(kept ?? fresh)
      const { prompt, fits } = buildPrompt(
        { language, sources, history: exchanges, question: text, ...(instructions && { instructions }) },
        room,
      )
      if (!fits) {
        if (!kept && budget < 60) throw tooSmall(chat)
        // What was kept is longer than a fresh choice.
        continue
      }
      remembered.delete(chatId)
      remembered.set(
        chatId,
        sources.map(({ chunk, start, end }) => ({ chunkId: chunk.id, start, end })),
      )
      for (const oldest of [...remembered.keys()].slice(0, -mostRemembered)) remembered.delete(oldest)
      try {
        yield* write(
          {
            chat,
            maxTokens,
            prompt,
            sources,
            question: text,
            language,
            prove: ({ chunk }, start, end) => prove(chunk, start, end),
            ...(temperature !== undefined && { temperature }),
            ...(signal && { signal }),
          },
          written,
        )
        return
      } catch (error) {
        // The estimate of tokens was wrong for this model: once more with less.
        if (toAppError(error).code !== 'model-input' || written.sentences.length > 0) throw error
        if (budget < 60) throw tooSmall(chat)
        room = Math.floor(room / 2)
      }
    }
  }

  /** What the chat's last answer was written from, as far as it is still there and asked for. */
  async function recall({ scope, chatId, documents }: Composition): Promise<Stretch[]> {
    const last = remembered.get(chatId)
    if (!last) return []
    const chunks = await store.chunks.get(
      scope,
      last.map(stretch => stretch.chunkId),
    )
    const stretches = last.flatMap(({ chunkId, start, end }) => {
      const chunk = chunks.find(candidate => candidate.id === chunkId)
      const wanted = chunk && (documents === undefined || documents.includes(chunk.documentId))
      return wanted && end <= chunk.text.length ? [{ chunk, start, end }] : []
    })
    return stretches.length === last.length ? stretches : []
  }
}
