import { randomUUID } from 'node:crypto'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { Gateway } from '../gateway/index.ts'
import { createTranslate } from '../messages/index.ts'
import type { Answer, AnswerEvent, Citation, ErrorCode, KeptPassage, Message, Scope } from '../model/index.ts'
import { analyzeQuestion } from '../retrieve/question.ts'
import type { Search, SearchMode } from '../retrieve/search.ts'
import type { NewChat, Store, Tx } from '../store/index.ts'
import { readAhead } from './ahead.ts'
import { planOfChosen } from './chosen.ts'
import { createCompose } from './compose.ts'
import {
  type Conversation,
  conversationOfQuestions,
  createConversations,
  type Earlier,
  noConversation,
  usualHistory,
} from './conversation.ts'
import { ANSWER_THRESHOLD, evidenceOf } from './evidence.ts'
import { completeQuestion } from './follow-up.ts'
import { createGate } from './gate.ts'
import { createProve, toKept, toPassage, toQuotable } from './passages.ts'
import { createPlaces } from './places.ts'
import { selectQuotes } from './quotes.ts'
import { type AnswerMemo, type Ingredients, recallAnswer, tellAgain } from './remembered-answers.ts'
import { rewriteBudget, rewriteQuestion } from './rewrite.ts'
import { settle } from './settle.ts'
import { createTurnTaker, isOfModel, type TurnTaker } from './turn.ts'
import { nothingWritten, type Written } from './write.ts'

export { toPassage } from './passages.ts'

export interface AskRequest {
  /** Left out only with `again`. */
  question?: string
  /** Goes on with this chat; a new one without it. */
  chatId?: string
  /** The new one, instead of one that is called by its question. */
  begins?: NewChat
  /** `false`: neither question nor answer is kept, in whichever chat; the answer then names none. */
  keep?: false
  /**
   * Questions that came before, oldest first, of a conversation that is held elsewhere; instead of the chat's. What was answered there is
   * proven by nothing, and is not told.
   */
  before?: readonly string[]
  /**
   * An answer of the chat, or its question, which is answered anew: the new answer takes the place of the old one, when it
   * is complete, or stopped after something of it was shown. Until then, and where it fails, the old one stays.
   */
  again?: { messageId: string }
  /** Only these documents. */
  documents?: readonly string[]
  /** `quotes`: no model writes anything. Without it, one does where there is one. */
  mode?: 'model' | 'quotes'
  /** What the model is told besides the rules, of the user's own: they are trusted, but switch off neither citing nor checking. */
  instructions?: string
  /** Of the answer; the question's when not said. */
  language?: 'de' | 'en'
  /** How freely the model writes; as the installation is set when not said. */
  temperature?: number
  /** Reference of the chat model, instead of the chat's; where it cannot be used, another one answers, or quotes do: see the reason. */
  model?: string
  /** Passages that are searched for, shown and answered from; 10 when not said. */
  passages?: number
  /** What the search may go by; words and vectors when not said. */
  search?: SearchMode
  /** Answers also where it would decline: so that answers and declining can be measured apart. */
  evenIfWeak?: boolean
}

/**
 * Answers from the documents: passages first; then what a model writes, each sentence checked, or else quotes; then `finish`. Should the model
 * fail, quotes follow, and the answer's reason says why; where an answer of a model stands already, the failure is thrown. Question and
 * answer are kept in the chat, also when it was stopped. Throws `question-empty`, `question-too-long`, `chat-not-found`,
 * `message-not-found`, `project-not-found`, `cancelled`.
 */
export type Ask = (scope: Scope, request: AskRequest, signal?: AbortSignal) => AsyncIterable<AnswerEvent>

/** Throws `lease-lost` too, where the witness does. */
export type WitnessedAsk = (
  scope: Scope,
  request: AskRequest,
  signal?: AbortSignal,
  witness?: Witness,
) => AsyncIterable<AnswerEvent>

