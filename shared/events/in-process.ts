import type { AppEvent, Events } from '../ports.ts'

/** Events within one process. Each subscriber holds at most one pending event per document. */
export function createEvents(): Events {
  const subscribers = new Set<(event: AppEvent) => void>()
  return {
    publish(event) {
      for (const deliver of subscribers) deliver(event)
    },
    subscribe(signal) {
      const pending = new Map<string, AppEvent>()
      let wake = () => {}
      const deliver = (event: AppEvent) => {
        pending.delete(event.documentId)
        pending.set(event.documentId, event)
        wake()
      }
      const leave = () => {
        subscribers.delete(deliver)
        wake()
      }
      if (!signal.aborted) subscribers.add(deliver)
      signal.addEventListener('abort', leave, { once: true })
      return read()

      async function* read(): AsyncIterable<AppEvent> {
        try {
          while (!signal.aborted) {
            const [next] = pending
            if (next) {
              pending.delete(next[0])
              yield next[1]
            } else {
              await new Promise<void>(resolve => {
                wake = resolve
              })
            }
          }
        } finally {
          subscribers.delete(deliver)
          signal.removeEventListener('abort', leave)
        }
      }
    },
  }
}
