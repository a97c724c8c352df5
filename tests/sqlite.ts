/**
 * Databases of SQLite for tests: all as the program has it, but that threads are used again by the next database of the same test file, and that
 * a database with tables is a copy of one that was made first. Starting a thread takes 60 ms of the processor, and a database has two; making the
 * tables takes 70. What is about threads, files and migrations themselves opens its databases by `openSqlite`.
 */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { openSqlite, type SqliteDatabase, type SqliteSettings } from '../shared/db/sqlite/index.ts'
import type { ThreadSettings } from '../shared/db/sqlite/protocol.ts'
import type { ThreadWorker } from '../shared/db/sqlite/remote.ts'
import type { Log } from '../shared/ports.ts'
import { openStore } from '../shared/store/index.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

export const openTestSqlite = (settings: Omit<SqliteSettings, 'startWorker'>): Promise<SqliteDatabase> =>
  openSqlite({ ...settings, startWorker: borrowWorker })

const idle: Worker[] = []

/** A port of its own into a thread that nobody else is in; `exit` is the end of that port, with which the thread is free again. */
function borrowWorker(settings: ThreadSettings): ThreadWorker {
  const worker = idle.pop() ?? startWorker()
  const { port1: port, port2: other } = new MessageChannel()
  const events = new EventEmitter()
  let alive = true
  const fail = (error: unknown) => events.emit('error', error)
  const die = () => {
    alive = false
  }
  worker.on('error', fail).on('exit', die)
  port.on('message', message => events.emit('message', message))
  port.on('messageerror', error => events.emit('messageerror', error))
  port.on('close', () => {
    worker.off('error', fail).off('exit', die)
    if (alive) idle.push(worker)
    events.emit('exit')
  })
  worker.postMessage({ settings, port: other }, [other])
  return {
    on(event: string, listener: (value: never) => void) {
      events.on(event, listener as (value: unknown) => void)
      return this as Worker
    },
    postMessage: message => port.postMessage(message),
    ref: () => port.ref(),
    unref: () => port.unref(),
    terminate() {
      alive = false
      return worker.terminate()
    },
  }
}

/** It ends with the process. */
function startWorker(): Worker {
  const worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), { name: 'sqlite of tests' })
  // What fails in it fails whoever has borrowed it.
  worker.on('error', () => {})
  worker.unref()
  return worker
}

let template: Promise<Buffer> | undefined

/** Makes the file with the tables of the newest version in it, and no row of a library, as the first start of the program would have left it. */
export async function createReadyFile(file: string): Promise<void> {
  template ??= makeTemplate()
  await writeFile(file, await template, { mode: 0o600, flag: 'wx' })
}

async function makeTemplate(): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-template-'))
  try {
    const file = path.join(folder, 'cloister.db')
    const database = await openTestSqlite({ file, readers: 1 })
    const rest = { clock: { now: () => Date.now() }, ids: { next: () => randomUUID() }, log: silent }
    const backups = () => {
      throw new Error('nothing to keep of an empty database')
    }
    await (await openStore({ database, backups, ...rest })).close()
    await database.close()
    return await readFile(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
