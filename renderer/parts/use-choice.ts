import { notifyManager } from '@tanstack/react-query'
import { useApp } from '../app-context.ts'
import { useStore } from '../store.ts'
import type { Choice, Way } from './choice.ts'

/**
 * What is kept of a thing, with what was just chosen of it, and the way to choose. All controls that write to the server go by this.
 * A value in the cache of queries would not do: whoever shows it hears of it with the next turn of the event loop, and until then React
 * puts a tick back to where it was.
 */
export function useChoice<T extends object>(
  name: string,
  kept: T,
  way: Way<T>,
): { shown: T; choose(changes: Partial<T>): void; sent: Choice<T>['sent'] } {
  const { choices } = useApp()
  const { pending, choose, sent } = choices.of<T>(name)
  const chosen = useStore(pending)
  return { shown: { ...kept, ...chosen }, choose: changes => choose(changes, shownBefore(way)), sent }
}

/** What was put into the cache is on the screen before what was chosen gives way to it. */
export function shownBefore<T extends object>({ send, refused }: Way<T>): Way<T> {
  return {
    refused,
    async send(changes) {
      await send(changes)
      await new Promise<void>(resolve => notifyManager.schedule(resolve))
    },
  }
}
