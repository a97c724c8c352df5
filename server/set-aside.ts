/**
 * Keeps what a restore is about to replace: the restored library sweeps what it does not refer to. Whoever calls it has the data directory
 * alone, and goes on having it until the restore is through.
 */
import { constants, createReadStream, createWriteStream } from 'node:fs'
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { stampOf } from '../shared/files/stamp.ts'
import { syncFolder } from '../shared/files/sync-folder.ts'

const isDatabase = (name: string) => /^cloister\.db(?:-wal|-shm)?$/.test(name)

/**
 * Database and documents get into a folder of their own in the data directory: documents as second names of the same bytes where the disk
 * can, else as copies. Gives the folder, which bears its name when all of it is there. Throws the system's errors (no room) and the
 * signal's; nothing is changed then.
 */
export async function setAside(
  dataDirectory: string,
  {
    now = Date.now(),
    signal,
    progress = () => {},
  }: { now?: number; signal?: AbortSignal; progress?: (part: number) => void } = {},
): Promise<string> {
  const all = path.join(dataDirectory, 'set-aside')
  const aside = path.join(all, stampOf(now))
  const draft = `${aside}.draft`
  let made = draft
  // Of one that was killed: nothing was replaced then, and all of it lies where it lay.
  for (const name of await readdir(all).catch(() => []))
    if (/^\d{8}T\d{9}Z\.draft$/.test(name)) await rm(path.join(all, name), { recursive: true, force: true })
  try {
    await mkdir(draft, { recursive: true, mode: 0o700 })
    const names = (await readdir(dataDirectory)).filter(isDatabase)
    const sizes = await Promise.all(names.map(async name => (await stat(path.join(dataDirectory, name))).size))
    const whole = sizes.reduce((sum, size) => sum + size, 0)
    let copied = 0
    for (const name of names)
      await copyWhole(path.join(dataDirectory, name), path.join(draft, name), signal, bytes => {
        copied += bytes
        progress(copied / whole)
      })
    await nameAgain(path.join(dataDirectory, 'blobs'), path.join(draft, 'blobs'), signal)
    await rename(draft, aside)
    made = aside
    // What is replaced next must not be on the disk before this is.
    for (const folder of [all, dataDirectory]) await syncFolder(folder)
    return aside
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    throw error
  }
}

/** At once where the disk shares bytes; else piece by piece, which can be told and broken off. */
async function copyWhole(
  source: string,
  target: string,
  signal: AbortSignal | undefined,
  told: (bytes: number) => void,
): Promise<void> {
  signal?.throwIfAborted()
  const { size } = await stat(source)
  const shared = await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL).then(
    () => true,
    () => false,
  )
  if (shared) return told(size)
  const reading = createReadStream(source, { highWaterMark: 1024 * 1024 })
  reading.on('data', chunk => told(chunk.length))
  await pipeline(reading, createWriteStream(target, { mode: 0o600, flush: true }), { ...(signal && { signal }) })
  const { size: found } = await stat(target)
  if (found !== size) throw new Error(`${target} is not what ${source} is`)
}

async function nameAgain(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (entries.length > 0) await mkdir(to, { recursive: true, mode: 0o700 })
  for (const entry of entries) {
    signal?.throwIfAborted()
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) await nameAgain(source, target, signal)
    else if (entry.isFile())
      await link(source, target).catch(async (error: NodeJS.ErrnoException) => {
        // Drives without second names (FAT, exFAT, some of the network).
        if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EINVAL'].includes(error.code ?? ''))
          throw error
        await copyWhole(source, target, signal, () => {})
      })
  }
}
