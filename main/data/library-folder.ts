/** What is seen of the folder of a library without opening it. */
import { stat } from 'node:fs/promises'
import path from 'node:path'

/** By what is in it, the folder that is being renamed is known from any other. */
export const markOfMove = 'moving'

/** In a folder that was copied, which is to go: no other one that comes to its place later is taken for it. */
export const markOfCopied = 'moved'

/** What belongs to processes and not to the library; it is made anew. `server.lock` and its like may be opened by nobody else. */
export const passing = ['running', 'scratch', 'server.json', 'server.lock', 'commands.lock', markOfMove, markOfCopied]

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

/** The folder itself counts. */
export function isWithin(file: string, folder: string): boolean {
  const way = path.relative(folder, file)
  return way === '' || (!path.isAbsolute(way) && way.split(path.sep)[0] !== '..')
}
