/** The entry of a thread that looks at folders. */
import { parentPort, workerData } from 'node:worker_threads'
import { reasonOf, toAppError } from '../errors.ts'
import type { FolderEntry } from '../model/index.ts'
import { findFolder } from './find.ts'
import { createHints, type Hints } from './hints.ts'
import type { Reply, Request, ThreadSettings } from './protocol.ts'
import { readBytes } from './read-bytes.ts'
import { compileRules } from './rules.ts'
import { scanFolder } from './scan.ts'

if (!parentPort) throw new Error('thread.ts runs in a worker thread')
const port = parentPort
const { except, work } = workerData as ThreadSettings

/** Entries that go over at once, and milliseconds that are spent on them: what else is asked for waits as long. */
const batchSize = 500
const batchTime = 40

const scans = new Map<number, Generator<FolderEntry>>()
const reads = new Map<number, ReturnType<typeof readBytes>>()
const watched = new Map<number, Hints>()

port.on('message', (request: Request) => {
  atWork(request.folder, () => {
    try {
      act(request)
    } catch (error) {
      fail(request.id, error)
    }
  })
})

/** Whoever waits in vain can see which folder it is that keeps the thread. */
function atWork(folder: number, run: () => void): void {
  Atomics.add(work, 1, 1)
  Atomics.store(work, 0, folder)
  try {
    run()
  } finally {
    Atomics.store(work, 0, 0)
  }
}

function act(request: Request): void {
  const { id, folder, op } = request
  if (op === 'find') tell({ id, found: findFolder(request.path, except) })
  else if (op === 'scan') {
    const { path, ignore, at } = request
    scans.set(id, scanFolder(path, { rules: compileRules(ignore), at, except }))
  } else if (op === 'hints') {
    const { path, ignore } = request
    const failed = (error: unknown) => fail(id, error)
    const run = (work: () => void) => atWork(folder, work)
    watched.set(id, createHints(path, { rules: compileRules(ignore), except, failed, run }))
  } else if (op === 'read') reads.set(id, readBytes(request.path, request.file))
  else if (op === 'stop') end(id)
  else {
    const scan = scans.get(id)
    if (scan) goOn(id, scan)
    const read = reads.get(id)
    if (read) readOn(id, read)
    watched.get(id)?.next(hints => tell({ id, hints }))
  }
}

function goOn(id: number, scan: Generator<FolderEntry>): void {
  const began = performance.now()
  const entries: FolderEntry[] = []
  for (;;) {
    const { value, done } = scan.next()
    if (done) {
      scans.delete(id)
      tell({ id, entries, done: true })
      return
    }
    entries.push(value)
    if (entries.length === batchSize || performance.now() - began > batchTime) break
  }
  tell({ id, entries, done: false })
}

function readOn(id: number, read: ReturnType<typeof readBytes>): void {
  const { value: bytes, done = false } = read.next()
  if (done) reads.delete(id)
  port.postMessage({ id, bytes, done } satisfies Reply, [bytes.buffer])
}

function end(id: number): void {
  scans.delete(id)
  reads.get(id)?.return(new Uint8Array())
  reads.delete(id)
  watched.get(id)?.close()
  watched.delete(id)
}

function fail(id: number, error: unknown): void {
  end(id)
  tell({ id, reason: reasonOf(toAppError(error)) })
}

function tell(reply: Reply): void {
  port.postMessage(reply)
}
