import type { AppEvent, Events } from '../ports.ts'
import { keyOf } from './events.ts'

/** Things a slow reader may be behind with; past that it is told to look at everything. Some 2 MB. */
const most = 10_000

/** Events within one process. Each subscriber holds at most one pending event per thing. */
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
        const all = event.type === 'missed' || pending.size >= most
        // Everything may have changed: that says all that was waiting.
        if (all) pending.clear()
        const latest: AppEvent = all ? { type: 'missed' } : event
        pending.delete(keyOf(latest))
        pending.set(keyOf(latest), latest)
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
