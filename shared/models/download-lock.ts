/** One process at a time works at a download: a file that only one can make, with the name of whoever made it. */
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'

/** A process, as the others see it. */
export interface Owner {
  /** Where a process number means the same process. */
  host: string
  pid: number
  /** Process numbers come again; this does not. */
  instance: string
}

export interface LockDependencies {
  owner: Owner
  /** False only when it is certain that there is no such process any more. */
  mayLive(owner: Owner): boolean
}

export interface Lock {
  /** Throws `download-elsewhere` when another process has taken it: this one stood still for too long. */
  check(): Promise<void>
  release(): Promise<void>
}

/**
 * Milliseconds after which the lock of a process that cannot be looked at (on another machine, in another container) is
 * nobody's; while it is held it is touched by every check, some times a second, and at least so often.
 */
const deserted = 120_000
const touching = 15_000

/** Undefined while another process has it. */
export async function takeLock(
  file: string,
  { owner, mayLive }: LockDependencies,
  lost: () => Error,
): Promise<Lock | undefined> {
  const text = JSON.stringify(owner)
  for (;;) {
    if (await create(file, text)) break
    const found = await look(file)
    if (!found) continue
    if (!isFree(found, owner, mayLive)) return undefined
    await clear(file, found.text)
  }
  const holds = async () => (await readFile(file, 'utf8').catch(() => '')) === text
  const touch = async () => {
    const now = new Date()
    if (await holds()) await utimes(file, now, now).catch(() => {})
  }
  const beat = setInterval(() => void touch(), touching)
  beat.unref()
  return {
    async check() {
      if (!(await holds())) throw lost()
    },
    async release() {
      clearInterval(beat)
      if (await holds()) await rm(file, { force: true })
    },
  }
}

async function create(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(text)
    } finally {
      await handle.close()
    }
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

interface Found {
  text: string
  /** Milliseconds since it was touched. */
  age: number
}

async function look(file: string): Promise<Found | undefined> {
  try {
    const [text, { mtimeMs }] = [await readFile(file, 'utf8'), await stat(file)]
    return { text, age: Date.now() - mtimeMs }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Whether somebody has it now. */
export async function isLocked(file: string, { owner, mayLive }: LockDependencies): Promise<boolean> {
  const found = await look(file)
  return found !== undefined && !isFree(found, owner, mayLive)
}

function isFree({ text, age }: Found, here: Owner, mayLive: (owner: Owner) => boolean): boolean {
  let other: Partial<Owner> = {}
  try {
    other = JSON.parse(text) as Partial<Owner>
  } catch {
    // Just being written, or by a process that was killed meanwhile.
  }
  const { host, pid, instance } = other
  if (typeof host !== 'string' || typeof pid !== 'number' || typeof instance !== 'string') return age > touching
  if (host !== here.host) return age > deserted
  // A process with our number that is not us was there before us.
  return (pid === here.pid && instance !== here.instance) || !mayLive({ host, pid, instance })
}

/** Takes the lock away that was found, and no other: whoever made a new one meanwhile gets it back. */
async function clear(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}.old`
  try {
    await rename(file, aside)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  const taken = await readFile(aside, 'utf8')
  if (taken !== text) await create(file, taken)
  await rm(aside, { force: true })
}
