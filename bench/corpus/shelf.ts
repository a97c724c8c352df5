import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { v7 } from 'uuid'
import { createFolderBlobs } from '../../shared/blobs/folder.ts'
import { type Core, createCore } from '../../shared/core.ts'
import { openSqlite } from '../../shared/db/sqlite/index.ts'
import { AppError } from '../../shared/errors.ts'
import { createEvents } from '../../shared/events/in-process.ts'
import type { Document, Receipt, Scope } from '../../shared/model/index.ts'
import { createParsers } from '../../shared/parsers/parsers.ts'
import type { ChildProcess, Models } from '../../shared/ports.ts'
import { createForkedProcesses } from '../../shared/processes/fork.ts'
import { createLeaseQueue, currentOwner } from '../../shared/queue/lease.ts'

/** A library over a folder, with the real parser processes, and an eye on them. */
export interface Shelf {
  core: Core
  scope: Scope
  /** Parser processes that live now. */
  children(): readonly number[]
  /** How many were started so far. */
  started(): number
  /** Parser processes that ended by themselves or had to be ended, by the document they read. */
  ended: { documentId: string; code: string }[]
  close(): Promise<void>
}

/** `processes`: parsers at once. Pages without text stay so: recognition has a bench of its own. */
export async function openShelf(folder: string, { processes = 1 } = {}): Promise<Shelf> {
  await mkdir(path.join(folder, 'scratch'), { recursive: true })
  const clock = { now: () => Date.now() }
  const ids = { next: () => v7() }
  const ended: Shelf['ended'] = []
  const nothing = () => {}
  const log = {
    debug: nothing,
    info: nothing,
    warn(message: string, { documentId, code }: Record<string, unknown> = {}) {
      if (message === 'parser ended') ended.push({ documentId: String(documentId), code: String(code) })
    },
    error: nothing,
  }
  const entry = fileURLToPath(new URL('../../shared/parsers/process.ts', import.meta.url))
  const forked = createForkedProcesses({ entries: { parser: entry }, log })
  const living = new Set<number>()
  let started = 0
  const spawn = (): ChildProcess => {
    const child = forked.spawn('parser')
    started += 1
    const { pid } = child
    if (pid !== undefined) {
      living.add(pid)
      void child.exit.then(() => living.delete(pid))
    }
    return child
  }
  const core = await createCore({
    clock,
    ids,
    log,
    database: await openSqlite({ file: path.join(folder, 'cloister.db') }),
    blobs: await createFolderBlobs({ folder: path.join(folder, 'blobs') }),
    createQueue: transaction => createLeaseQueue({ transaction, clock, ids, owner: currentOwner() }),
    events: createEvents(),
    parsers: createParsers({ spawn, log, processes }),
    models: noModels,
    scratch: path.join(folder, 'scratch'),
    backups: name => path.join(folder, name),
    parallel: processes,
    recognition: false,
  })
  const project = await core.projects.find('local')
  return {
    core,
    scope: { userId: 'local', projectId: project.id },
    children: () => [...living],
    started: () => started,
    ended,
    close: () => core.close(),
  }
}

const noModels: Models = {
  chat: async () => undefined,
  embedding: async () => undefined,
  reranking: async () => undefined,
  async close() {},
}

/** What became of a file: a document with its receipt, or the error that refused it. */
export interface Fate {
  document?: Document
  receipt?: Receipt
  /** Why it was refused, or failed. */
  code?: string
}

/** Adds a file; what is refused at once has its fate already. */
export async function addFile(
  { core, scope }: Shelf,
  name: string,
  open: () => AsyncIterable<Uint8Array>,
): Promise<{ id: string } | { code: string }> {
  try {
    const { document } = await core.documents.add(scope, { name, open })
    return { id: document.id }
  } catch (error) {
    if (error instanceof AppError) return { code: error.code }
    throw error
  }
}

/** Milliseconds without any progress after which the work hangs: a parser is given 60 s, and started once more. */
const patience = 75_000

/** Waits for the work to end; says which documents hang, if they do. */
export async function awaitAll({ core, scope }: Shelf, note: (line: string) => void): Promise<Document[]> {
  const control = new AbortController()
  let last = performance.now()
  const listening = (async () => {
    for await (const _ of core.watch(control.signal)) last = performance.now()
  })().catch(() => {})
  const watch = setInterval(() => {
    if (performance.now() - last > patience) control.abort()
  }, 500)
  try {
    await core.settled(scope, control.signal)
    return []
  } catch (error) {
    if (!control.signal.aborted) throw error
    const open = (await core.documents.list(scope)).filter(({ state }) =>
      ['queued', 'parsing', 'indexing'].includes(state),
    )
    for (const { name, state } of open) note(`hangs: ${name}, ${state}`)
    return open
  } finally {
    clearInterval(watch)
    control.abort()
    await listening
  }
}

export async function fateOf({ core, scope }: Shelf, added: { id: string } | { code: string }): Promise<Fate> {
  if ('code' in added) return added
  const document = await core.documents.get(scope, added.id)
  const receipt = await core.documents.receipt(scope, added.id)
  return {
    document,
    ...(receipt && { receipt }),
    ...(document.state !== 'ready' && { code: document.reason?.code ?? `no reason: ${document.state}` }),
  }
}

/** Everything that was read of a document, margins too; without `headings` the names of sheets are left out. */
export async function textOf({ core, scope }: Shelf, { id, parsed }: Document, headings = true): Promise<string> {
  const lines: string[] = []
  for (let number = 1; number <= parsed; number++) {
    const segment = await core.documents.segment(scope, id, number)
    for (const { kind, text } of [...(segment?.blocks ?? []), ...(segment?.margins ?? [])])
      if (headings || kind !== 'heading') lines.push(text)
  }
  return lines.join('\n')
}

/** Of a document and of what came out of it. */
export async function textOfFamily(shelf: Shelf, document: Document): Promise<string> {
  const all = await shelf.core.documents.list(shelf.scope)
  const texts: string[] = []
  const gather = async (one: Document): Promise<void> => {
    texts.push(await textOf(shelf, one))
    for (const child of all) if (child.parentId === one.id) await gather(child)
  }
  await gather(document)
  return texts.join('\n')
}
