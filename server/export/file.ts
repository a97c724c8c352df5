/** The archive as a file: under a name of its own until it is complete and was looked at. */
import { openAsBlob } from 'node:fs'
import { constants, type FileHandle, lstat, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { BlobReader, TextWriter, ZipReader } from '@zip.js/zip.js'
import { newPartial, publish, refuseExisting, remove, removePartials } from '../../shared/backup/partial.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import { syncFolder } from '../../shared/files/sync-folder.ts'
import { type Manifest, manifestName } from './write.ts'

/** Throws `export-exists`, without `force`; `export-unwritable` for what is there and is no file. */
export async function demandFree(file: string, force: boolean): Promise<void> {
  if (!force) return refuseExisting(file, 'export-exists')
  const found = await lstat(file).catch(() => undefined)
  // A link too: what it leads to is not what was named.
  if (found && !found.isFile()) throw new AppError('export-unwritable', { file })
}

/**
 * Writes the archive, all of it on the disk before it has its name. Throws `export-exists`, `export-unwritable`, `export-broken` where it
 * ends early, `disk-full`, and what reading it throws; then nothing is left of it, and what was there before is still there.
 */
export async function writeArchive(
  bytes: AsyncIterable<Uint8Array>,
  { file, force }: { file: string; force: boolean },
): Promise<{ size: number; manifest: Manifest }> {
  let partial: string | undefined
  try {
    await ofTheFile(file, () => removePartials(file))
    partial = newPartial(file)
    const name = partial
    const handle = await ofTheFile(file, () =>
      open(name, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600),
    )
    const size = await fill(handle, file, bytes)
    const manifest = await readManifest(partial)
    await ofTheFile(file, async () => {
      await demandFree(file, force)
      if (!force) return publish(name, file, 'export-exists')
      await rename(name, file)
      await syncFolder(path.dirname(file))
    })
    return { size, manifest }
  } catch (error) {
    if (partial !== undefined) await remove(partial)
    throw error
  }
}

async function fill(handle: FileHandle, file: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  try {
    for await (const part of bytes) {
      await ofTheFile(file, () => handle.appendFile(part))
      size += part.length
    }
    await ofTheFile(file, () => handle.sync())
  } finally {
    await handle.close()
  }
  return size
}

/** The last of an archive, which one that ends early has not. */
async function readManifest(file: string): Promise<Manifest> {
  const reader = new ZipReader(new BlobReader(await openAsBlob(file)))
  try {
    const entry = (await reader.getEntries()).at(-1)
    if (!entry || entry.directory || entry.filename !== manifestName) throw new Error('the last file is another one')
    return JSON.parse(await entry.getData(new TextWriter())) as Manifest
  } catch (error) {
    throw new AppError('export-broken', {}, { cause: error })
  } finally {
    await reader.close()
  }
}

/** Trouble with the disk of the archive is not that of the data directory. */
async function ofTheFile<T>(file: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const known = toAppError(error)
    if (error instanceof AppError || known.code === 'disk-full' || known.code === 'out-of-memory') throw known
    throw new AppError('export-unwritable', { file }, { cause: error })
  }
}
