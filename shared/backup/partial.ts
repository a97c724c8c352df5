/** A file under a name of its own until it is complete. */
import { randomBytes } from 'node:crypto'
import { link, lstat, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors.ts'
import { syncFolder } from '../files/sync-folder.ts'
import type { ErrorCode } from '../model/index.ts'

const ending = /^\.(\d+)-[0-9a-f]{12}\.partial$/

/** Nobody else's, be it that two are asked for at once. */
export function newPartial(file: string): string {
  return `${file}.${process.pid}-${randomBytes(6).toString('hex')}.partial`
}

/** Of processes that were killed. One on another machine is held for dead: it fails then, and loses nothing that was complete. */
export async function removePartials(file: string): Promise<void> {
  const folder = path.dirname(file)
  for (const name of await readdir(folder)) {
    const of = name.startsWith(path.basename(file)) ? ending.exec(name.slice(path.basename(file).length)) : null
    if (of && !(await mayBeWritten(path.join(folder, name), Number(of[1])))) await remove(path.join(folder, name))
  }
}

/** Throws `taken`. Not even a link to nothing may be in its place. */
export async function refuseExisting(file: string, taken: ErrorCode): Promise<void> {
  if (await lstat(file).catch(() => undefined)) throw new AppError(taken, { file })
}

/** Gives it its name, which is durable then. Throws `taken` where somebody was faster. */
export async function publish(partial: string, file: string, taken: ErrorCode): Promise<void> {
  try {
    await link(partial, file)
    await remove(partial)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST') throw new AppError(taken, { file })
    if (code === 'ENOENT') throw error
    // A system of files without links, as that of memory cards.
    await refuseExisting(file, taken)
    await rename(partial, file)
  }
  await syncFolder(path.dirname(file))
}

export async function remove(file: string): Promise<void> {
  await rm(file, { force: true }).catch(() => {})
}

async function mayBeWritten(partial: string, pid: number): Promise<boolean> {
  if (pid === process.pid) {
    // In a container each start may have the same number.
    const { mtimeMs } = await lstat(partial).catch(() => ({ mtimeMs: 0 }))
    return mtimeMs >= performance.timeOrigin
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
