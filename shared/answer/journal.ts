/**
 * What this server says of its answers, written into the database behind its back: readers here never wait for that, those of
 * other servers read it there, and so does whoever keeps what a dead server left. All answers of a server go in one
 * transaction; one write at a time, so that they are noted in the order in which they began.
 */
import type { StreamedAnswer } from '../api/index.ts'
import { AppError, toAppError } from '../errors.ts'
import type { KeptPassage, Reason, Time } from '../model/index.ts'
import type { Log } from '../ports.ts'
import type { NewRun, RunProgress, RunWishes, Store, Tx } from '../store/index.ts'

/** An event as it is written: passages by their places, as they are kept with a message. Text of documents would be 50 KB an answer. */
export type WrittenEvent =
  | Exclude<StreamedAnswer, { type: 'passages' | 'draft' }>
  | { type: 'passages'; question: string; kept: readonly KeptPassage[] }
  | { type: 'failed'; reason: Reason }

/** How often it is written, in milliseconds. */
export interface Pace {
  /** After the first thing that is new, at least. */
  rest: number
  /** Between two writes, at least. */
  gather: number
  /** A sign of life where nothing is new; undefined where nobody looks for it. */
  beat: number | undefined
}

/** One answer in the journal. */
export interface Page {
  say(event: WrittenEvent): void
  draft(text: string): void
  /** The model that writes. */
  writes(model: string): void
  /** In the transaction that keeps the answer. Throws `lease-lost` when another server has taken it over. */
  keep(tx: Tx, messageId: string): Promise<void>
  /** With its last event. */
  end(event: WrittenEvent, at: Time): void
  /** Resolves with the answers of its chat that other servers gave before; with none where it could not be noted yet. */
  readonly noted: Promise<readonly string[]>
}

export interface Journal {
  open(run: NewRun, hear: Hear): Page
  /** Hears soon what others wish. */
  beat(): void
  /** Writes what is new now; throws what the database throws. What was not written is tried again by itself. */
  flush(): Promise<void>
  /** Writes for the last time. */
  close(): Promise<void>
}

export interface Hear {
  wishes(wishes: RunWishes): void
  /** Another server has taken it over, or its chat is gone: nothing of it is written any more. */
  lost(): void
  /** All of it is written. */
  done(): void
}

interface Entry {
  run: NewRun
  hear: Hear
  pending: string[]
  stored: number
  draft: string
  model: string | null
  endedAt: Time | null
  noted: boolean
  resolve(before: readonly string[]): void
  changed: boolean
}

/** Milliseconds before a write that failed is tried again. */
const retryTime = 1000

export function createJournal({
  store,
  server,
  pace,
  log,
  told,
}: {
  store: Store
  /** Names this process. */
  server: string
  pace: Pace
  log: Log
  /** There is something new of these to be read. */
  told(ids: readonly string[]): void
}): Journal {
  const entries = new Set<Entry>()
  let queue = Promise.resolve()
  let timer: ReturnType<typeof setTimeout> | undefined
  /** When that is to ring. */
  let ringsAt = Number.POSITIVE_INFINITY
  let wroteAt = Number.NEGATIVE_INFINITY
  /** Also what has nothing new. */
  let due = false
  let failing = false
  let closed = false

  function change(entry: Entry): void {
    entry.changed = true
    schedule(Math.max(pace.rest, wroteAt + pace.gather - performance.now()))
  }

  function schedule(time: number): void {
    const at = performance.now() + time
    if (closed || at >= ringsAt) return
    clearTimeout(timer)
    ringsAt = at
    timer = setTimeout(() => flush().catch(() => {}), time)
    timer.unref()
  }

  /** Milliseconds; infinite where no sign of life is due. */
  function untilBeat(): number {
    if (pace.beat === undefined || ![...entries].some(({ noted }) => noted)) return Number.POSITIVE_INFINITY
    return Math.max(0, wroteAt + pace.beat - performance.now())
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    ringsAt = Number.POSITIVE_INFINITY
    const done = queue.then(write)
    queue = done.catch(() => {})
    return done
  }

  async function write(): Promise<void> {
    const beat = due || untilBeat() <= 1
    due = false
    // One of which nothing was said yet may have no chat: noted without one, it would count as lost.
    const batch = [...entries].filter(entry => entry.changed || (beat && entry.noted))
    if (batch.length === 0) return void schedule(untilBeat())
    const changed = batch.filter(entry => entry.changed)
    const progress = batch.map(progressOf)
    for (const entry of batch) entry.changed = false
    const fresh = batch.filter(entry => !entry.noted)
    wroteAt = performance.now()
    try {
      const { before, wishes } = await store.transaction('internal', async tx => ({
        before:
          fresh.length > 0
            ? await store.answers.note(
                tx,
                server,
                fresh.map(({ run }) => run),
              )
            : undefined,
        wishes: await store.answers.advance(tx, server, progress),
      }))
      if (failing) log.info('answers are written down again')
      failing = false
      settle(batch, progress, before, wishes)
    } catch (error) {
      if (!failing) log.warn('answers are not written down', { error: toAppError(error) })
      failing = true
      for (const entry of changed) entry.changed = true
      for (const entry of fresh) entry.resolve([])
      schedule(retryTime)
      throw error
    }
    schedule(untilBeat())
    told(changed.map(({ run }) => run.id))
  }

  function settle(
    batch: readonly Entry[],
    progress: readonly RunProgress[],
    before: Map<string, string[]> | undefined,
    wishes: readonly RunWishes[],
  ): void {
    for (const [at, entry] of batch.entries()) {
      const { id, said, endedAt } = progress[at]
      const wished = wishes.find(one => one.id === id)
      entry.noted = true
      entry.resolve(before?.get(entry.run.chatId) ?? [])
      entry.pending.splice(0, said.length)
      entry.stored += said.length
      if (wished && endedAt === null) entry.hear.wishes(wished)
      if (wished && endedAt === null) continue
      entries.delete(entry)
      // What has ended may have been written by a commit whose answer was lost.
      if (endedAt === null) entry.hear.lost()
      else entry.hear.done()
    }
  }

  return {
    open(run, hear) {
      let resolve: Entry['resolve'] = () => {}
      const noted = new Promise<readonly string[]>(done => {
        resolve = done
      })
      const entry: Entry = {
        run,
        hear,
        pending: [],
        stored: 0,
        draft: '',
        model: null,
        endedAt: null,
        noted: false,
        resolve,
        changed: false,
      }
      entries.add(entry)
      return {
        noted,
        say(event) {
          entry.draft = ''
          entry.pending.push(JSON.stringify(event))
          change(entry)
        },
        draft(text) {
          entry.draft = text
          change(entry)
        },
        writes(model) {
          entry.model = model
        },
        async keep(tx, messageId) {
          if (!entry.noted) await store.answers.note(tx, server, [run])
          if (!(await store.answers.keep(tx, server, run.id, messageId))) throw new AppError('lease-lost')
        },
        end(event, at) {
          entry.draft = ''
          entry.endedAt = at
          entry.pending.push(JSON.stringify(event))
          change(entry)
        },
      }
    },
    beat() {
      due = true
      flush().catch(() => {})
    },
    flush,
    async close() {
      await flush().catch(() => {})
      closed = true
      clearTimeout(timer)
    },
  }
}

function progressOf({ run, pending, stored, draft, model, endedAt }: Entry): RunProgress {
  return { id: run.id, events: stored, said: [...pending], draft, model, endedAt }
}
