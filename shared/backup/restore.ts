import { createReadStream } from 'node:fs'
import path from 'node:path'
import { AppError } from '../errors.ts'
import { clearJob, indexJob, parseJob, recognizeJob } from '../ingest/jobs.ts'
import type { Blobs, Database, Ids, Queue, SqlExecutor } from '../ports.ts'
import { loadRows, type OpenWork } from '../store/load-rows.ts'
import { newestSchema, readRows } from '../store/read-rows.ts'
import { type Cell, type TransferTable, transferTables } from '../store/transfer-tables.ts'
import { type Archive, openArchive } from './archive.ts'
import { type Checked, checkArchive } from './check.ts'
import { type BackupSummary, digestOf, names, summaryOf } from './format.ts'
import { readLines } from './lines.ts'
import { createSharedBlobs } from './shared-blobs.ts'
import { writeRows } from './write.ts'

/** A backup that was read through and is sound. */
export interface SoundBackup {
  summary: BackupSummary
  /**
   * Puts the bytes of its documents into the blobs, where others are left alone, then its rows in place of all that is in
   * the database, in one transaction. The store must have been opened over the database, and nobody else may use it. Throws
   * `backup-damaged` for what it was not when it was checked.
   */
  load(target: RestoreTarget, signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface RestoreTarget {
  database: Database
  blobs: Blobs
  ids: Ids
  queue: Pick<Queue, 'enqueue'>
}

/** Where a backup looks for blobs that it shares with others. */
export const sharedFolderOf = (file: string) => path.join(path.dirname(file), 'blobs')

/**
 * Reads all of it and says whether it is sound and can be restored by this program. Throws `backup-unreadable`,
 * `backup-format`, `backup-newer`, `backup-older`, `backup-damaged`.
 */
export async function openBackup(file: string, signal?: AbortSignal): Promise<SoundBackup> {
  const archive = await openArchive(file)
  try {
    const { schema } = archive.header
    // Both engines have the same number.
    const known = newestSchema({ engine: 'sqlite' })
    if (schema > known) throw new AppError('backup-newer')
    if (schema < known) throw new AppError('backup-older', { schema, known })
    const { pathOf } = createSharedBlobs(sharedFolderOf(file))
    const checked = await checkArchive(archive, { pathOf, ...(signal && { signal }) })
    demandColumns(checked)
    return {
      summary: summaryOf(archive.header, checked.manifest),
      load: (target, stop) => load(archive, checked, pathOf, target, stop),
      close: () => archive.close(),
    }
  } catch (error) {
    await archive.close()
    throw error
  }
}

async function load(
  archive: Archive,
  { manifest, blobs }: Checked,
  pathOf: (hash: string) => string,
  target: RestoreTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const hash of blobs.keys()) {
    signal?.throwIfAborted()
    const bytes = archive.header.blobs === 'file' ? archive.read(names.blob(hash)) : createReadStream(pathOf(hash))
    const stored = await target.blobs.put(bytes, signal && { signal })
    if (stored.hash === hash) continue
    await target.blobs.remove(stored.hash)
    throw new AppError('backup-damaged', { detail: names.blob(hash) })
  }
  const rows = (table: TransferTable) => rowsOf(archive, table, signal)
  const { queue } = target
  await loadRows(target, { clock: manifest.clock, rows }, (tx, work) => enqueue(queue, tx, work))
  // Read back: what is there now is what is told.
  const found = await digestLibrary(target, signal)
  if (found !== manifest.digest) throw new Error(`restored, but not the same: ${found} is not ${manifest.digest}`)
}

/** The digest of a library as it is. Its blobs are those that are there, without a look at what is in them. */
export async function digestLibrary(
  { database, blobs }: Pick<RestoreTarget, 'database' | 'blobs'>,
  signal?: AbortSignal,
): Promise<string> {
  const sink: Parameters<typeof writeRows>[0] = {
    async entry(_name, write) {
      await write(async () => {})
      return 0
    },
  }
  const { tables, referred } = await readRows(database, snapshot => writeRows(sink, snapshot, signal))
  const there: string[] = []
  for (const hash of referred) if (await blobs.file(hash)) there.push(hash)
  return digestOf(tables, there)
}

async function* rowsOf(archive: Archive, table: TransferTable, signal?: AbortSignal): AsyncGenerator<Cell[][]> {
  const name = names.rows(table.name)
  for await (const lines of readLines(archive.read(name, signal), name)) {
    for (const line of lines)
      if (!isRow(line, table.columns.length)) throw new AppError('backup-damaged', { detail: name })
    yield lines as Cell[][]
  }
}

function isRow(line: unknown, columns: number): line is Cell[] {
  const isCell = (value: unknown) => value === null || typeof value === 'string' || typeof value === 'number'
  return Array.isArray(line) && line.length === columns && line.every(isCell)
}

function demandColumns({ manifest }: Checked): void {
  for (const { name, columns } of transferTables) {
    const found = manifest.tables[name]?.columns
    if (found?.join() !== columns.join()) throw new AppError('backup-damaged', { detail: names.rows(name) })
  }
}

async function enqueue(queue: Pick<Queue, 'enqueue'>, tx: SqlExecutor, { documents, hidden }: OpenWork): Promise<void> {
  const jobs = { parse: parseJob, index: indexJob, recognize: recognizeJob }
  for (const { id, userId, work } of documents) await queue.enqueue(tx, jobs[work](id, { userId }))
  for (const id of hidden) await queue.enqueue(tx, clearJob(id))
}
