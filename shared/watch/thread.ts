/** The entry of the thread that looks at folders. */
import { parentPort, workerData } from 'node:worker_threads'
import { reasonOf, toAppError } from '../errors.ts'
import type { FolderEntry } from '../model/index.ts'
import { findFolder } from './find.ts'
import { createHints, type Hints } from './hints.ts'
import type { Reply, Request, ThreadSettings } from './protocol.ts'
import { compileRules } from './rules.ts'
import { scanFolder } from './scan.ts'

if (!parentPort) throw new Error('thread.ts runs in a worker thread')
const port = parentPort
const { except } = workerData as ThreadSettings

/** Entries that go over at once, and milliseconds that are spent on them: what else is asked for waits as long. */
const batchSize = 500
const batchTime = 40

const scans = new Map<number, Generator<FolderEntry>>()
const watched = new Map<number, Hints>()

port.on('message', (request: Request) => {
  try {
    act(request)
  } catch (error) {
    fail(request.id, error)
  }
})

function act(request: Request): void {
  const { id, op } = request
  if (op === 'find') tell({ id, found: findFolder(request.path, except) })
  else if (op === 'scan') {
    const { path, ignore, at } = request
    scans.set(id, scanFolder(path, { rules: compileRules(ignore), at, except }))
  } else if (op === 'hints') {
    const { path, ignore } = request
    const hints = createHints(path, { rules: compileRules(ignore), except, failed: error => fail(id, error) })
    watched.set(id, hints)
  } else if (op === 'stop') end(id)
  else {
    const scan = scans.get(id)
    if (scan) goOn(id, scan)
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

function end(id: number): void {
  scans.delete(id)
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
