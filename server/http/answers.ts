import { randomUUID } from 'node:crypto'
import type { Answering, StreamedAnswer } from '../../shared/api/index.ts'
import type { AskRequest, Core } from '../../shared/core.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { ErrorCode, Scope } from '../../shared/model/index.ts'

/** A question on its way: `text` as it was asked, and its message where it is answered anew. */
export interface Asked {
  chatId: string
  text: string
  questionId: string | null
  request: AskRequest
}

/**
 * The answers that are being given. Each has its own life: whoever asked reads it, others may read along, or stop it; when
 * nobody has read it for a while, it is stopped.
 */
export interface RunningAnswers {
  /** Ends with `finish` or `interrupted`; throws what the core throws otherwise. */
  run(scope: Scope, asked: Asked, signal: AbortSignal): AsyncGenerator<StreamedAnswer>
  /** The same from its beginning. Throws `answer-not-found`. */
  follow(scope: Scope, answerId: string, signal: AbortSignal): AsyncGenerator<StreamedAnswer>
  /** Those of a chat, oldest first. */
  of(scope: Scope, chatId: string): Answering[]
  stop(scope: Scope, answerId: string): boolean
  /** All of them, because the server ends; resolves when what was shown of them is kept. */
  stopAll(): Promise<void>
}

interface Running {
  scope: Scope
  asked: Asked
  answerId: string
  /** From its beginning; a draft is left out as soon as something follows it. */
  events: StreamedAnswer[]
  draft: StreamedAnswer | undefined
  ended: boolean
  failure: { error: AppError } | undefined
  readers: number
  told: Set<() => void>
  stop(why: ErrorCode): void
  leaving: ReturnType<typeof setTimeout> | undefined
}

const titleLength = 80
/** Milliseconds an answer goes on that nobody reads. A page that is loaded again is there in less. */
const patience = 3000

export function createRunningAnswers({
  core,
  changed,
}: {
  core: Core
  /** A chat has a new message, or one is on its way. */
  changed(scope: Scope, chatId: string): void
}): RunningAnswers {
  const running = new Map<string, Running>()
  const works = new Set<Promise<void>>()
  let ending = false

  /** What is kept of an answer that came to no end. */
  async function keptOf({ scope, asked: { chatId, questionId } }: Running): Promise<string | null> {
    const messages = await core.chats.messages(scope, chatId)
    const question = messages.findIndex(({ id }) => id === questionId)
    const kept = question < 0 ? messages.at(-1) : messages[question + 1]
    return kept?.role === 'assistant' ? kept.id : null
  }

  function tell(one: Running, event?: StreamedAnswer): void {
    if (event?.type === 'draft') one.draft = event
    else if (event) {
      one.draft = undefined
      one.events.push(event)
    }
    for (const wake of one.told) wake()
  }

  async function work(one: Running, signal: AbortSignal, reason: () => ErrorCode): Promise<void> {
    const { answerId, asked, scope } = one
    const { chatId } = asked
    // Whoever hears that it ended finds it in its chat, and nothing that runs.
    const end = (event?: StreamedAnswer) => {
      clearTimeout(one.leaving)
      running.delete(answerId)
      one.ended = true
      tell(one, event)
      changed(scope, chatId)
    }
    try {
      for await (const event of core.ask(scope, { ...asked.request, chatId }, signal)) {
        if (event.type === 'finish') return end(event)
        tell(one, event)
      }
      end()
    } catch (error) {
      if (signal.aborted) {
        const messageId = await keptOf(one).catch(() => null)
        return end({ type: 'interrupted', chatId, messageId, reason: { code: reason() } })
      }
      one.failure = { error: toAppError(error) }
      end()
    }
  }

  function begin(scope: Scope, asked: Asked): Running {
    if (ending) throw new AppError('server-stopping')
    const control = new AbortController()
    let why: ErrorCode = 'cancelled'
    const one: Running = {
      scope,
      asked,
      answerId: randomUUID(),
      events: [],
      draft: undefined,
      ended: false,
      failure: undefined,
      readers: 0,
      told: new Set(),
      stop(code) {
        why = code
        control.abort(new AppError('cancelled'))
      },
      leaving: undefined,
    }
    running.set(one.answerId, one)
    tell(one, { type: 'started', answerId: one.answerId, chatId: asked.chatId })
    changed(scope, asked.chatId)
    const working = work(one, control.signal, () => why)
    works.add(working)
    void working.finally(() => works.delete(working))
    return one
  }

  /** Each reader at its own pace; of drafts that it was too slow for it sees the last. */
  async function* read(one: Running, signal: AbortSignal): AsyncGenerator<StreamedAnswer> {
    let wake = () => {}
    const told = () => wake()
    let at = 0
    let draft: StreamedAnswer | undefined
    one.readers += 1
    clearTimeout(one.leaving)
    one.told.add(told)
    signal.addEventListener('abort', told, { once: true })
    try {
      while (!signal.aborted) {
        const event = one.events[at]
        if (event) {
          at += 1
          yield event
        } else if (one.draft && one.draft !== draft) {
          draft = one.draft
          yield draft
        } else if (one.ended) {
          if (one.failure) throw one.failure.error
          return
        } else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
    } finally {
      signal.removeEventListener('abort', told)
      one.told.delete(told)
      one.readers -= 1
      if (one.readers === 0 && !one.ended) one.leaving = setTimeout(() => one.stop('cancelled'), patience)
    }
  }

  const find = (scope: Scope, answerId: string): Running | undefined => {
    const found = running.get(answerId)
    return found?.scope.projectId === scope.projectId && found.scope.userId === scope.userId ? found : undefined
  }

  return {
    async *run(scope, asked, signal) {
      yield* read(begin(scope, asked), signal)
    },
    follow(scope, answerId, signal) {
      const found = find(scope, answerId)
      if (!found) throw new AppError('answer-not-found')
      return read(found, signal)
    },
    of: (scope, chatId) =>
      [...running.values()]
        .filter(({ answerId, asked }) => asked.chatId === chatId && find(scope, answerId))
        .map(({ answerId, asked: { text, questionId } }) => ({ answerId, question: text, questionId })),
    stop(scope, answerId) {
      const found = find(scope, answerId)
      found?.stop('cancelled')
      return found !== undefined
    },
    async stopAll() {
      ending = true
      for (const { stop } of running.values()) stop('server-stopping')
      await Promise.all(works)
    },
  }
}

/** A chat is called by its first question, until somebody renames it. */
export function titleOf(question: string): string {
  const clean = question
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ')
    .trim()
  return clean.length > titleLength ? `${clean.slice(0, titleLength - 1).trimEnd()}…` : clean
}
