/** Answers that other servers give: read along with from what they write down, and waited for. */
import type { StreamedAnswer } from '../api/index.ts'
import { AppError, toAppError } from '../errors.ts'
import type { AppEvent, KeptPassage, Passage, Scope } from '../model/index.ts'
import { authorOf } from '../model/project.ts'
import type { Store } from '../store/index.ts'
import type { WrittenEvent } from './journal.ts'
import { createSpool, type Said, type Spool } from './spool.ts'

export interface Elsewhere {
  /** What is written down of it from this place on, and what comes. Its server hears that somebody reads. */
  follow(scope: Scope, id: string, signal: AbortSignal, from: number): AsyncGenerator<Said, void>
  /** Tells of each of these as it ends; resolves with the last one, or the signal. */
  ended(ids: readonly string[], one: (id: string) => void, signal: AbortSignal): Promise<void>
  hear(event: AppEvent): void
  close(): void
}

/** Milliseconds between two looks where nothing is heard, since what is heard is a hint; and between two signs that somebody reads. */
const lookTime = 1000
/** How often the database may fail in a row before a reader is told. */
const patience = 10

export function createElsewhere({
  store,
  recall,
}: {
  store: Store
  recall(scope: Scope, kept: readonly KeptPassage[]): Promise<Passage[]>
}): Elsewhere {
  const followed = new Map<string, Spool>()
  const bells = new Map<() => void, readonly string[]>()
  const closing = new AbortController()

  /** Rings for news of these, also for those that came before it was waited for. */
  function createBell(ids: readonly string[], signal: AbortSignal) {
    let rung = false
    let wake = () => {}
    const ring = () => {
      rung = true
      wake()
    }
    bells.set(ring, ids)
    signal.addEventListener('abort', ring, { once: true })
    return {
      async wait(): Promise<void> {
        const timer = setTimeout(ring, lookTime)
        if (!rung)
          await new Promise<void>(resolve => {
            wake = resolve
          })
        clearTimeout(timer)
        rung = false
      },
      remove() {
        bells.delete(ring)
        signal.removeEventListener('abort', ring)
      },
    }
  }

  async function copy(scope: Scope, id: string, spool: Spool, signal: AbortSignal): Promise<void> {
    const bell = createBell([id], signal)
    let at = 0
    let draft = ''
    let attended = Number.NEGATIVE_INFINITY
    let failures = 0

    /** True when it has come to its end. */
    async function look(): Promise<boolean> {
      if (performance.now() - attended >= lookTime) {
        attended = performance.now()
        await store.answers.attend(id)
      }
      const run = await store.answers.get(scope, id)
      if (!run) throw new AppError('answer-not-found')
      for (const text of await store.answers.said(scope, id, at)) {
        const event = JSON.parse(text) as WrittenEvent
        const end = event.type === 'failed' ? new AppError(event.reason.code, event.reason.values) : undefined
        if (event.type !== 'failed') spool.say(await spoken(scope, event))
        at += 1
        draft = ''
        if (event.type !== 'failed' && event.type !== 'finish' && event.type !== 'interrupted') continue
        spool.end(end)
        return true
      }
      // A draft that was read before the last event is not the one behind it.
      if (run.draft !== '' && run.draft !== draft && at === run.events) {
        draft = run.draft
        spool.say({ type: 'draft', text: draft })
      }
      return false
    }

    try {
      while (!signal.aborted) {
        try {
          if (await look()) return
          failures = 0
        } catch (thrown) {
          const error = toAppError(thrown)
          failures += 1
          if (error.code === 'answer-not-found' || failures > patience) return spool.end(error)
        }
        await bell.wait()
      }
    } finally {
      bell.remove()
    }
  }

  async function spoken(scope: Scope, event: Exclude<WrittenEvent, { type: 'failed' }>): Promise<StreamedAnswer> {
    if (event.type !== 'passages') return event
    const { type, question, kept } = event
    return { type, question, passages: await recall(scope, kept) }
  }

  /** One for all who read the same here. */
  function spoolOf(scope: Scope, id: string): Spool {
    const key = `${authorOf(scope)} ${scope.projectId} ${id}`
    const known = followed.get(key)
    if (known) return known
    const control = new AbortController()
    const spool = createSpool({
      left() {
        followed.delete(key)
        control.abort()
      },
    })
    followed.set(key, spool)
    void copy(scope, id, spool, AbortSignal.any([control.signal, closing.signal]))
    return spool
  }

  return {
    async *follow(scope, id, signal, from) {
      yield* spoolOf(scope, id).read(signal, from)
    },
    async ended(ids, one, signal) {
      const ending = AbortSignal.any([signal, closing.signal])
      const left = new Set(ids)
      const bell = createBell(ids, ending)
      try {
        while (left.size > 0 && !ending.aborted) {
          // Where it cannot be asked, it is asked again.
          const open = await store.answers.open([...left]).catch(() => undefined)
          for (const id of open ? left : []) {
            if (open?.some(run => run.id === id)) continue
            left.delete(id)
            one(id)
          }
          if (left.size > 0) await bell.wait()
        }
      } finally {
        bell.remove()
      }
    },
    hear(event) {
      for (const [ring, ids] of bells)
        if (event.type === 'missed' || (event.type === 'answer' && ids.includes(event.answerId))) ring()
    },
    close() {
      closing.abort()
    },
  }
}
