/**
 * Makes a backup of a library that is in use. The bytes of documents first, which takes longest and needs no transaction, as
 * they never change; then all rows at one moment; then the bytes that came in between. Bytes that are gone by then went with
 * their documents since that moment: the rows are then read anew.
 */
import { rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError, toAppError } from '../errors.ts'
import type { Blobs, Clock, Database } from '../ports.ts'
import { newestSchema, type RowSnapshot, readBlobs, readRows, refersTo } from '../store/read-rows.ts'
import { type LogicalTime, transferTables } from '../store/transfer-tables.ts'
import { openArchive } from './archive.ts'
import { type Checked, checkArchive } from './check.ts'
import { ahead, hashOf, type Reading, startReading, syncFolder } from './files.ts'
import {
  type BackupSummary,
  digestOf,
  formatName,
  formatVersion,
  type Header,
  type Manifest,
  names,
  sha256,
  summaryOf,
} from './format.ts'
import type { SharedBlobs } from './shared-blobs.ts'
import { type Append, createSink, type Sink } from './sink.ts'

export interface BackupSource {
  database: Database
  blobs: Blobs
  clock: Clock
}

/** How often rows are read anew, because documents went meanwhile. */
const mostTries = 20

/**
 * One new file, complete, on the disk, and read again from its first byte to its last. With `shared`, bytes of documents go
 * there, as far as they are not there yet. Throws `backup-exists`, `backup-unwritable`, `backup-unsettled`, `backup-damaged`
 * (what was written is not what is read), `disk-full`, `data-older`, `data-newer`.
 */
export async function writeBackup(
  source: BackupSource,
  { file, shared, signal }: { file: string; shared?: SharedBlobs; signal?: AbortSignal },
): Promise<BackupSummary> {
  const partial = `${file}.partial`
  await refuseExisting(file)
  try {
    // Of one that was killed.
    await rm(partial, { force: true })
    const sink = await createSink(partial).catch(error => {
      throw unwritable(file, error)
    })
    let summary: BackupSummary
    try {
      summary = await write(source, sink, partial, { ...(shared && { shared }), ...(signal && { signal }) })
    } finally {
      await sink.close()
    }
    await refuseExisting(file)
    await rename(partial, file)
    await syncFolder(path.dirname(file))
    return summary
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {})
    if (signal?.aborted) throw new AppError('cancelled', {}, { cause: error })
    throw ofTheTarget(file, error)
  }
}

async function write(
  { database, blobs, clock }: BackupSource,
  sink: Sink,
  partial: string,
  { shared, signal }: { shared?: SharedBlobs; signal?: AbortSignal },
): Promise<BackupSummary> {
  const header: Header = {
    format: formatName,
    version: formatVersion,
    created: new Date(clock.now()).toISOString(),
    engine: database.engine,
    schema: newestSchema(database),
    blobs: shared ? 'folder' : 'file',
  }
  const head = await writeJson(sink, names.header, header)

  /** Of what lies in the backup by now. */
  const sizes = new Map<string, number>()
  const open = async (hash: string) => {
    const from = sizes.has(hash) ? undefined : await blobs.file(hash)
    return { hash, reading: from === undefined ? undefined : await startReading(from) }
  }
  /** False where there is no such blob. */
  async function keep({ hash, reading }: Awaited<ReturnType<typeof open>>): Promise<boolean> {
    if (!reading) return sizes.has(hash)
    try {
      signal?.throwIfAborted()
      if (shared) {
        if (!(await shared.add(hash, reading, signal))) return false
      } else await sink.entry(names.blob(hash), append => appendAll(append, reading, signal))
      sizes.set(hash, reading.size)
      return true
    } finally {
      await reading.close()
    }
  }

  for await (const opened of ahead(readBlobs(database), open, async ({ reading }) => reading?.close()))
    await keep(opened)
  const beforeRows = sink.position
  for (let attempt = 1; attempt <= mostTries; attempt++) {
    const { tables, log, referred } = await readRows(database, snapshot => writeRows(sink, snapshot, signal))
    const late: string[] = []
    const missing: string[] = []
    let settled = true
    for (const hash of referred) {
      if (sizes.has(hash)) continue
      if (await keep(await open(hash))) late.push(hash)
      else if (await refersTo(database, hash)) missing.push(hash)
      else settled = false
    }
    if (settled) {
      const there = new Map([...referred].flatMap(hash => (sizes.has(hash) ? [[hash, sizes.get(hash) ?? 0]] : [])))
      const manifest = { header: head, tables, clock: log, missing: missing.sort() }
      return await finish(sink, partial, header, { manifest, there, blobs, ...(shared && { shared }) }, signal)
    }
    // What was written since the rows goes with them.
    await sink.cut(beforeRows)
    if (!shared) for (const hash of late) sizes.delete(hash)
  }
  throw new AppError('backup-unsettled')
}

