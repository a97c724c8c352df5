import type { QueryClient } from '@tanstack/react-query'
import { ApiError } from '../../shared/api/api-error.ts'
import type { Client } from '../../shared/api/client.ts'
import type { Answering, StreamedAnswer } from '../../shared/api/index.ts'
import { toAppError } from '../../shared/errors.ts'
import type { Answer, AnswerSentence, Citation, Passage, Reason } from '../../shared/model/index.ts'
import { read } from '../queries.ts'
import { createStore, type Store } from '../store.ts'
import { isAsked } from './turns.ts'

/** An answer that is being given, or just was, as far as it came. */
export interface LiveAnswer {
  key: number
  projectId: string
  /** Null until the server has named it. */
  chatId: string | null
  answerId: string | null
  /** Messages of the chat that stand before this turn, at least. */
  from: number
  /** A question of the chat, answered anew: its answer stays until there is another one. */
  again: boolean
  question: string
  /** As it was searched for, where that differs. */
  completed: string | null
  state: 'searching' | 'waiting' | 'reading' | 'writing' | 'finished' | 'interrupted' | 'failed'
  /** Questions before this one. */
  place: number
  passages: Passage[] | null
  quotes: Citation[]
  sentences: AnswerSentence[]
  citations: Citation[]
  draft: string
  answer: Answer | null
  messageId: string | null
  /** Why it failed: said by the server, and its code. */
  problem: { text: string; reason: Reason } | null
}

export interface LiveAnswers {
  readonly list: Store<readonly LiveAnswer[]>
  ask(request: {
    projectId: string
    question: string
    chatId: string | null
    assistantId: string | null
    /** Of a chat that is yet to begin: what it is to be answered by. */
    model?: string | null
    /** Messages the chat has. */
    from: number
    /** Waited for before it is asked, such as another model that was just chosen; what it throws makes the answer fail. */
    before?: () => Promise<void>
    /** The chat is there. */
    started(chatId: string): void
  }): void
  /** `messageId`: the question's. */
  regenerate(request: {
    projectId: string
    chatId: string
    messageId: string
    question: string
    from: number
    before?: () => Promise<void>
  }): void
  /** Reads along with an answer that another page asked for, or this one before it was loaded again. */
  follow(request: { projectId: string; chatId: string; answering: Answering; from: number }): void
  stop(key: number): void
  dismiss(key: number): void
  /** The server is there again: what failed because it was not is now as the chat has it. */
  reconnected(): void
}

export const isRunning = ({ state }: LiveAnswer) =>
  state !== 'finished' && state !== 'interrupted' && state !== 'failed'

const wasCutOff = ({ state, problem }: LiveAnswer) =>
  state === 'failed' && problem?.reason.code === 'server-unreachable'

