/** What a process said and nobody has read yet, for one reader. */
export interface Inbox {
  readonly messages: AsyncIterable<unknown>
  deliver(message: unknown): void
  /** Nothing more will come; what is here can still be read. */
  end(): void
}

/** `waits` hears whether somebody waits for a message that is not there yet. */
export function createInbox(waits: (waiting: boolean) => void = () => {}): Inbox {
  const kept: unknown[] = []
  let waiting: ((result: IteratorResult<unknown>) => void) | undefined
  let ended = false

  function answer(result: IteratorResult<unknown>): boolean {
    if (!waiting) return false
    const resolve = waiting
    waiting = undefined
    waits(false)
    resolve(result)
    return true
  }

  const iterator: AsyncIterator<unknown> = {
    next() {
      if (kept.length > 0) return Promise.resolve({ value: kept.shift(), done: false })
      if (ended) return Promise.resolve({ value: undefined, done: true })
      return new Promise(resolve => {
        waiting = resolve
        waits(true)
      })
    },
    return: () => Promise.resolve({ value: undefined, done: true }),
  }

  return {
    messages: { [Symbol.asyncIterator]: () => iterator },
    deliver(message) {
      if (!answer({ value: message, done: false })) kept.push(message)
    },
    end() {
      if (ended) return
      ended = true
      answer({ value: undefined, done: true })
    },
  }
}