/** Ends the file and reads it again. Bytes that the installation itself has no longer as they were are noted. */
async function finish(
  sink: Sink,
  partial: string,
  header: Header,
  {
    manifest: known,
    there,
    blobs,
    shared,
  }: {
    manifest: Pick<Manifest, 'header' | 'tables' | 'clock' | 'missing'>
    there: ReadonlyMap<string, number>
    blobs: Blobs
    shared?: SharedBlobs
  },
  signal: AbortSignal | undefined,
): Promise<BackupSummary> {
  const position = sink.position
  const damaged: Record<string, string> = {}
  for (;;) {
    const sound = [...there.keys()].filter(hash => !damaged[hash])
    const size = [...there.values()].reduce((sum, one) => sum + one, 0)
    const manifest: Manifest = {
      ...known,
      blobs: { count: there.size, size },
      damaged,
      digest: digestOf(known.tables, sound),
    }
    const seal = await writeJson(sink, names.manifest, manifest)
    await sink.entry(names.seal, append => append(Buffer.from(`${seal}\n`)))
    await sink.end()
    let changed = false
    const wrong = async (hash: string, found: string) => {
      const from = await blobs.file(hash)
      // What lies in the backup is not what was read: the backup is at fault.
      if (from === undefined || (await hashOf(from, signal)) !== found)
        throw new AppError('backup-damaged', { detail: names.blob(hash) })
      damaged[hash] = found
      changed = true
    }
    await checkFile(partial, { wrong, ...(shared && { pathOf: shared.pathOf }), ...(signal && { signal }) })
    if (!changed) return summaryOf(header, manifest)
    await sink.cut(position)
  }
}

async function checkFile(file: string, options: Parameters<typeof checkArchive>[1]): Promise<Checked> {
  const archive = await openArchive(file)
  try {
    return await checkArchive(archive, options)
  } finally {
    await archive.close()
  }
}

export interface WrittenRows {
  tables: Manifest['tables']
  log: LogicalTime
  /** The bytes that documents consist of. */
  referred: ReadonlySet<string>
}

export async function writeRows(
  sink: Pick<Sink, 'entry'>,
  snapshot: RowSnapshot,
  signal: AbortSignal | undefined,
): Promise<WrittenRows> {
  const tables: Manifest['tables'] = {}
  const referred = new Set<string>()
  for (const table of transferTables) {
    const digest = sha256()
    const blob = table.name === 'document' ? table.columns.indexOf('blob') : -1
    let count = 0
    await sink.entry(names.rows(table.name), async append => {
      for await (const rows of snapshot.rows(table)) {
        signal?.throwIfAborted()
        const bytes = Buffer.from(`${rows.map(row => JSON.stringify(row)).join('\n')}\n`)
        if (blob >= 0) for (const row of rows) referred.add(String(row[blob]))
        digest.update(bytes)
        await append(bytes)
        count += rows.length
      }
    })
    tables[table.name] = { columns: [...table.columns], rows: count, sha256: digest.digest('hex') }
  }
  return { tables, log: snapshot.clock, referred }
}

async function appendAll(append: Append, reading: Reading, signal: AbortSignal | undefined): Promise<void> {
  for await (const piece of reading.pieces()) {
    signal?.throwIfAborted()
    await append(piece)
  }
}

async function writeJson(sink: Sink, name: string, value: unknown): Promise<string> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 1)}\n`)
  await sink.entry(name, append => append(bytes))
  return sha256().update(bytes).digest('hex')
}

async function refuseExisting(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (found) throw new AppError('backup-exists', { file })
}

/** Trouble with the disk of the backup is not that of the data directory. */
function ofTheTarget(file: string, error: unknown): unknown {
  const known = toAppError(error)
  if (known.code === 'disk-error' || known.code === 'data-unwritable') return unwritable(file, error)
  return known.code === 'internal' ? error : known
}

function unwritable(file: string, error: unknown): AppError {
  const known = toAppError(error)
  if (known.code === 'disk-full') return known
  return new AppError('backup-unwritable', { file }, { cause: error })
}
