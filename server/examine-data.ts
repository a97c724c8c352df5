import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import type { Database } from '../shared/ports.ts'
import { type DatabaseFacts, readFacts, readStoredFiles } from '../shared/store/facts.ts'
import type { Finding } from './commands/doctor.ts'
import { dataDirectoryError, foldersOf } from './compose.ts'
import type { Context } from './context.ts'
import { examineBackupTrouble } from './examine-backups.ts'
import { detailOf, errorText } from './present.ts'
import { safe } from './text.ts'

/** A document of 100 MB, its text and its words fit into this. */
const littleSpace = 1e9

/**
 * The data directory and the database in it, as they are: nothing is created or migrated. `progress`: how much of the stored files has been
 * read, between 0 and 1.
 */
export async function* examineData(context: Context, progress?: (part: number) => void): AsyncGenerator<Finding> {
  const { translate } = context
  const folder = context.config().dataDirectory
  const shown = { folder: safe(folder) }
  const found = await stat(folder).catch((error: unknown) => error)
  if (found instanceof Error) {
    const missing = 'code' in found && found.code === 'ENOENT'
    if (missing) yield { name: 'data', state: 'ok', text: translate('cli.doctor.dataNew', shown) }
    else yield unusableFolder(context, folder, found)
    return
  }
  const entry = found as Awaited<ReturnType<typeof stat>>
  if (!entry.isDirectory()) {
    yield unusableFolder(context, folder, Object.assign(new Error('no folder'), { code: 'ENOTDIR' }))
    return
  }
  const open = process.platform !== 'win32' && (Number(entry.mode) & 0o077) !== 0
  const text = translate(open ? 'cli.doctor.dataOpen' : 'cli.doctor.data', shown)
  yield { name: 'data', state: open ? 'warn' : 'ok', text }
  yield await space(context, folder)

  // The library lies elsewhere; what may lie here of another one is not in use.
  if (context.config().database) return
  const { database: file } = foldersOf(folder)
  const size = await stat(file).catch(() => undefined)
  if (!size) {
    yield { name: 'database', state: 'ok', text: translate('cli.doctor.noDatabase') }
    return
  }
  let database: Database
  try {
    database = await openSqlite({ file, readers: 1 })
  } catch (error) {
    const detail = errorText(translate, dataDirectoryError(folder, error, context.config().backup?.folder))
    yield { name: 'database', state: 'bad', text: translate('cli.doctor.unusable', { detail }) }
    return
  }
  try {
    yield* examineDatabase(context, database, size.size)
    yield* examineFiles(context, database, foldersOf(folder).blobs, progress)
  } finally {
    await database.close()
  }
}

async function* examineDatabase(context: Context, database: Database, size: number): AsyncGenerator<Finding> {
  const { translate } = context
  const problems = await database.check(false)
  if (problems.length > 0) {
    const detail = safe(problems[0].slice(0, 200))
    const { backup, dataDirectory } = context.config()
    const text = backup
      ? translate('cli.doctor.damagedKept', { detail, folder: safe(backup.folder) })
      : translate('cli.doctor.damaged', { detail, folder: safe(foldersOf(dataDirectory).backups) })
    yield { name: 'check', state: 'bad', text }
    return
  }
  const megabytes = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 1 }).format(size / 1024 / 1024)
  yield { name: 'check', state: 'ok', text: translate('cli.doctor.sound', { megabytes }) }
  const { version, durable, settings, jobs } = await readFacts(database)
  // One too old is refused when the database is opened.
  yield { name: 'sqlite', state: 'ok', text: translate('cli.doctor.sqlite', { version }) }
  yield {
    name: 'durability',
    state: durable ? 'ok' : 'bad',
    text: translate(durable ? 'cli.doctor.durable' : 'cli.doctor.notDurable', settings),
  }
  yield* examineJobs(context, jobs)
  yield* examineBackupTrouble(context, database)
}

export function* examineJobs({ translate }: Context, jobs: DatabaseFacts['jobs']): Generator<Finding> {
  if (!jobs) return
  const key = jobs.open === 0 ? 'cli.doctor.jobs' : 'cli.doctor.jobsOpen'
  yield { name: 'jobs', state: 'ok', text: translate(key, { count: jobs.open }) }
  if (jobs.dead > 0) {
    yield { name: 'dead-jobs', state: 'warn', text: translate('cli.doctor.jobsDead', { count: jobs.dead }) }
  }
}

/** Whether the stored files are what was added, byte by byte. */
export async function* examineFiles(
  { translate, signal }: Context,
  database: Database,
  blobs: string,
  progress: (part: number) => void = () => {},
): AsyncGenerator<Finding> {
  const files = await readStoredFiles(database).catch(() => [])
  const whole = files.reduce((sum, { size }) => sum + size, 0)
  let sound = 0
  let read = 0
  for (const { path: shown, size, blob } of files) {
    signal.throwIfAborted()
    const file = path.join(blobs, blob.slice(0, 2), blob.slice(2))
    const found = await stat(file).catch(() => undefined)
    const isWhole = found?.size === size && (await hashOf(file).catch(() => undefined)) === blob
    read += size
    progress(read / Math.max(whole, 1))
    if (isWhole) sound += 1
    else {
      const key = found ? 'cli.doctor.fileChanged' : 'cli.doctor.fileMissing'
      yield { name: 'file', state: 'bad', text: translate(key, { file: safe(shown) }) }
    }
  }
  if (sound === files.length && sound > 0) {
    yield { name: 'files', state: 'ok', text: translate('cli.doctor.files', { count: sound }) }
  }
}

async function hashOf(file: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) digest.update(chunk as Uint8Array)
  return digest.digest('hex')
}

function unusableFolder({ translate }: Context, folder: string, error: unknown): Finding {
  const detail = detailOf(translate, String(dataDirectoryError(folder, error).values.detail))
  return { name: 'data', state: 'bad', text: translate('cli.doctor.dataBad', { folder: safe(folder), detail }) }
}

async function space({ translate }: Context, folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const gigabytes = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 1 }).format(free / 1e9)
  const low = free < littleSpace
  const text = translate(low ? 'cli.doctor.spaceLow' : 'cli.doctor.space', { gigabytes })
  return { name: 'space', state: low ? 'warn' : 'ok', text }
}
