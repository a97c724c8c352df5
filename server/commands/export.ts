/** Everything that is one's own as one archive: from the server that has the data directory, else from the library itself. */
import { realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { pipeline } from 'node:stream/promises'
import { AppError, toAppError } from '../../shared/errors.ts'
import { connect as connectStore } from '../../shared/store/connection.ts'
import { readAccount } from '../auth/people.ts'
import type { Context } from '../context.ts'
import { demandFree, writeArchive } from '../export/file.ts'
import { exportOf } from '../export/write.ts'
import { findPlace, type Place } from '../library.ts'
import { usageError } from '../present.ts'
import { safe } from '../text.ts'

/** Milliseconds between two words on how far it is. */
const tellTime = 250

/** `named`: a file, or `-` for the standard output. */
export async function exportOwn(
  context: Context,
  named: string,
  { force = false }: { force?: boolean },
): Promise<void> {
  const { translate, json, signal } = context
  const toOutput = named === '-'
  if (named.trim() === '') throw usageError(translate('cli.usage.argument'))
  if (toOutput && (json || process.stdout.isTTY)) throw usageError(translate('cli.usage.exportOutput'))
  const { workingDirectory, dataDirectory } = context.config()
  const file = toOutput ? undefined : path.resolve(workingDirectory, named)
  if (file !== undefined) {
    if (await isInside(path.dirname(file), dataDirectory)) throw usageError(translate('cli.usage.exportPlace'))
    await demandFree(file, force)
  }
  try {
    await withArchive(context, async archive => {
      const bytes = watched(context, archive, file)
      if (file === undefined) await pipeline(bytes, process.stdout, { end: false })
      else tell(context, file, await writeArchive(bytes, { file, force }))
    })
  } catch (error) {
    throw signal.aborted ? new AppError('cancelled', {}, { cause: error }) : toAppError(error)
  } finally {
    context.terminal.live([])
  }
}

async function isInside(folder: string, other: string): Promise<boolean> {
  const real = (one: string) => realpath(one).catch(() => path.resolve(one))
  const way = path.relative(await real(other), await real(folder))
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}

async function withArchive(
  context: Context,
  run: (archive: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const { translate, signal } = context
  const config = context.config()
  const place: Place = config.database ? {} : await findPlace(config.dataDirectory, signal)
  if (place.server) {
    const { fetchExport } = await import('../remote.ts')
    return run(await fetchExport(place.server, translate.language, signal))
  }
  try {
    const { openCore } = await import('../compose.ts')
    const { core, database, close } = await openCore({ config, log: context.log() })
    const connection = connectStore(database)
    try {
      const userId = await core.operator()
      const account = (await readAccount(connection.read('internal'), userId)) ?? { id: userId }
      const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
      const noted = { actorId: userId, ownerId: userId, objectId: userId, address: null }
      await core.audit.note({ ...noted, action: 'account.export' })
      await run(exportOf({ core, userId, version, account }, signal))
    } finally {
      connection.close()
      await close()
    }
  } finally {
    place.lock?.release()
  }
}

/** How far it is, on a terminal: how much there will be nobody knows. */
async function* watched(
  { terminal, translate }: Context,
  bytes: AsyncIterable<Uint8Array>,
  file: string | undefined,
): AsyncGenerator<Uint8Array> {
  const name = file === undefined ? '-' : safe(path.basename(file))
  let size = 0
  let told = 0
  for await (const part of bytes) {
    size += part.length
    if (terminal.watched && performance.now() - told > tellTime) {
      told = performance.now()
      terminal.live([translate('cli.export.writing', { name, megabytes: megabytesOf(translate.language, size) })])
    }
    yield part
  }
}

function tell(
  { terminal, translate, json }: Context,
  file: string,
  { size, manifest }: Awaited<ReturnType<typeof writeArchive>>,
): void {
  const { createdAt, projects, leftChats } = manifest
  const sum = (count: (project: (typeof projects)[number]) => number) =>
    projects.reduce((all, project) => all + count(project), 0)
  const documents = sum(project => project.documents)
  const chats = leftChats + sum(project => project.chats)
  const missing = sum(project => project.missing.length)
  terminal.live([])
  if (json) {
    terminal.json({ file, size, createdAt, projects: projects.length, documents, chats, missing })
    return
  }
  const megabytes = megabytesOf(translate.language, size)
  terminal.out(translate('cli.export.done', { file: safe(file) }))
  terminal.out(translate('cli.export.contents', { projects: projects.length, documents, chats, megabytes }))
  if (missing > 0) terminal.note(translate('cli.export.missing', { count: missing }))
  terminal.note(translate('cli.export.secret'))
}

function megabytesOf(language: string, size: number): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(size / 1024 / 1024)
}
