import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { v7 } from 'uuid'
import { createFolderBlobs } from '../shared/blobs/folder.ts'
import { type Core, type CoreSettings, createCore } from '../shared/core.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import { AppError } from '../shared/errors.ts'
import { createEvents } from '../shared/events/in-process.ts'
import type { Scope } from '../shared/model/index.ts'
import type { Blobs, Database, Models, ParseEvent, ParseRequest, Parsers } from '../shared/ports.ts'
import { createLeaseQueue, currentOwner } from '../shared/queue/lease.ts'
import { silent } from './open-store.ts'
import { sqlite, type TestDatabase, type TestEngine } from './postgres.ts'

export interface TestCore {
  core: Core
  scope: Scope
  database: Database
  folder: string
  /** Closes and opens again over the same data, as a new process would. */
  reopen(parsers?: Parsers): Promise<void>
  close(): Promise<void>
}

/** A core over a temporary folder: everything real, but the parser is the test's, so that it can fail on purpose. */
export async function openTestCore(
  parsers: Parsers,
  wrapBlobs = (blobs: Blobs) => blobs,
  models: Models = noModels,
  settings: Partial<CoreSettings> = {},
  engine: TestEngine = sqlite,
): Promise<TestCore> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-core-'))
  const test = { folder } as TestCore
  let held: TestDatabase | undefined

  async function openDatabase(): Promise<Database> {
    if (engine === sqlite) return openSqlite({ file: path.join(folder, 'cloister.db') })
    if (held) return held.again()
    held = await engine.open()
    return held.database
  }

  async function open(using: Parsers): Promise<void> {
    test.database = await openDatabase()
    const clock = { now: () => Date.now() }
    const ids = { next: () => v7() }
    test.core = await createCore({
      clock,
      ids,
      log: silent,
      database: test.database,
      blobs: wrapBlobs(await createFolderBlobs({ folder: path.join(folder, 'blobs') })),
      createQueue: transaction => createLeaseQueue({ transaction, clock, ids, owner: currentOwner() }),
      events: createEvents(),
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

  await open(parsers)
  test.reopen = async (using = parsers) => {
    await test.core.close()
    await open(using)
  }
  test.close = async () => {
    await test.core.close()
    await held?.drop()
    await rm(folder, { recursive: true, force: true })
  }
  return test
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
