import type { Answering, StreamedAnswer } from '../api/index.ts'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { AppEvent, ErrorCode, KeptPassage, Passage, Scope } from '../model/index.ts'
import { authorOf } from '../model/project.ts'
import type { Clock, Events, Ids, Log } from '../ports.ts'
import type { Store } from '../store/index.ts'
import type { AskRequest, WitnessedAsk } from './ask.ts'
import { createElsewhere } from './elsewhere.ts'
import { createJournal, type Pace, type Page, type WrittenEvent } from './journal.ts'
import { createSpool, type Said, type Spool } from './spool.ts'
import { createWatch, type WatchTimes } from './watch.ts'

/**
 * A question on its way: `text` as it was asked, and its message where it is answered anew. With `request.begins` the chat is there with the
 * question, from `started` on; what fails before has made none.
 */
export interface Asked {
  chatId: string
  text: string
  questionId: string | null
  request: AskRequest
}

/**
 * Answers that are being given, each with a life of its own: whoever asked reads it, others may read along, or stop it; when
 * nobody has read it for a while, it is stopped. Those of one chat come one after the other. One that another process on the
 * same database gives is followed and stopped as one of ours; some minutes after its end there is nothing to follow any more.
 */
export interface Answers {
  /** Ends with `finish` or `interrupted`; throws what asking throws otherwise. */
  run(scope: Scope, asked: Asked, signal: AbortSignal): AsyncGenerator<Said, void>
  /** The same, from the event with this number on. Throws `answer-not-found`. */
  follow(scope: Scope, answerId: string, signal: AbortSignal, from?: number): Promise<AsyncGenerator<Said, void>>
  /** Those of a chat, oldest first. */
  of(scope: Scope, chatId: string): Promise<Answering[]>
  /** False when it has ended, or never was. */
  stop(scope: Scope, answerId: string): Promise<boolean>
  /** From now on, answers of dead processes are ended here (`server-lost`). */
  start(): void
  /** All of ours, because the server ends; resolves when what was shown of them is kept. */
  stopAll(): Promise<void>
  close(): Promise<void>
}

interface Running {
  scope: Scope
  asked: Asked
  answerId: string
  spool: Spool
  page: Page
  /** Resolves when the next one of its chat may begin. */
  done: Promise<void>
  /** Others can hear of it: its chat is there. */
  begun: boolean
  ended: boolean
  /** Another process has taken it over. */
  lost: boolean
  stop(why: ErrorCode): void
  control: AbortController
  why: ErrorCode
  /** Of the passages that are shown next. */
  found: readonly KeptPassage[]
  messageId: string | null
  /** The latest sign that somebody reads it elsewhere. */
  reads: number
  leaving: ReturnType<typeof setTimeout> | undefined
}

/** Milliseconds an answer goes on that nobody reads. A page that is loaded again is there in less. */
const patience = 3000
/** The same behind the last sign of a reader elsewhere: signs come every second, and are seen within another. */
const patienceElsewhere = 6000
/** Milliseconds that the end of an answer waits for the database to know of it. */
const endTime = 2000

/** With other servers beside it: they read a quarter of a second behind, and see that this one lives. */
const paceBeside: Pace = { rest: 0, gather: 250, beat: 1000 }
/** Alone, it is for what a kill leaves: nothing is written before the first words are there, and most answers cause one write. */
const paceAlone: Pace = { rest: 500, gather: 500, beat: undefined }

