import { useCallback, useSyncExternalStore } from 'react'

/** A value that components and others share, and hear of when it changes. */
export interface Store<T> {
  get(): T
  set(next: T): void
  change(update: (now: T) => T): void
  subscribe(listener: () => void): () => void
}

export function createStore<T>(first: T): Store<T> {
  let value = first
  const listeners = new Set<() => void>()
  const set = (next: T) => {
    if (Object.is(next, value)) return
    value = next
    for (const listener of [...listeners]) listener()
  }
  return {
    get: () => value,
    set,
    change: update => set(update(value)),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export function useStore<T>(store: Store<T>): T
export function useStore<T, Part>(store: Store<T>, select: (value: T) => Part): Part
/** `select` must give the same object for the same value. */
export function useStore<T, Part>(store: Store<T>, select?: (value: T) => Part): T | Part {
  const read = useCallback(() => (select ? select(store.get()) : store.get()), [store, select])
  return useSyncExternalStore(store.subscribe, read)
}
