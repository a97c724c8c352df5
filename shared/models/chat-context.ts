/** How many tokens a model that answers is loaded with: what is wished, or the most that fits when it is about to be loaded. */
import type { Described } from './catalog.ts'
import { fitTo } from './fit.ts'
import { type Granted, memoryFree } from './memory.ts'
import type { Held, Supervisor } from './supervise.ts'

export interface ChatContext {
  /** The same for a file for as long as somebody uses it or it is loaded: prompts are as long as that. */
  of(found: Described): Promise<number>
}

/** Decisions kept for files that nobody uses; one more, and the oldest is made anew. */
const kept = 32

export function createChatContext({
  supervisor,
  threads,
  wished,
  findFree = memoryFree,
}: {
  supervisor: Pick<Supervisor, 'held' | 'uses'>
  threads: number
  wished: number
  findFree?: (granted: Granted) => Promise<number>
}): ChatContext {
  const decided = new Map<string, number>()

  async function decide({ description: { network, contextSize } }: Described): Promise<number> {
    const free = await freeFor(supervisor.held(), findFree)
    const subject = { role: 'chat' as const, network, contextSize }
    // Where nothing fits, it is refused when it is to be loaded, with what it would take at least.
    return fitTo(subject, { memory: free, free, cores: threads, threads }, wished).contextSize
  }

  return {
    async of(found) {
      const { key } = found
      const before = decided.get(key)
      if (before !== undefined && supervisor.uses(key)) return before
      const contextSize = await decide(found)
      // Another question may have begun to load it meanwhile.
      const meanwhile = decided.get(key)
      if (meanwhile !== undefined && supervisor.uses(key)) return meanwhile
      decided.delete(key)
      decided.set(key, contextSize)
      for (const old of decided.keys()) if (decided.size > kept && !supervisor.uses(old)) decided.delete(old)
      return contextSize
    },
  }
}

/** Bytes for a model that answers: what the one before it takes is given back first. Pages of its file count as free already. */
function freeFor(held: readonly Held[], findFree: (granted: Granted) => Promise<number>): Promise<number> {
  const sum = (some: readonly Held[], key: keyof Granted) =>
    some.reduce((total, { granted }) => total + granted[key], 0)
  const leaving = held.filter(({ file }) => file.role === 'chat')
  const staying = held.filter(({ file }) => file.role !== 'chat')
  const back = sum(leaving, 'all') - sum(leaving, 'weights')
  return findFree({ weights: sum(staying, 'weights') - back, all: sum(staying, 'all') })
}
