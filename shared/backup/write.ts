/**
 * Makes a backup of a library that is in use. The bytes of documents first, which takes longest and needs no transaction, as
 * they never change; then all rows at one moment; then the bytes that came in between. Bytes that are gone by then went with
 * their documents since that moment: the rows are then read anew. A thread reads the file behind the one who writes it.
 */
import path from 'node:path'
import { AppError, toAppError } from '../errors.ts'
import type { Blobs, Clock, Database } from '../ports.ts'
import { newestSchema, type ReferredBlob, type RowSnapshot, readBlobs, readRows, refersTo } from '../store/read-rows.ts'
import { type Checker, startChecker } from './checker.ts'
import { ahead, startReading } from './files.ts'
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
import { newPartial, publish, refuseExisting, remove, removePartials } from './partial.ts'
import type { SharedBlobs } from './shared-blobs.ts'
import { createSink, type Sink } from './sink.ts'
import { writeRows, writeVectors } from './write-rows.ts'

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
 * (what was written is not what is read), `disk-full`, `data-older`, `data-newer`, `cancelled`.
 */
export async function writeBackup(
  source: BackupSource,
  { file, shared, signal }: { file: string; shared?: SharedBlobs; signal?: AbortSignal },
): Promise<BackupSummary> {
  let partial: string | undefined
  let checker: Checker | undefined
  try {
    signal?.throwIfAborted()
    await refuseExisting(file, 'backup-exists')
    await removePartials(file)
    partial = newPartial(file)
    const check = startChecker(signal)
    checker = check
    const sink = await createSink(partial, to => check.advance(to))
    try {
      const schema = newestSchema(source.database)
      await check.open({ file: partial, schema, light: false, folder: shared?.folder ?? path.dirname(file) })
      const options = { check, ...(shared && { shared }), ...(signal && { signal }) }
      const summary = await write(source, sink, options)
      await sink.close()
      await publish(partial, file, 'backup-exists')
      return summary
    } finally {
      await sink.close()
    }
  } catch (error) {
    if (partial !== undefined) await remove(partial)
    if (signal?.aborted) throw new AppError('cancelled', {}, { cause: error })
    throw ofTheTarget(file, error)
  } finally {
    await checker?.close()
  }
}

interface Options {
  check: Checker
  shared?: SharedBlobs
  signal?: AbortSignal
}

async function write(
  { database, blobs, clock }: BackupSource,
  sink: Sink,
  { check, shared, signal }: Options,
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
  const open = async ({ hash, size }: ReferredBlob) => {
    // It may lie far away, and needs not to be fetched.
    if (!sizes.has(hash) && (await shared?.has(hash, size))) sizes.set(hash, size)
    const from = sizes.has(hash) ? undefined : await blobs.file(hash)
    return { hash, reading: from === undefined ? undefined : await startReading(from) }
  }
  /** False where there is no such blob. */
  async function keep({ hash, reading }: Awaited<ReturnType<typeof open>>): Promise<boolean> {
    if (!reading) return sizes.has(hash)
    try {
      signal?.throwIfAborted()
      if (!shared) await sink.take(names.blob(hash), reading, signal)
      else if (!(await shared.add(hash, reading, check, signal))) return false
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
    const { referred, ...rows } = await readRows(database, snapshot => writeSnapshot(sink, snapshot, signal))
    const late: string[] = []
    const missing: string[] = []
    let settled = true
    for (const blob of referred) {
      const { hash } = blob
      if (sizes.has(hash)) continue
      if (await keep(await open(blob))) late.push(hash)
      else if (await refersTo(database, hash)) missing.push(hash)
      else settled = false
    }
    if (settled) {
      const there = new Map<string, number>()
      for (const { hash } of referred) if (sizes.has(hash)) there.set(hash, sizes.get(hash) ?? 0)
      return finish(sink, header, { ...rows, header: head, missing: missing.sort() }, { there, blobs, check })
    }
    // What was written since the rows goes with them.
    await sink.cut(beforeRows, () => check.rewind(beforeRows))
    if (!shared) for (const hash of late) sizes.delete(hash)
  }
  throw new AppError('backup-unsettled')
}

async function writeSnapshot(sink: Sink, snapshot: RowSnapshot, signal: AbortSignal | undefined) {
  const tables = await writeRows(sink, snapshot, signal)
  const carried = await snapshot.vectors()
  const vectors = carried && (await writeVectors(sink, carried, signal))
  const referred: ReferredBlob[] = []
  for await (const blob of snapshot.blobs()) referred.push(blob)
  return { tables, ...(vectors && { vectors }), clock: snapshot.clock, referred }
}

/** Ends the file and hears what was read of it. Bytes that the installation itself has no longer as they were are noted. */
async function finish(
  sink: Sink,
  header: Header,
  known: Pick<Manifest, 'header' | 'tables' | 'vectors' | 'clock' | 'missing'>,
  { there, blobs, check }: { there: ReadonlyMap<string, number>; blobs: Blobs; check: Checker },
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
    const { wrong } = await check.finish({ tolerant: true })
    if (wrong.length === 0) return summaryOf(header, manifest)
    for (const { blob, sha256: found } of wrong) {
      const from = await blobs.file(blob)
      // What lies in the backup is not what was read: the backup is at fault.
      if (from === undefined || (await check.hash(from)) !== found)
        throw new AppError('backup-damaged', { detail: names.blob(blob) })
      damaged[blob] = found
    }
    await sink.cut(position, () => check.rewind(position))
  }
}

async function writeJson(sink: Sink, name: string, value: unknown): Promise<string> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 1)}\n`)
  await sink.entry(name, append => append(bytes))
  return sha256().update(bytes).digest('hex')
}

/** Trouble with the disk of the backup is not that of the data directory. */
function ofTheTarget(file: string, error: unknown): unknown {
  const known = toAppError(error)
  const missing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
  if (missing || known.code === 'disk-error' || known.code === 'data-unwritable')
    return new AppError('backup-unwritable', { file }, { cause: error })
  return known.code === 'internal' ? error : known
}
