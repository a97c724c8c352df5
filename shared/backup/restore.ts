import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors.ts'
import { clearJob, indexJob, parseJob, recognizeJob } from '../ingest/jobs.ts'
import type { Blobs, Clock, Database, Ids, Log, Queue, SqlExecutor } from '../ports.ts'
import type { VectorLists } from '../store/carried-vectors.ts'
import { loadRows, type OpenWork, type RowSource } from '../store/load-rows.ts'
import { newestSchema, type RowSnapshot, readRows } from '../store/read-rows.ts'
import { stageRows } from '../store/stage-rows.ts'
import { type Cell, type TransferTable, transferTables } from '../store/transfer-tables.ts'
import { type Archive, openArchive } from './archive.ts'
import type { Checked } from './check.ts'
import { startChecker } from './checker.ts'
import { type BackupSummary, digestOf, formatVersion, names, summaryOf } from './format.ts'
import { createLineSplitter, readLines } from './lines.ts'
import { sharedPathOf } from './shared-blobs.ts'
import { writeRows } from './write-rows.ts'

/** A backup that was read through and is sound. */
export interface SoundBackup {
  summary: BackupSummary
  /**
   * Puts the bytes of its documents into the blobs, where others are left alone, then its rows in place of all that is in
   * the database, in one transaction. The store must have been opened over the database, and nobody else may use it. Throws
   * `backup-damaged` for what it was not when it was checked. Gives the digest of what is there now: that of the backup,
   * unless an earlier version wrote it. `progress`: how much of all is there, between 0 and 1.
   */
  load(target: RestoreTarget, signal?: AbortSignal, progress?: (part: number) => void): Promise<{ digest: string }>
  close(): Promise<void>
}

export interface RestoreTarget {
  database: Database
  blobs: Blobs
  ids: Ids
  clock: Clock
  log: Log
  queue: Pick<Queue, 'enqueue'>
  /** A new database of SQLite that is gone when it is closed, for rows of an earlier version. */
  stage(): Promise<Database>
}

/** Where a backup looks for blobs that it shares with others. */
export const sharedFolderOf = (file: string) => path.join(path.dirname(file), 'blobs')

/** Bytes that are read between two words on how far that is. */
const stretch = 16 * 1024 * 1024
/** Of what is put in, as time: the rest are rows, and nobody knows how long those take. */
const blobsPart = 0.8

/**
 * Reads all of it and says whether it is sound and can be restored by this program. Throws `backup-unreadable`,
 * `backup-format`, `backup-newer`, `backup-damaged`. `progress`: how much of it has been read, between 0 and 1.
 */
export async function openBackup(
  named: string,
  signal?: AbortSignal,
  progress?: (part: number) => void,
): Promise<SoundBackup> {
  // Where it lies, and the folder of blobs beside it, and not where something points to it.
  const file = await realpath(named).catch(error => {
    throw new AppError('backup-unreadable', { file: named }, { cause: error })
  })
  const checker = startChecker(signal)
  let checked: Checked
  try {
    // Both engines have the same number.
    const schema = newestSchema({ engine: 'sqlite' })
    await checker.open({ file, schema, light: false, folder: sharedFolderOf(file) })
    const { size } = await stat(file)
    for (let to = stretch; progress && to < size; to += stretch) {
      await checker.advance(to)
      progress(to / size)
    }
    checked = await checker.finish()
    if (checked.header.schema === schema && checked.header.version === formatVersion) demandColumns(checked)
  } catch (error) {
    throw signal?.aborted ? new AppError('cancelled', {}, { cause: error }) : error
  } finally {
    await checker.close()
  }
  const archive = await openArchive(file, checked.entries)
  return {
    summary: summaryOf(checked.header, checked.manifest),
    load: (target, stop, told) => load(archive, checked, sharedPathOf(sharedFolderOf(file)), target, stop, told),
    close: () => archive.close(),
  }
}

