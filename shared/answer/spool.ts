import type { StreamedAnswer } from '../api/index.ts'
import type { AppError } from '../errors.ts'

/** An event with its place in the answer, from 0; a draft has none, as the next event or draft takes its place. */
export interface Said {
  event: StreamedAnswer
  number?: number
}

/** What was said of one answer, from its beginning, for any number of readers. */
export interface Spool {
  say(event: StreamedAnswer): void
  /** Readers come to an end behind what was said; with a failure, they throw it. */
  end(failure?: AppError): void
  /** Each reader at its own pace, from this place on; of drafts that it was too slow for it sees the last. */
  read(signal: AbortSignal, from?: number): AsyncGenerator<Said, void>
  readonly ended: boolean
  readonly readers: number
}

/** `joined` and `left`: the first reader comes, the last one goes. */
export function createSpool({ joined = () => {}, left }: { joined?: () => void; left: () => void }): Spool {
  const events: StreamedAnswer[] = []
  const told = new Set<() => void>()
  let draft: StreamedAnswer | undefined
  let ended = false
  let failure: AppError | undefined
  let readers = 0
  const tell = () => {
    for (const wake of told) wake()
  }

  return {
    get ended() {
      return ended
    },
    get readers() {
      return readers
    },
    say(event) {
      if (event.type === 'draft') draft = event
      else {
        draft = undefined
        events.push(event)
      }
      tell()
    },
    end(error) {
      ended = true
      failure = error
      tell()
    },
    async *read(signal, from = 0) {
      let wake = () => {}
      const heard = () => wake()
      let at = from
      let seen: StreamedAnswer | undefined
      readers += 1
      if (readers === 1) joined()
      told.add(heard)
      signal.addEventListener('abort', heard, { once: true })
      try {
        while (!signal.aborted) {
          const event = events[at]
          if (event) {
            yield { event, number: at }
            at += 1
          } else if (draft && draft !== seen) {
            seen = draft
            yield { event: draft }
          } else if (ended) {
            if (failure) throw failure
            return
          } else
            await new Promise<void>(resolve => {
              wake = resolve
            })
        }
      } finally {
        signal.removeEventListener('abort', heard)
        told.delete(heard)
        readers -= 1
        if (readers === 0) left()
      }
    },
  }
}
