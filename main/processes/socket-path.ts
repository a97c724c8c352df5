import { createHash } from 'node:crypto'
import path from 'node:path'

/** Bytes: 108 on Linux and 104 on macOS hold a path with its end. */
const longest = 100

/**
 * Where the server of this data directory listens: a named pipe on Windows, else a socket in a folder that is this user's alone.
 * `folders`: where that may be, the best first; the first one whose path is short enough is taken. Throws where none is.
 */
export function socketPath(dataDirectory: string, folders: readonly string[], platform = process.platform): string {
  const name = `cloister-${createHash('sha256').update(path.resolve(dataDirectory)).digest('hex').slice(0, 12)}`
  if (platform === 'win32') return `\\\\.\\pipe\\${name}`
  const found = folders.map(folder => path.join(folder, `${name}.sock`)).find(file => Buffer.byteLength(file) < longest)
  if (found === undefined)
    throw new Error(`no folder for a socket has a path of less than ${longest} bytes: ${folders}`)
  return found
}