async function load(
  archive: Archive,
  { header, manifest, blobs }: Checked,
  pathOf: (hash: string) => string,
  target: RestoreTarget,
  signal: AbortSignal | undefined,
  progress: (part: number) => void = () => {},
): Promise<{ digest: string }> {
  const whole = [...blobs.values()].reduce((sum, size) => sum + size, 0)
  let put = 0
  for (const [hash, size] of blobs) {
    signal?.throwIfAborted()
    progress((put / Math.max(whole, 1)) * blobsPart)
    put += size
    const bytes = header.blobs === 'file' ? archive.read(names.blob(hash)) : createReadStream(pathOf(hash))
    const stored = await target.blobs.put(bytes, signal && { signal })
    if (stored.hash === hash) continue
    await target.blobs.remove(stored.hash)
    throw new AppError('backup-damaged', { detail: names.blob(hash) })
  }
  progress(blobsPart)
  const { queue } = target
  // Bytes that the backup lacks may lie in the target: they are used, but are nothing that came from here.
  const loaded = async (hash: string) => blobs.has(hash) && (await target.blobs.file(hash)) !== undefined
  const vectors = vectorsOf(archive, manifest, signal)
  const replace = (source: RowSource, digest: string) =>
    loadRows(
      target,
      { ...source, ...(vectors && { vectors }) },
      {
        enqueue: (tx, work) => enqueue(queue, tx, work),
        // Read back before it counts: what is there then is what is told.
        async verify(snapshot) {
          const found = await digestOfRows(snapshot, loaded, signal)
          if (found !== digest) throw new Error(`restored, but not the same: ${found} is not ${digest}`)
        },
      },
    )

  const rows = (table: string, columns: number) => rowsOf(archive, table, columns, signal)
  if (header.schema === newestSchema(target.database) && header.version === formatVersion) {
    await replace({ clock: manifest.clock, rows: ({ name, columns }) => rows(name, columns.length) }, manifest.digest)
    return manifest
  }
  const database = await target.stage()
  try {
    const tables = Object.entries(manifest.tables).map(([name, { columns }]) => ({ name, columns }))
    const columnsOf = (table: string) => manifest.tables[table]?.columns.length ?? 0
    const older = { schema: header.schema, tables, rows: (table: string) => rows(table, columnsOf(table)) }
    await stageRows({ ...target, database }, older)
    return await readRows(database, async snapshot => {
      const digest = await digestOfRows(snapshot, loaded, signal)
      await replace({ clock: manifest.clock, rows: table => parsed(snapshot, table) }, digest)
      return { digest }
    })
  } finally {
    await database.close()
  }
}

/** The digest of a library as it is. Its blobs are those that are there, without a look at what is in them. */
export async function digestLibrary(
  { database, blobs }: Pick<RestoreTarget, 'database' | 'blobs'>,
  signal?: AbortSignal,
): Promise<string> {
  const isThere = async (hash: string) => (await blobs.file(hash)) !== undefined
  return readRows(database, snapshot => digestOfRows(snapshot, isThere, signal))
}

async function digestOfRows(
  snapshot: RowSnapshot,
  isThere: (blob: string) => Promise<boolean>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const sink: Parameters<typeof writeRows>[0] = {
    async entry(_name, write) {
      await write(async () => {})
      return 0
    },
  }
  const tables = await writeRows(sink, snapshot, signal)
  const there: string[] = []
  for await (const { hash } of snapshot.blobs()) if (await isThere(hash)) there.push(hash)
  return digestOf(tables, there)
}

async function* rowsOf(
  archive: Archive,
  table: string,
  columns: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Cell[][]> {
  const name = names.rows(table)
  for await (const lines of readLines(archive.read(name, signal), name)) {
    for (const line of lines) if (!isRow(line, columns)) throw new AppError('backup-damaged', { detail: name })
    yield lines as Cell[][]
  }
}

async function* parsed(snapshot: RowSnapshot, table: TransferTable): AsyncGenerator<Cell[][]> {
  const splitter = createLineSplitter(table.name)
  for await (const { lines } of snapshot.rows(table)) yield splitter.push(lines) as Cell[][]
}

function vectorsOf(
  archive: Archive,
  { vectors }: Checked['manifest'],
  signal: AbortSignal | undefined,
): VectorLists | undefined {
  if (!vectors) return undefined
  const { fingerprint, name, dimensions } = vectors
  return {
    index: { fingerprint, name, dimensions },
    vectors: () => archive.read(names.vectors, signal),
    embedded: () => readLines(archive.read(names.embedded, signal), names.embedded),
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
