/** What is done with every process that was just started, however that was. */
import { getPriority, setPriority } from 'node:os'
import type { Readable } from 'node:stream'
import type { Log } from '../ports.ts'

// The end of what a child wrote to its standard error is what explains a crash.
const bytesKept = 4096

/**
 * At once: on Linux a thread has the priority of the one that starts it, and it has started none yet. A worker that was told to be nicer
 * would else hand its work to children that are less so.
 */
export function lower(pid: number, least: number, log: Log): void {
  const priority = Math.max(least, getPriority())
  try {
    setPriority(pid, priority)
  } catch (error) {
    log.debug('priority not set', { pid, error })
  }
}

/** Reads on, and says what came last. */
export function keepTail(stream: Readable | NodeJS.ReadableStream | null): () => string {
  let tail = Buffer.alloc(0)
  stream?.on('data', (bytes: Buffer) => {
    tail = Buffer.concat([tail, bytes]).subarray(-bytesKept)
  })
  stream?.on('error', () => {})
  // A pipe of a child alone must not keep this process alive.
  const held = stream as { unref?: () => void } | null
  held?.unref?.()
  return () => tail.toString('utf8').trim()
}
