/**
 * The events of what a model writes, which is written without waiting for who reads them: a reader who stalls holds up nobody. Of drafts that were not
 * fetched only the newest is kept; everything else is bounded by the longest answer. A reader who leaves stops the writing, and is
 * let go when it has ended.
 */
export async function* readAhead<Event extends { type: string }>(
  begin: (signal: AbortSignal) => AsyncIterable<Event>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, void> {
  const left = new AbortController()
  const queue: Event[] = []
  let ended = false
  let failure: { error: unknown } | undefined
  let told = () => {}
  const writing = write()
  try {
    for (;;) {
      for (let event = queue.shift(); event; event = queue.shift()) yield event
      if (ended) break
      await new Promise<void>(resolve => {
        told = resolve
        if (ended || queue.length > 0) resolve()
      })
    }
    if (failure) throw failure.error
  } finally {
    left.abort()
    await writing
  }

  async function write(): Promise<void> {
    try {
      for await (const event of begin(signal ? AbortSignal.any([signal, left.signal]) : left.signal)) {
        if (event.type === 'draft' && queue.at(-1)?.type === 'draft') queue.pop()
        queue.push(event)
        told()
      }
    } catch (error) {
      failure = { error }
    } finally {
      ended = true
      told()
    }
  }
}
