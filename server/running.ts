import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { currentOwner, mayLive, type Owner } from '../shared/queue/owner.ts'

const day = 24 * 60 * 60 * 1000

export interface Running {
  /** Names this process's mark. */
  instance: string
  /**
   * Whether the database is to be checked: a process before this one ended without taking its mark away (killed, or the
   * machine lost its power), or the last check is a day ago. It stays due until `checked`, over any number of commands.
   */
  checkDue: boolean
  checked(): Promise<void>
  /** Takes this process's mark away. */
  end(): Promise<void>
}

/** Marks the data directory as in use by this process. `database` is the file that `checkDue` speaks of. */
export async function markRunning(folder: string, database: string): Promise<Running> {
  const marks = path.join(folder, 'running')
  const lastCheck = path.join(folder, 'last-check')
  await mkdir(marks, { recursive: true, mode: 0o700 })
  const checked = () => writeFile(lastCheck, `${new Date().toISOString()}\n`)
  if (!existsSync(database)) await checked()
  const owner = currentOwner()
  for (const name of await readdir(marks)) {
    const mark = path.join(marks, name)
    if (await isHeld(mark, owner)) continue
    // In this order: killed in between, the next one finds the mark again.
    await rm(lastCheck, { force: true })
    await rm(mark, { force: true })
  }
  const own = path.join(marks, `${owner.instance}.json`)
  await writeFile(own, JSON.stringify(owner))
  const age = await stat(lastCheck).then(
    ({ mtimeMs }) => Math.abs(Date.now() - mtimeMs),
    () => Number.POSITIVE_INFINITY,
  )
  return { instance: owner.instance, checkDue: age > day, checked, end: () => rm(own, { force: true }) }
}

/** Half a mark belongs to a process that was killed while writing it, or has just taken it away. */
async function isHeld(mark: string, here: Owner): Promise<boolean> {
  try {
    return mayLive(JSON.parse(await readFile(mark, 'utf8')) as Owner, here)
  } catch {
    return false
  }
}
