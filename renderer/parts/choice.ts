import { createStore, type Store } from '../store.ts'

/**
 * What somebody chooses in something that the server keeps: shown at once, sent one after the other, and shown until what is kept says the
 * same, so that an older answer never takes the place of a newer choice. What the server refuses goes back to what it was.
 */
export interface Choice<T extends object> {
  /** What was chosen and is not kept yet: goes before what is. Empty: nothing. */
  readonly pending: Store<Partial<T>>
  choose(changes: Partial<T>, way: Way<T>): void
  /** Resolves when everything was sent; rejects with why the last of it was refused. */
  sent(): Promise<void>
}

export interface Way<T extends object> {
  /** Resolves when the server keeps it and what is kept, as it is read here, says so. */
  send(changes: Partial<T>): Promise<void>
  /** Says why not. Not called where the same was chosen anew meanwhile. */
  refused(error: unknown): void
}

/** Each thing by its name, for as long as the window is open: whoever comes back to a page finds what is still on its way. */
export interface Choices {
  of<T extends object>(name: string): Choice<T>
}

export function createChoices(): Choices {
  const all = new Map<string, Choice<object>>()
  return {
    of<T extends object>(name: string) {
      const known = all.get(name) ?? (createChoice<T>() as unknown as Choice<object>)
      all.set(name, known)
      // A name stands for one kind of thing.
      return known as unknown as Choice<T>
    },
  }
}

export function createChoice<T extends object>(): Choice<T> {
  const pending = createStore<Partial<T>>({})
  /** Chosen while something else was on its way. */
  let waiting: { changes: Partial<T>; way: Way<T> } | null = null
  let sending: Promise<void> | null = null

  const forget = (changes: Partial<T>) =>
    pending.change(now => {
      const left = { ...now }
      for (const name of Object.keys(changes) as (keyof T)[])
        if (!waiting || !(name in waiting.changes)) delete left[name]
      return left
    })

  async function sendAll(): Promise<void> {
    let refusal: { error: unknown } | null = null
    while (waiting) {
      const { changes, way }: { changes: Partial<T>; way: Way<T> } = waiting
      waiting = null
      try {
        await way.send(changes)
        refusal = null
        forget(changes)
      } catch (error) {
        refusal = { error }
        forget(changes)
        if (Object.keys(changes).some(name => !(name in pending.get()))) way.refused(error)
      }
    }
    sending = null
    if (refusal) throw refusal.error
  }

  return {
    pending,
    choose(changes, way) {
      waiting = { changes: { ...waiting?.changes, ...changes }, way }
      pending.change(now => ({ ...now, ...changes }))
      if (sending) return
      sending = Promise.resolve().then(sendAll)
      // Said by `refused`; whoever waits hears it too.
      sending.catch(() => {})
    },
    sent: () => sending ?? Promise.resolve(),
  }
}
