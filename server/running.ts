import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { currentOwner, mayLive, type Owner } from '../shared/queue/owner.ts'

/**
 * Marks the data directory as in use by this process, and tells whether one before it ended without taking its mark
 * away (killed, or the machine lost its power): the database is then checked in the background.
 */
export async function markRunning(folder: string): Promise<{ unclean: boolean; end(): Promise<void> }> {
  const marks = path.join(folder, 'running')
  await mkdir(marks, { recursive: true, mode: 0o700 })
  const owner = currentOwner()
  let unclean = false
  for (const name of await readdir(marks)) {
    const mark = path.join(marks, name)
    try {
      if (mayLive(JSON.parse(await readFile(mark, 'utf8')) as Owner, owner)) continue
    } catch {
      // Half a mark: its process was killed while writing it, or has just taken it away.
    }
    unclean = true
    await rm(mark, { force: true })
  }
  const own = path.join(marks, `${owner.instance}.json`)
  await writeFile(own, JSON.stringify(owner))
  return { unclean, end: () => rm(own, { force: true }) }
}
