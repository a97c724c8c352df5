import { readFile } from 'node:fs/promises'
import os from 'node:os'

/** What the library and the tokenizer take, and the graph of a CPU batch for each context, in bytes. */
const overhead = 64 * 1024 * 1024
const overheadOfContext = 48 * 1024 * 1024
/** Of what is free, for everybody else: a machine that begins to swap stands still. */
const reserve = 128 * 1024 * 1024

export interface MemoryNeed {
  /** Bytes of the file: its weights are mapped, and all of them are read for every token. */
  weights: number
  layers: number
  /** Numbers of a key and of a value, of all heads of a layer. */
  keyWidth: number
  valueWidth: number
  /** Tokens whose keys and values are kept; 0 for a model that keeps none. */
  tokens: number
  contexts: number
}

/** Bytes: weights, keys and values as 16-bit numbers, and the rest. */
export function memoryNeeded({ weights, layers, keyWidth, valueWidth, tokens, contexts }: MemoryNeed): number {
  return weights + layers * (keyWidth + valueWidth) * 2 * tokens + overhead + contexts * overheadOfContext
}

/** What the system says of its memory: bytes; `file` the text of a file below the cgroup's folder. */
export interface Readings {
  platform: NodeJS.Platform
  total: number
  free: number
  file(name: string): Promise<string>
}

export const readings = (): Readings => ({
  platform: os.platform(),
  total: os.totalmem(),
  free: os.freemem(),
  file: name => readFile(`/sys/fs/cgroup/${name}`, 'utf8'),
})

/** Bytes of the models that are loaded: of their files, and of all they may take. */
export interface Granted {
  weights: number
  all: number
}

/**
 * Bytes a new model may take: what the system can give, inside the limit of the container. The weights of what is loaded
 * are pages of a file, which both count as free: they can be dropped, but are all read again for the next token. (Windows
 * counts those in use as used; there they are counted twice, on the safe side.)
 */
export async function memoryFree(granted: Granted, now: Readings = readings()): Promise<number> {
  const free = Math.min(
    systemFree(granted, now),
    ((await cgroupFree(now)) ?? Number.POSITIVE_INFINITY) - granted.weights,
  )
  return Math.max(0, free - reserve)
}

/** On macOS the number of free pages leaves out what is given up on demand: three quarters of all is what a process can get. */
function systemFree({ weights, all }: Granted, { platform, total, free }: Readings): number {
  return platform === 'darwin' ? total * 0.75 - all : free - weights
}

/** Pages of files count as used there, though they are given up on demand. Undefined without a limit. */
async function cgroupFree({ file }: Readings): Promise<number | undefined> {
  for (const { limit, used, files } of [
    { limit: 'memory.max', used: 'memory.current', files: 'file' },
    { limit: 'memory/memory.limit_in_bytes', used: 'memory/memory.usage_in_bytes', files: 'total_cache' },
  ])
    try {
      const [max, current] = (await Promise.all([file(limit), file(used)])).map(Number)
      if (!Number.isSafeInteger(max) || !Number.isSafeInteger(current)) continue
      const stat = await file(used.replace(/[^/]+$/, 'memory.stat'))
      const cached = Number(new RegExp(`^${files} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0)
      return max - current + cached
    } catch {
      // No cgroup of this version, or none at all.
    }
  return undefined
}
