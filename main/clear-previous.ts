/** The folder that a copied library was in before goes, beside all else. */
import type { Log } from '../shared/ports.ts'
import { removePrevious } from './data/move.ts'
import type { PreferenceStore } from './preferences.ts'

export interface Clearing {
  /** The folder that is being taken away. A drive that hangs takes as long as it likes: only a move waits for that. */
  now(): string | undefined
  /** After each good start; one at a time. */
  begin(): void
}

/** `left`: told where something is left. */
export function createClearing({
  preferences,
  left,
  log,
}: {
  preferences: PreferenceStore
  left(folder: string): void
  log: Log
}): Clearing {
  let now: string | undefined

  async function clear(): Promise<void> {
    now = preferences.get().previous?.folder
    try {
      const [first] = await removePrevious(preferences)
      if (first !== undefined) left(first)
    } catch (error) {
      log.warn('the old folder of the library is left', { error })
    } finally {
      now = undefined
    }
  }

  return {
    now: () => now,
    begin() {
      if (now === undefined) void clear()
    },
  }
}