/** Hears of an answer what its events do not say, and takes part in what is kept of it. */
export interface Witness {
  /** The question has made its chat, before the first event; it goes on when this resolves. */
  begun(): Promise<void>
  /** The passages of the event that follows, as they are kept. */
  found(passages: readonly KeptPassage[]): void
  /** This model writes now. */
  writes(model: string): void
  /** In the transaction that keeps the answer as this message; what it throws undoes that. */
  keep(tx: Tx, messageId: string): Promise<void>
  kept(messageId: string): void
}

export const longestQuestion = 2000
const passageCount = 10
const quoteCount = 3
/** What a model reads is chosen around so many sentences. */
const seedCount = 8
/** From here on the nearest passage is hardly near by chance, in whatever embedder's measure. */
const surelyNear = 0.99

/** Where nothing is quoted, there is nothing to say of it. */
const speaksOfQuotes: ReadonlySet<ErrorCode> = new Set(['model-unproven', 'model-declined'])
/** Not of a failure, but of what the model wrote. */
const isJudgement = (error: unknown) => speaksOfQuotes.has(toAppError(error).code)

/** Work of some milliseconds each, for many at once, would stop the loop as long as all of it takes. */
const turnOfOthers = () => new Promise<void>(resolve => setImmediate(resolve))

/** A question as it is searched for. */
interface Understood {
  text: string
  refersBack: boolean
  inheritedFrom?: number | undefined
}

