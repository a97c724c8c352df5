/** The folders that a copied library was in before go, beside all else. */
import type { Log } from '../shared/ports.ts'
import { removePrevious } from './data/move.ts'
import type { OldFolder, PreferenceStore } from './preferences.ts'

export interface Clearing {
  /** One that is being taken away. A drive that hangs takes as long as it likes: only a move waits for that. */
  now(): string | undefined
  /** After each good start. */
  begin(): void
}

/** `left`: told where something is left, once of each. */
export function createClearing({
  preferences,
  left,
  log,
}: {
  preferences: PreferenceStore
  left(folder: string): void
  log: Log
}): Clearing {
  const clearing = new Set<OldFolder>()

  async function clear(old: OldFolder): Promise<void> {
    clearing.add(old)
    try {
      const [first] = await removePrevious(preferences, old)
      if (first !== undefined) left(first)
    } catch (error) {
      log.warn('an old folder of the library is left', { folder: old.folder, error })
    } finally {
      clearing.delete(old)
    }
  }

  return {
    // What is not remembered any more is gone: it is only being written down.
    now: () => preferences.get().previous.find(old => clearing.has(old))?.folder,
    begin() {
      // Side by side: one whose drive hangs keeps no other.
      for (const old of preferences.get().previous) if (!clearing.has(old)) void clear(old)
    },
  }
}