export function createLiveAnswers({
  client,
  queries,
  frame,
}: {
  client: Client
  queries: QueryClient
  /** Calls before the next paint: what arrives between two paints is shown at once. */
  frame(run: () => void): void
}): LiveAnswers {
  const list = createStore<readonly LiveAnswer[]>([])
  const controls = new Map<number, AbortController>()
  const fresh = new Map<number, LiveAnswer>()
  /** Answers that were asked for here, or read along with: each once. */
  const followed = new Set<string>()
  let keys = 0

  const show = () => {
    if (fresh.size === 0) return
    list.change(all => all.map(one => fresh.get(one.key) ?? one))
    fresh.clear()
  }
  const latest = (key: number) => fresh.get(key) ?? list.get().find(one => one.key === key)
  const change = (key: number, changed: Partial<LiveAnswer>) => {
    const now = latest(key)
    if (!now) return
    if (fresh.size === 0) frame(show)
    fresh.set(key, { ...now, ...changed })
  }

  function begin(about: About): LiveAnswer {
    const live: LiveAnswer = { ...blank, ...about, key: keys++ }
    // One turn at a time stands at the end of a chat.
    list.change(all => [...all.filter(one => one.chatId !== about.chatId || isRunning(one)), live])
    return live
  }

  async function run(
    live: LiveAnswer,
    open: (signal: AbortSignal) => Promise<AsyncIterable<StreamedAnswer>>,
    started: (chatId: string) => void,
    before?: () => Promise<void>,
  ): Promise<void> {
    const { key } = live
    const control = new AbortController()
    controls.set(key, control)
    try {
      await before?.()
      for await (const event of await open(control.signal)) {
        if (event.type === 'started') {
          // A chat may say of it that it is on its way, and have it already.
          followed.add(event.answerId)
          started(event.chatId)
        }
        const now = latest(key)
        if (now) change(key, after(now, event))
      }
      const now = latest(key)
      if (now && isRunning(now)) throw new ApiError({ code: 'server-unreachable', status: 0 })
    } catch (thrown) {
      if (control.signal.aborted) change(key, { state: 'interrupted', draft: '' })
      else {
        const error = toAppError(thrown)
        const text = error instanceof ApiError ? error.detail : ''
        // It came to its end in between: the chat has it.
        if (error.code === 'answer-not-found') list.change(all => all.filter(one => one.key !== key))
        change(key, {
          state: 'failed',
          draft: '',
          problem: { text, reason: { code: error.code, values: error.values } },
        })
      }
    } finally {
      controls.delete(key)
      show()
      await settle(key, live)
    }
  }

  /** What is kept in the chat takes the place of what was streamed, in one paint. */
  async function settle(key: number, began: LiveAnswer): Promise<void> {
    const { projectId, chatId, messageId, passages, state } = latest(key) ?? began
    if (!chatId) return
    void queries.invalidateQueries({ queryKey: ['chats', projectId] })
    const kept = messageId && read.passages(client, projectId, chatId, messageId).queryKey
    if (kept && passages && state === 'finished') queries.setQueryData(kept, { passages, missing: 0 })
    else if (kept) void queries.invalidateQueries({ queryKey: kept })
    try {
      const query = read.chat(client, projectId, chatId)
      const { messages } = await queries.fetchQuery({ ...query, staleTime: 0 })
      if (messageId && messages.some(({ id }) => id === messageId))
        list.change(all => all.filter(one => one.key !== key))
    } catch {
      // The streamed one stays in its place.
    }
  }

  async function takeBack(live: LiveAnswer): Promise<void> {
    const { key, projectId, chatId, answerId, again } = live
    // Where it still goes on, it is read along with anew.
    if (answerId) followed.delete(answerId)
    try {
      const query = chatId && read.chat(client, projectId, chatId)
      const { messages, answering } = query
        ? await queries.fetchQuery({ ...query, staleTime: 0 })
        : { messages: [], answering: [] }
      // One that waits for its turn is not kept yet. What never arrived stays to be asked again.
      const isOnItsWay = answering.some(one => one.answerId === answerId)
      if (again || isOnItsWay || isAsked(messages, live)) list.change(all => all.filter(one => one.key !== key))
      else list.change(all => all.map(one => (one.key === key ? { ...one, state: 'interrupted', problem: null } : one)))
    } catch {
      // Gone again: it says so already.
    }
  }

  return {
    list,
    ask({ projectId, question, chatId, assistantId, model, from, before, started }) {
      const live = begin({ projectId, chatId, question, from, again: false })
      const input = {
        projectId,
        question,
        ...(chatId && { chatId }),
        ...(assistantId && { assistantId }),
        ...(model && { model }),
      }
      void run(live, signal => client.answers.ask(input, { signal }), started, before)
    },
    regenerate({ projectId, chatId, messageId, question, from, before }) {
      const live = begin({ projectId, chatId, question, from, again: true })
      void run(
        live,
        signal => client.answers.regenerate({ projectId, chatId, messageId }, { signal }),
        () => {},
        before,
      )
    },
    follow({ projectId, chatId, answering: { answerId, question, questionId }, from }) {
      if (followed.has(answerId)) return
      followed.add(answerId)
      const live = begin({ projectId, chatId, question, from, again: questionId !== null })
      void run(
        live,
        signal => client.answers.follow({ projectId, answerId }, { signal }),
        () => {},
      )
    },
    stop(key) {
      const live = latest(key)
      if (!live) return
      const abort = () => controls.get(key)?.abort()
      if (!live.answerId) return abort()
      const { projectId, answerId } = live
      client.answers.stop({ projectId, answerId }).catch(abort)
    },
    dismiss: key => list.change(all => all.filter(one => one.key !== key)),
    reconnected() {
      for (const live of list.get()) if (wasCutOff(live)) void takeBack(live)
    },
  }
}

type About = Pick<LiveAnswer, 'projectId' | 'chatId' | 'question' | 'from' | 'again'>

const blank: Omit<LiveAnswer, 'key' | keyof About> = {
  answerId: null,
  completed: null,
  state: 'searching',
  place: 0,
  passages: null,
  quotes: [],
  sentences: [],
  citations: [],
  draft: '',
  answer: null,
  messageId: null,
  problem: null,
}

/** What an event changes. */
export function after(live: LiveAnswer, event: StreamedAnswer): Partial<LiveAnswer> {
  switch (event.type) {
    case 'started':
      return { answerId: event.answerId, chatId: event.chatId }
    case 'passages': {
      const completed = event.question === live.question ? null : event.question
      return { state: 'reading', passages: event.passages, completed }
    }
    case 'waiting':
      // In its chat before the search, at the model behind it.
      if (event.place === 0) return { state: live.passages ? 'reading' : 'searching', place: 0 }
      return { state: 'waiting', place: event.place }
    case 'quote':
      return { state: 'writing', quotes: [...live.quotes, event.citation], draft: '' }
    case 'draft':
      return { state: 'writing', draft: event.text }
    case 'sentence':
      return {
        state: 'writing',
        draft: '',
        sentences: [...live.sentences, event.sentence],
        citations: [...live.citations, ...event.citations],
      }
    case 'finish':
      return { state: 'finished', draft: '', answer: event.answer, messageId: event.answer.messageId }
    case 'interrupted':
      return { state: 'interrupted', draft: '', messageId: event.messageId }
  }
}
