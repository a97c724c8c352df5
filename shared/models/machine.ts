/** What this machine can give to models. */
import { availableParallelism } from 'node:os'
import type { Machine } from './fit.ts'
import { type Granted, memoryFree, memoryTotal, type Readings, readings } from './memory.ts'
import { processBytes } from './memory-need.ts'

/**
 * As it is with no model loaded: what `held` were granted, and the process they run in, would be given back. `threads`: of all models
 * together.
 */
export async function lookAtMachine(
  { threads, readSpeed, held = [] }: { threads: number; readSpeed: number; held?: readonly Granted[] },
  now: Readings = readings(),
): Promise<Machine> {
  // Their weights are pages of a file, which count as free already.
  const back = held.reduce((sum, { all, weights }) => sum + all - weights, held.length > 0 ? processBytes : 0)
  const [memory, free] = await Promise.all([memoryTotal(now), memoryFree({ weights: -back, all: 0 }, now)])
  return { memory, free, cores: availableParallelism(), threads, readSpeed }
}

const probeBytes = 16 * 1024 * 1024
const probes = 4

/** Bytes that one thread reads in a second, the best of a few tries of 3 ms: what else goes on only takes away. */
export function measureReadSpeed(): number {
  const [one, other] = [Buffer.alloc(probeBytes, 1), Buffer.alloc(probeBytes, 1)]
  let best = 0
  for (let probe = 0; probe < probes; probe++) {
    const began = performance.now()
    one.compare(other)
    best = Math.max(best, (2 * probeBytes * 1000) / Math.max(0.01, performance.now() - began))
  }
  return best
}