export function createAsk({
  store,
  search,
  gateway,
  history = usualHistory,
  memo,
}: {
  store: Store
  search: Search
  gateway: Gateway
  /** Earlier messages of its chat that a question may refer back to. */
  history?: number
  /** Where answers are kept to be given again; without, each is written anew. */
  memo?: AnswerMemo
}): WitnessedAsk {
  const compose = createCompose({ store })
  const chats = createConversations(store, history)
  const gate = createGate()

  return async function* ask(scope, request, signal, witness) {
    // Postgres keeps every character but this one.
    const text = request.question?.normalize('NFC').replaceAll('\0', ' ').trim() ?? ''
    if (text === '' && !request.again) throw new AppError('question-empty')
    if (text.length > longestQuestion) throw new AppError('question-too-long', { max: longestQuestion })
    const policy = await store.projects.get(scope)
    if (!policy) throw new AppError('project-not-found', { name: scope.projectId })
    const chat = request.chatId === undefined ? undefined : await store.chats.get(scope, request.chatId)
    const model = request.model ?? chat?.model ?? undefined
    yield* readAhead(async function* (within) {
      const turns = createTurnTaker(gateway, scope, { model, policy, signal: within })
      const leaves: (() => void)[] = []
      const enter = async function* (chatId: string) {
        const places = createPlaces()
        const entered = gate.enter(`${scope.projectId} ${chatId}`, { signal: within, waiting: places.hear })
        // Whoever leaves while waiting leaves the line too.
        entered.then(
          leave => leaves.push(leave),
          () => {},
        )
        yield* places.tell(entered)
      }
      try {
        // What a question refers to must have been answered: the questions of one chat come one after the other.
        if (request.chatId !== undefined) yield* enter(request.chatId)
        const { localOnly, providers, chatModel } = policy
        const wanted = { model: model ?? null, policy: { localOnly, providers, chatModel } }
        yield* answer(scope, request, text, wanted, turns, within, enter, witness)
      } finally {
        turns.end()
        for (const leave of leaves) leave()
      }
    }, signal)
  }

  async function* answer(
    scope: Scope,
    request: AskRequest,
    given: string,
    wanted: Pick<Ingredients, 'model' | 'policy'>,
    turns: TurnTaker,
    signal: AbortSignal,
    enter: (chatId: string) => AsyncIterable<AnswerEvent>,
    witness: Witness | undefined,
  ): AsyncGenerator<AnswerEvent, void> {
    const { conversation, earlier } = await before()
    const text = earlier?.question.text ?? given
    const completed = completeQuestion(text, conversation.questions)
    const asked = earlier ? understood(earlier.question) : await understoodNow()
    // The search goes on beside it: while a document is read, the one thread that writes has others to write for first.
    const kept = request.keep !== false
    const keeping: Promise<Message | undefined> =
      earlier || !kept
        ? Promise.resolve(earlier?.question)
        : chats.keepQuestion(scope, request.chatId ?? request.begins, text, asked.refersBack ? asked.text : null)
    // Whoever waits for it hears of it.
    keeping.catch(() => {})
    const chatId = kept ? (request.chatId ?? (await keeping)?.chatId ?? '') : ''
    if (kept && request.chatId === undefined) {
      await witness?.begun()
      yield* enter(chatId)
    }

    const question = analyzeQuestion(asked.text, asked.refersBack ? { inheritedFrom: asked.inheritedFrom } : {})
    const language = request.language ?? question.language
    const translate = createTranslate(language)
    const result: Omit<Answer, 'messageId'> = {
      mode: 'none',
      language,
      text: '',
      sentences: [],
      citations: [],
      model: null,
      reason: null,
      evidence: 0,
      chatId,
    }
    const quoted: Citation[] = []
    let written: Written | undefined
    let shown: KeptPassage[] = []
    let messageId = ''
    let complete = false
    let failure: unknown
    try {
      const options = {
        limit: request.passages ?? passageCount,
        ...(request.search && { mode: request.search }),
        ...(request.documents && { documents: request.documents }),
        signal,
      }
      const begun = memo?.begin(scope)
      const { plan: searched, hits, nearness = 0 } = await search.find(scope, question, options)
      shown = hits.map(toKept)
      witness?.found(shown)
      yield { type: 'passages', question: asked.text, passages: hits.map(toPassage) }
      await keeping
      // What other questions found is shown before this one's sentences are weighed.
      await turnOfOthers()
      const passages = hits.map(toQuotable)
      const { documents } = request
      const plan = documents ? await planOfChosen(store, scope, question, searched, passages, documents) : searched
      const seeds = selectQuotes(question, plan, passages, { limit: seedCount })
      const quotes = seeds.slice(0, quoteCount)
      const { confidence, answered } = evidenceOf(question, plan, passages, quotes)
      await turnOfOthers()
      // What only vectors find shares no words with the question: a model may see that it answers, quotes cannot.
      const near = nearness >= surelyNear
      result.evidence = near ? Math.max(confidence, ANSWER_THRESHOLD) : confidence
      const quotable = (answered || request.evenIfWeak) && quotes.length > 0
      const prove = createProve(store, scope)
      if (quotable || (near && hits.length > 0)) {
        if (request.mode !== 'quotes') {
          const { exchanges } = conversation
          const { instructions, temperature } = request
          const wishes = {
            language,
            ...(instructions && { instructions }),
            ...(temperature !== undefined && { temperature }),
          }
          const attempt = {
            scope,
            // What was read for one is no other's business.
            chatId: chatId || randomUUID(),
            question,
            hits,
            quotes: seeds,
            exchanges,
            documents,
            prove,
            signal,
            ...wishes,
          }
          // Who asks anew wants another one, and what was said before is part of what is answered.
          const again = earlier !== undefined || exchanges.length > 0 || asked.refersBack
          const ingredients: Ingredients | undefined = again
            ? undefined
            : {
                question: asked.text,
                language,
                instructions: instructions ?? null,
                temperature: temperature ?? null,
                ...wanted,
                passages: hits.map(toPassage),
              }
          const remembered = await recallAnswer(memo, scope, ingredients)
          if (remembered) {
            written = { ...nothingWritten(), ...remembered.written }
            result.model = remembered.model
            if (remembered.server) result.server = remembered.server
            result.cached = true
            yield* tellAgain(remembered)
          }
          try {
            for (let turn = remembered ? undefined : yield* turns.take(); turn; ) {
              const { chat, server, instead } = turn
              written = nothingWritten()
              result.model = chat.name
              delete result.server
              if (server) result.server = server
              result.reason = instead
              witness?.writes(chat.name)
              try {
                yield* compose({ ...attempt, chat }, written)
              } catch (error) {
                // After the first words, quotes take over: nobody is to read two answers.
                const begun = written.draft !== '' || written.sentences.length > 0
                if (begun || signal.aborted || !isOfModel(error)) throw error
                turn = yield* turns.other(error)
                if (!turn) throw error
                continue
              }
              // What cannot be proven at all is worth less than what the documents say themselves.
              const proven = written.sentences.some(sentence => sentence.supported)
              if (!proven && !written.declined) throw new AppError('model-unproven')
              // It found nothing where sentences speak of what was asked: they may be read.
              if (written.declined && quotable) throw new AppError('model-declined')
              const { sentences, citations, declined } = written
              const { model, server: by } = result
              const worth = { model, ...(by && { server: by }), written: { sentences, citations } }
              if (ingredients && begun !== undefined && instead === null && !declined)
                void memo?.keep(scope, ingredients, worth, begun)
              break
            }
          } catch (error) {
            if (signal.aborted) throw error
            // Quotes are no replacement for what a model wrote before.
            if (earlier?.answer?.answer?.mode === 'model' && !isJudgement(error)) throw error
            result.reason = reasonOf(toAppError(error))
            written = undefined
          }
          // The next one need not wait for what follows.
          turns.end()
        }
        for (const quote of written || !quotable ? [] : quotes) {
          signal.throwIfAborted()
          const citation = await prove(hits[quote.passage].chunk, quote.start, quote.end)
          if (!citation) continue
          quoted.push(citation)
          yield { type: 'quote', citation }
        }
      }
      signal.throwIfAborted()
      if (quoted.length === 0 && (!written || written.declined)) {
        if (result.reason && speaksOfQuotes.has(result.reason.code)) result.reason = null
        const empty = (await store.words.statistics(scope)).chunks === 0
        result.mode = 'declined'
        result.text = translate(empty ? 'answer.empty' : 'answer.declined')
      }
      complete = true
    } catch (error) {
      result.reason = reasonOf(toAppError(error))
      // The model's own word for a stop is not ours.
      failure = signal.aborted ? toAppError(error) : error
    } finally {
      // Also when it was stopped, failed, or nobody reads on: what was shown is kept as far as it went.
      if (!complete) result.reason ??= { code: 'cancelled' }
      settle(result, quoted, written)
      const begun = signal.aborted && (quoted.length > 0 || (written?.sentences.length ?? 0) > 0)
      // Without its question an answer says nothing.
      const placed = await keeping.then(
        () => kept,
        () => false,
      )
      if (placed && (complete || begun || !earlier?.answer)) {
        const keeping = chats.keepAnswer(scope, result, shown, earlier, witness?.keep)
        // The first error is the one to tell.
        messageId = (await (failure === undefined ? keeping : keeping.catch(() => undefined))) ?? ''
        if (messageId !== '') witness?.kept(messageId)
      }
    }
    if (failure !== undefined) throw failure
    yield { type: 'finish', answer: { ...result, messageId } }

    /** What was said before; and the question that is answered anew, if it is one. */
    async function before(): Promise<{ conversation: Conversation; earlier?: Earlier }> {
      const { again, chatId } = request
      if (again) return chats.goBack(scope, chatId ?? '', again.messageId)
      if (request.before) return { conversation: conversationOfQuestions(request.before, history) }
      return { conversation: chatId === undefined ? noConversation : await chats.recall(scope, chatId) }
    }

    /** As it was the first time: the reader has seen what was searched for. */
    function understood({ completed: kept }: Message): Understood {
      if (kept === null) return { text, refersBack: false }
      return kept === completed.text ? completed : { text: kept, refersBack: true }
    }

    async function understoodNow(): Promise<Understood> {
      return request.mode !== 'quotes' && completed.unsure ? rewritten() : completed
    }

    /** The question as a model completes it, where the rule is unsure and the model is free at once; else as the rule did. */
    async function rewritten(): Promise<Understood> {
      const late = AbortSignal.timeout(rewriteBudget)
      const turn = await turns.soon(rewriteBudget)
      // Nobody else's machine is asked before the passages are there.
      if (turn?.server && !turn.server.here) return completed
      const language = analyzeQuestion(text).language
      const within = AbortSignal.any([signal, late])
      const rewrite = turn && (await rewriteQuestion(turn.chat, text, conversation, language, within))
      return rewrite ? { text: rewrite, refersBack: true } : completed
    }
  }
}