export function createAnswers({
  store,
  ask,
  recall,
  changed,
  clock,
  ids,
  log,
  events,
  times,
}: {
  store: Store
  ask: WitnessedAsk
  recall(scope: Scope, kept: readonly KeptPassage[]): Promise<Passage[]>
  /** A chat has a new message, or one is on its way. */
  changed(scope: Scope, chatId: string): void
  clock: Clock
  ids: Ids
  log: Log
  /** Where other processes share the database: what they hear each other by. */
  events?: Events
  /** When another process counts as dead; for tests. */
  times?: WatchTimes
}): Answers {
  const server = ids.next()
  const running = new Map<string, Running>()
  const works = new Set<Promise<void>>()
  const closing = new AbortController()
  let ending = false

  const told = (answerIds: readonly string[]) => {
    for (const answerId of answerIds) events?.publish({ type: 'answer', answerId, about: 'more' })
  }
  const pace = events ? paceBeside : paceAlone
  const journal = createJournal({ store, server, pace, log, told })
  const elsewhere = createElsewhere({ store, recall })
  const watch = createWatch({
    store,
    clock,
    server,
    log,
    alone: events === undefined,
    isOurs: id => running.has(id),
    ...(times && { times }),
    ended({ id, scope, chatId }) {
      told([id])
      changed(scope, chatId)
    },
  })

  function hear(event: AppEvent): void {
    elsewhere.hear(event)
    // What is wished stands in the database: this only says that it is time to look.
    if (event.type === 'answer' && event.about === 'stop' && running.has(event.answerId)) journal.beat()
  }

  async function listen(): Promise<void> {
    for await (const event of events?.subscribe(closing.signal) ?? []) hear(event)
  }
  void listen()

  function begin(scope: Scope, asked: Asked): Running {
    if (ending) throw new AppError('server-stopping')
    const { chatId, questionId, text } = asked
    const answerId = ids.next()
    const control = new AbortController()
    let one: Running
    const leave = (time: number) => {
      clearTimeout(one.leaving)
      if (!one.ended) one.leaving = setTimeout(() => one.stop('cancelled'), time)
    }
    const spool = createSpool({ joined: () => clearTimeout(one.leaving), left: () => leave(patience) })
    const run = { id: answerId, chatId, question: text, questionId, startedAt: clock.now() }
    const page = journal.open(run, {
      wishes({ stop, reads }) {
        if (stop) one.stop('cancelled')
        if (reads !== one.reads && spool.readers === 0) leave(patienceElsewhere)
        one.reads = reads
      },
      lost() {
        one.lost = true
        one.stop('server-lost')
      },
      done: () => void running.delete(answerId),
    })
    one = {
      scope,
      asked,
      answerId,
      spool,
      page,
      done: Promise.resolve(),
      begun: false,
      ended: false,
      lost: false,
      stop(why) {
        if (!control.signal.aborted) one.why = why
        control.abort(new AppError('cancelled'))
      },
      control,
      why: 'cancelled',
      found: [],
      messageId: null,
      reads: 0,
      leaving: undefined,
    }
    const earlier = [...running.values()].filter(other => other.asked.chatId === chatId && !other.ended)
    running.set(answerId, one)
    one.done = work(one, earlier)
    works.add(one.done)
    void one.done.finally(() => works.delete(one.done))
    return one
  }

  function say(one: Running, event: StreamedAnswer): void {
    const { page, spool } = one
    if (event.type === 'draft') page.draft(event.text)
    else page.say(event.type === 'passages' ? written(event, one.found) : event)
    spool.say(event)
  }

  async function work(one: Running, earlier: readonly Running[]): Promise<void> {
    const { asked, control, scope } = one
    const { chatId, request } = asked
    try {
      if (!request.begins) {
        await start(one)
        await waitForTurn(one, earlier)
      }
      const asking = request.begins ? request : { ...request, chatId }
      for await (const event of ask(scope, asking, control.signal, witnessOf(one))) {
        if (event.type === 'finish') return await end(one, event)
        say(one, event)
      }
      await fail(one, new AppError('internal'))
    } catch (error) {
      const known = toAppError(error)
      if (one.lost || known.code === 'lease-lost') return await endLost(one)
      if (!control.signal.aborted) return await fail(one, known)
      if (!one.begun) return await fail(one, new AppError(one.why))
      const messageId = one.messageId ?? (await before(one).catch(() => null))
      await end(one, { type: 'interrupted', chatId, messageId, reason: { code: one.why } })
    }
  }

  async function start(one: Running): Promise<void> {
    const { answerId, asked, page, scope, spool } = one
    const started = { type: 'started', answerId, chatId: asked.chatId } as const
    one.begun = true
    page.say(started)
    // Whoever hears of it can find it everywhere.
    if (events) await inTime(journal.flush())
    spool.say(started)
    changed(scope, asked.chatId)
  }

  /** Whoever hears that it ended finds it in its chat, and nothing that runs, at whichever server. */
  async function settle(one: Running, event: WrittenEvent, show: () => void): Promise<void> {
    one.ended = true
    clearTimeout(one.leaving)
    one.page.end(event, clock.now())
    if (events) await inTime(journal.flush())
    show()
    if (one.begun) changed(one.scope, one.asked.chatId)
  }

  function end(one: Running, event: Extract<StreamedAnswer, { type: 'finish' | 'interrupted' }>): Promise<void> {
    return settle(one, event, () => {
      one.spool.say(event)
      one.spool.end()
    })
  }

  function fail(one: Running, error: AppError): Promise<void> {
    return settle(one, { type: 'failed', reason: reasonOf(error) }, () => one.spool.end(error))
  }

  /** This process was held up for so long that others took it for dead: they have kept what it had said by then. */
  async function endLost(one: Running): Promise<void> {
    const { scope, answerId, asked, spool } = one
    const { chatId } = asked
    const run = await store.answers.get(scope, answerId).catch(() => undefined)
    one.ended = true
    clearTimeout(one.leaving)
    running.delete(answerId)
    const reason = { code: 'server-lost' } as const
    spool.say({ type: 'interrupted', chatId, messageId: run?.messageId ?? null, reason })
    spool.end()
    changed(scope, chatId)
  }

  /** The answer that a question had before it was to be answered anew. */
  async function before({ scope, asked: { chatId, questionId } }: Running): Promise<string | null> {
    if (questionId === null) return null
    const messages = await store.chats.messages(scope, chatId)
    const kept = messages[messages.findIndex(({ id }) => id === questionId) + 1]
    return kept?.role === 'assistant' ? kept.id : null
  }

  function witnessOf(one: Running) {
    return {
      begun: () => start(one),
      found(passages: readonly KeptPassage[]) {
        one.found = passages
      },
      writes: (model: string) => one.page.writes(model),
      keep: one.page.keep,
      kept(messageId: string) {
        one.messageId = messageId
      },
    }
  }

  /** What a question refers to must have been answered. Says how many come before, and 0 at last. */
  async function waitForTurn(one: Running, earlier: readonly Running[]): Promise<void> {
    const { control, page } = one
    const { signal } = control
    const others = events ? await page.noted : []
    const left = new Set([...earlier.map(({ answerId }) => answerId), ...others])
    if (left.size === 0) return
    let wake = () => {}
    const gone = (id: string) => {
      left.delete(id)
      wake()
    }
    for (const { answerId, done } of earlier) void done.then(() => gone(answerId))
    if (others.length > 0) void elsewhere.ended(others, gone, signal)
    const stopped = () => wake()
    signal.addEventListener('abort', stopped, { once: true })
    try {
      for (let place = -1; left.size > 0; ) {
        if (signal.aborted) throw new AppError('cancelled')
        if (left.size !== place) say(one, { type: 'waiting', place: left.size })
        place = left.size
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      say(one, { type: 'waiting', place: 0 })
    } finally {
      signal.removeEventListener('abort', stopped)
    }
  }

  const find = (scope: Scope, answerId: string): Running | undefined => {
    const found = running.get(answerId)
    const same = found?.scope.projectId === scope.projectId && found.scope.userId === scope.userId
    return same && authorOf(found.scope) === authorOf(scope) ? found : undefined
  }

  return {
    async *run(scope, asked, signal) {
      yield* begin(scope, asked).spool.read(signal)
    },
    async follow(scope, answerId, signal, from = 0) {
      const found = find(scope, answerId)
      if (found) return found.spool.read(signal, from)
      if (!(await store.answers.get(scope, answerId))) throw new AppError('answer-not-found')
      return elsewhere.follow(scope, answerId, signal, from)
    },
    async of(scope, chatId) {
      const ours = [...running.values()].filter(one => one.asked.chatId === chatId && find(scope, one.answerId))
      const known = new Set(ours.map(({ answerId }) => answerId))
      const others = (await store.answers.running(scope, chatId)).filter(({ id }) => !known.has(id))
      return [
        ...others.map(({ id, question, questionId }) => ({ answerId: id, question, questionId })),
        ...ours
          .filter(({ ended }) => !ended)
          .map(({ answerId, asked: { text, questionId } }) => ({ answerId, question: text, questionId })),
      ]
    },
    async stop(scope, answerId) {
      const found = find(scope, answerId)
      if (found) {
        found.stop('cancelled')
        return !found.ended
      }
      const running = await store.answers.askToStop(scope, answerId)
      if (running) events?.publish({ type: 'answer', answerId, about: 'stop' })
      return running
    },
    start: watch.start,
    async stopAll() {
      ending = true
      for (const { stop } of running.values()) stop('server-stopping')
      await Promise.all(works)
      await inTime(journal.flush())
    },
    async close() {
      closing.abort()
      elsewhere.close()
      await watch.stop()
      await journal.close()
    },
  }
}

function written(event: Extract<StreamedAnswer, { type: 'passages' }>, kept: readonly KeptPassage[]): WrittenEvent {
  return { type: 'passages', question: event.question, kept }
}

/** However it ends: what was not written is tried again, and in the end another process finds that this one is gone. */
async function inTime(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, endTime)
  })
  await Promise.race([work.catch(() => {}), late])
  clearTimeout(timer)
}
