import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { v7 } from 'uuid'
import { openPostgresParts } from '../server/compose-postgres.ts'
import { createFolderBlobs } from '../shared/blobs/folder.ts'
import { type Core, type CoreSettings, createCore } from '../shared/core.ts'
import type { PostgresDatabase } from '../shared/db/postgres/index.ts'
import { AppError } from '../shared/errors.ts'
import { createEvents } from '../shared/events/in-process.ts'
import { jobKinds } from '../shared/ingest/jobs.ts'
import type { Scope } from '../shared/model/index.ts'
import type { Blobs, Log, Models, ParseEvent, ParseRequest, Parsers, Ports } from '../shared/ports.ts'
import { createLeaseQueue, currentOwner } from '../shared/queue/lease.ts'
import { createPgBossQueue } from '../shared/queue/pg-boss.ts'
import { openPgBoss } from '../shared/queue/pg-boss-open.ts'
import { silent } from './open-store.ts'
import { isPostgres, sqlite, type TestDatabase, type TestEngine } from './postgres.ts'
import { createReadyFile, openTestSqlite } from './sqlite.ts'

export interface TestCore {
  core: Core
  scope: Scope
  database: Ports['database']
  folder: string
  /** Closes and opens again over the same data, as a new process would. */
  reopen(parsers?: Parsers): Promise<void>
  close(): Promise<void>
}

export interface TestCoreOptions {
  engine?: TestEngine
  log?: Log
  models?: Models
  settings?: Partial<CoreSettings>
  wrapBlobs?: (blobs: Blobs) => Blobs
}

/**
 * A core over a temporary folder: everything real, as the engine's own composition has it, but the parser is the test's, so
 * that it can fail on purpose.
 */
export async function openTestCore(
  parsers: Parsers,
  { engine = sqlite, log = silent, models = noModels, settings = {}, wrapBlobs = blobs => blobs }: TestCoreOptions = {},
): Promise<TestCore> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-core-'))
  const test = { folder } as TestCore
  let held: TestDatabase<PostgresDatabase> | undefined
  let end = async () => {}

  async function open(using: Parsers): Promise<void> {
    const parts = isPostgres(engine) ? await openPostgresTest(engine) : await openSqliteTest(folder)
    end = parts.end
    test.database = parts.ports.database
    test.core = await createCore({
      ...parts.ports,
      clock,
      ids,
      log,
      blobs: wrapBlobs(await createFolderBlobs({ folder: path.join(folder, 'blobs') })),
      parsers: using,
      models,
      scratch: path.join(folder, 'scratch'),
      backups: name => path.join(folder, name),
      parallel: 1,
      ...settings,
    })
    const project = await test.core.projects.find('local')
    test.scope = { userId: 'local', projectId: project.id }
  }

  async function openPostgresTest(on: TestEngine<PostgresDatabase>): Promise<Parts> {
    const before = held
    held ??= await on.openReady()
    if (held.url !== undefined) return overServer(held.url)
    return overOneConnection(before ? await before.again() : held.database)
  }

  async function close(): Promise<void> {
    await test.core?.close()
    await end()
  }

  test.reopen = async (using = parsers) => {
    await close()
    await open(using)
  }
  test.close = async () => {
    await close()
    await held?.drop()
    await rm(folder, { recursive: true, force: true })
  }
  await open(parsers).catch(async error => {
    await test.close()
    throw error
  })
  return test
}

interface Parts {
  ports: Pick<Ports, 'database' | 'createQueue' | 'events'> & Pick<CoreSettings, 'shared'>
  /** After the core, which closes the database. */
  end(): Promise<void>
}

const clock = { now: () => Date.now() }
const ids = { next: () => v7() }
const retention = 86_400_000

async function openSqliteTest(folder: string): Promise<Parts> {
  const file = path.join(folder, 'cloister.db')
  if (!existsSync(file)) await createReadyFile(file)
  const database = await openTestSqlite({ file })
  const createQueue: Ports['createQueue'] = transaction =>
    createLeaseQueue({ transaction, clock, ids, owner: currentOwner() })
  return { ports: { database, createQueue, events: createEvents() }, end: async () => {} }
}

async function overServer(url: string): Promise<Parts> {
  const settings = { url, poolSize: 6, statementTimeout: 30_000, named: true }
  const parts = await openPostgresParts({ settings, jobRetention: retention, clock, ids, log: silent })
  const { database, createQueue, events, close } = parts
  return { ports: { database, createQueue, events, shared: true }, end: close }
}

/** PGlite: pg-boss between the store's transactions, and nobody to tell anything of. */
async function overOneConnection(database: PostgresDatabase): Promise<Parts> {
  const executeSql = (sql: string, values?: unknown[]) => database.query(sql, values)
  const opened = await openPgBoss({
    connection: { db: { executeSql } },
    kinds: Object.values(jobKinds),
    retention,
    log: silent,
    role: 'cloister_scoped',
    supervise: false,
  })
  const createQueue = () => createPgBossQueue({ opened, clock, ids })
  return { ports: { database, createQueue, events: createEvents(), shared: true }, end: opened.close }
}

/** An installation without models. */
export const noModels: Models = {
  chat: async () => undefined,
  embedding: async () => undefined,
  reranking: async () => undefined,
  async close() {},
}

/** Waits for the signal, which may be aborted already: `abort` is then never heard any more. Without a signal, for ever. */
export function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason)
    else signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

export async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text)
}

/**
 * A parser over texts whose lines are pages, for tests of what happens around it. `before` runs ahead of each page and
 * may throw what a parser throws, or wait.
 */
export function createLineParser(
  before: (page: number, request: ParseRequest, signal?: AbortSignal) => Promise<void> | void = () => {},
): Parsers {
  return {
    mediaType: name => (name.endsWith('.txt') ? 'text/plain' : undefined),
    isContainer: () => false,
    async *parse(request, signal): AsyncIterable<ParseEvent> {
      const { readFile } = await import('node:fs/promises')
      const lines = (await readFile(request.file, 'utf8')).split('\n')
      yield { type: 'start', mediaType: 'text/plain', paged: true, segments: lines.length }
      for (const [index, text] of lines.entries()) {
        if (index + 1 <= request.after) continue
        await before(index + 1, request, signal)
        signal?.throwIfAborted()
        const runs = [{ at: 0, end: text.length, rect: [50, 100, 550, 112] as [number, number, number, number] }]
        const blocks = text === '' ? [] : [{ kind: 'paragraph' as const, text, runs }]
        yield { type: 'segment', segment: { number: index + 1, width: 595, height: 842, blocks } }
      }
      yield { type: 'finish', segments: lines.length, cut: false, reasons: [] }
    },
    async recognize({ page, file }) {
      throw new AppError('damaged', { page, file })
    },
    async close() {},
  }
}
