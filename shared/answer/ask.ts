import { AppError, toAppError } from '../errors.ts'
import type { Gateway } from '../gateway/index.ts'
import { createTranslate } from '../messages/index.ts'
import type { Answer, AnswerEvent, Citation, Message, Passage, Scope, Segment, StoredChunk } from '../model/index.ts'
import { analyzeQuestion } from '../retrieve/question.ts'
import type { Hit, Search } from '../retrieve/search.ts'
import type { Store } from '../store/index.ts'
import { cite, placeOfChunk } from './cite.ts'
import { evidenceOf } from './evidence.ts'
import { completeQuestion } from './follow-up.ts'
import { type QuotablePassage, type Quote, selectQuotes } from './quotes.ts'

export interface AskRequest {
  question: string
  /** Goes on with this chat; a new one without it. */
  chatId?: string
  /** Only these documents. */
  documents?: readonly string[]
  /** Quotes also where it would decline: so that quotes and declining can be measured apart. */
  evenIfWeak?: boolean
}

/**
 * Answers from the documents: passages first, then the quotes, then `finish`. Question and answer are kept in the chat.
 * Throws `question-empty`, `question-too-long`, `chat-not-found`, `project-not-found`, `cancelled`.
 */
export type Ask = (scope: Scope, request: AskRequest, signal?: AbortSignal) => AsyncIterable<AnswerEvent>

export const longestQuestion = 2000
const passageCount = 10
const quoteCount = 3
/** Earlier messages a question may refer back to. */
const memory = 8

export function createAsk({ store, search }: { store: Store; search: Search; gateway: Gateway }): Ask {
  return async function* ask(scope, request, signal) {
    const text = request.question.normalize('NFC').trim()
    if (text === '') throw new AppError('question-empty')
    if (text.length > longestQuestion) throw new AppError('question-too-long', { max: longestQuestion })
    if (!(await store.projects.get(scope))) throw new AppError('project-not-found', { name: scope.projectId })

    const earlier = request.chatId === undefined ? [] : await history(scope, request.chatId)
    const completed = completeQuestion(text, earlier)
    const { chatId } = await keepQuestion(scope, request.chatId, text, completed.refersBack ? completed.text : null)

    const citations: Citation[] = []
    const question = analyzeQuestion(
      completed.text,
      completed.refersBack ? { inheritedFrom: completed.inheritedFrom } : {},
    )
    const translate = createTranslate(question.language)
    const answer: Omit<Answer, 'messageId'> = {
      mode: 'declined',
      language: question.language,
      text: '',
      sentences: [],
      citations,
      model: null,
      reason: null,
      evidence: 0,
      chatId,
    }
    let messageId = ''
    let complete = false
    let failure: unknown
    try {
      const options = {
        limit: passageCount,
        ...(request.documents && { documents: request.documents }),
        ...(signal && { signal }),
      }
      const { plan, hits } = await search.find(scope, question, options)
      yield { type: 'passages', question: completed.text, passages: hits.map(toPassage) }
      const passages = hits.map(toQuotable)
      const quotes = selectQuotes(question, plan, passages, { limit: quoteCount })
      const { confidence, answered } = evidenceOf(question, plan, passages, quotes)
      answer.evidence = confidence
      for (const quote of answered || request.evenIfWeak ? quotes : []) {
        signal?.throwIfAborted()
        const citation = await prove(scope, hits[quote.passage].chunk, quote)
        if (!citation) continue
        citations.push(citation)
        yield { type: 'quote', citation }
      }
      signal?.throwIfAborted()
      if (citations.length === 0) {
        const empty = (await store.words.statistics(scope)).chunks === 0
        answer.text = translate(empty ? 'answer.empty' : 'answer.declined')
      }
      complete = true
    } catch (error) {
      answer.reason = { code: toAppError(error).code }
      failure = error
    } finally {
      // Also when it was stopped, failed, or nobody reads on: what was shown is kept as far as it went.
      if (!complete) answer.reason ??= { code: 'cancelled' }
      if (citations.length > 0) {
        answer.mode = 'quotes'
        answer.text = citations.map(citation => citation.quote).join('\n')
      }
      const keeping = keepAnswer(scope, answer)
      // The first error is the one to tell.
      messageId = (await (failure === undefined ? keeping : keeping.catch(() => undefined)))?.id ?? ''
    }
    if (failure !== undefined) throw failure
    yield { type: 'finish', answer: { ...answer, messageId } }
  }

  /** Questions before this one, oldest first, each as it was understood. */
  async function history(scope: Scope, chatId: string): Promise<{ question: string; completed: string }[]> {
    if (!(await store.chats.get(scope, chatId))) throw new AppError('chat-not-found', { id: chatId })
    const messages = await store.chats.messages(scope, chatId, memory)
    return messages
      .filter(message => message.role === 'user')
      .map(message => ({ question: message.text, completed: message.completed ?? message.text }))
  }

  async function keepQuestion(scope: Scope, chatId: string | undefined, text: string, completed: string | null) {
    return store.transaction(async tx => {
      await store.projects.require(tx, scope)
      const id = chatId ?? (await store.chats.insert(tx, scope, text.slice(0, 80))).id
      return store.chats.append(tx, scope, { chatId: id, role: 'user', text, answer: null, completed })
    })
  }

  async function keepAnswer(scope: Scope, answer: Omit<Answer, 'messageId'>): Promise<Message> {
    const { mode, sentences, citations, model, reason, text, chatId } = answer
    const kept = { mode, sentences, citations, model, reason }
    const message = { chatId, role: 'assistant' as const, text, answer: kept, completed: null }
    return store.transaction(async tx => {
      await store.projects.require(tx, scope)
      return store.chats.append(tx, scope, message)
    })
  }

  async function prove(scope: Scope, chunk: StoredChunk, quote: Quote): Promise<Citation | undefined> {
    const numbers = new Set(chunk.pieces.map(piece => piece.segment))
    const segments: Segment[] = []
    for (const number of numbers) {
      const segment = await store.segments.get(scope, chunk.documentId, number)
      if (segment) segments.push(segment)
    }
    return cite(chunk, quote.start, quote.end, segments)
  }
}

export function toPassage({ chunk, score, before, after }: Hit): Passage {
  return {
    chunkId: chunk.id,
    documentId: chunk.documentId,
    file: chunk.file,
    text: chunk.text,
    headings: chunk.headings.map(heading => heading.text),
    before: before?.text ?? null,
    after: after?.text ?? null,
    score,
    ...placeOfChunk(chunk),
  }
}

function toQuotable({ chunk, score }: Hit): QuotablePassage {
  return {
    text: chunk.text,
    language: chunk.language,
    headings: chunk.headings.map(heading => heading.text),
    score,
    titles: chunk.pieces.filter(piece => piece.kind === 'heading').map(piece => piece.at),
    tableRows: chunk.pieces.flatMap(piece =>
      piece.header === undefined ? [] : [{ start: piece.at, header: piece.header }],
    ),
  }
}
