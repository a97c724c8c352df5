/** What is seen of the folder of a library without opening it. */
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { currentOwner, mayLive, type Owner } from '../../shared/queue/owner.ts'

/** By what is in it, the folder that is being renamed is known from any other. */
export const markOfMove = 'moving'

/** What belongs to processes and not to the library; it is made anew. `server.lock` and its like may be opened by nobody else. */
export const passing = ['running', 'scratch', 'server.json', 'server.lock', 'commands.lock', markOfMove]

export const isOfTheSystem = (name: string) => /^(?:\.DS_Store|desktop\.ini|Thumbs\.db|\.localized)$/i.test(name)

export const hasLibrary = (folder: string): Promise<boolean> =>
  stat(path.join(folder, 'cloister.db')).then(
    () => true,
    () => false,
  )

/** Also by a link: users put the library elsewhere like that. */
export const isFolder = (folder: string): Promise<boolean> =>
  stat(folder).then(
    found => found.isDirectory(),
    () => false,
  )

/** Numbers of processes that are at work on the library, as they say themselves, but for `own`; empty: none. */
export async function usersOf(folder: string, own?: number): Promise<string> {
  const here = currentOwner()
  const marks = path.join(folder, 'running')
  const found: number[] = []
  for (const name of await readdir(marks).catch(() => [])) {
    try {
      const owner = JSON.parse(await readFile(path.join(marks, name), 'utf8')) as Owner
      if (owner.pid !== own && mayLive(owner, here)) found.push(owner.pid)
    } catch {
      // Half a mark, or none any more.
    }
  }
  return found.sort((a, b) => a - b).join(', ')
}

/** The folder itself counts. */
export function isWithin(file: string, folder: string): boolean {
  const way = path.relative(folder, file)
  return way === '' || (!path.isAbsolute(way) && way.split(path.sep)[0] !== '..')
}
