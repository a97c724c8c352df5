import type { Cache, CacheCounts } from '../ports.ts'

interface Entry {
  value: Uint8Array
  group: string
  /** Of the clock that never jumps. */
  until: number
  size: number
}

/** What an entry takes besides its bytes, roughly: its key, its places in two maps. */
const overhead = 300

/** In this process: at most so many bytes, of which what was not asked for longest goes first. */
export function createMemoryCache({
  bytes,
  now = () => performance.now(),
}: {
  bytes: number
  now?: () => number
}): Cache & {
  size(): number
} {
  /** In the order in which they were last asked for. */
  const entries = new Map<string, Entry>()
  const groups = new Map<string, Set<string>>()
  const counts: CacheCounts = { hits: 0, misses: 0, failures: 0 }
  let used = 0

  function remove(key: string): void {
    const entry = entries.get(key)
    if (!entry) return
    entries.delete(key)
    used -= entry.size
    const group = groups.get(entry.group)
    group?.delete(key)
    if (group?.size === 0) groups.delete(entry.group)
  }

  return {
    async get(key) {
      const entry = entries.get(key)
      if (!entry || entry.until <= now()) {
        remove(key)
        counts.misses += 1
        return undefined
      }
      entries.delete(key)
      entries.set(key, entry)
      counts.hits += 1
      return entry.value
    },
    async set(key, value, { time, group }) {
      remove(key)
      const size = value.byteLength + 2 * key.length + overhead
      if (size > bytes || time <= 0) return
      // A view may hold a buffer of many times its size.
      entries.set(key, { value: Uint8Array.from(value), group, until: now() + time, size })
      used += size
      const keys = groups.get(group) ?? new Set()
      groups.set(group, keys.add(key))
      for (const oldest of entries.keys()) {
        if (used <= bytes) break
        remove(oldest)
      }
    },
    async drop(group) {
      for (const key of [...(groups.get(group) ?? [])]) remove(key)
    },
    counts: () => ({ ...counts }),
    size: () => used,
    async close() {
      entries.clear()
      groups.clear()
      used = 0
    },
  }
}
