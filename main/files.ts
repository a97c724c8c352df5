/** Small files that are there whole or not at all, whatever ends the process. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { syncFolder } from '../shared/files/sync-folder.ts'

/** Milliseconds for which Windows may say that somebody has a file: a scanner, or a process that ends, whose files close last. */
const patience = 2000

/** On the disk when it resolves, in place of what was there; where it rejects, that is there yet. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await makeFolder(path.dirname(file))
  const draft = `${file}.${randomBytes(6).toString('hex')}.draft`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await whenFree(() => rename(draft, file))
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw error
  }
  // It is in place now, whatever the disk says of the name: nobody must take it for unwritten.
  await syncFolder(path.dirname(file)).catch(() => {})
}

/** A folder and those above it that are not there, on the disk when it resolves. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path.resolve(folder); ; made = path.dirname(made)) {
    await syncFolder(path.dirname(made))
    if (made === path.resolve(first) || made === path.dirname(made)) return
  }
}

/** Does it again where Windows says that somebody has the file. */
export async function whenFree<T>(work: () => Promise<T>, platform = process.platform): Promise<T> {
  const end = performance.now() + patience
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (platform !== 'win32' || !['EPERM', 'EBUSY', 'EACCES'].includes(code) || performance.now() > end) throw error
      await pause(50)
    }
  }
}

/** Undefined where there is none. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
