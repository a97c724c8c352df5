import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../errors.ts'
import { fileError } from './read-file.ts'

const partSize = 256 * 1024
/** What took a file's place since it was seen, a pipe nobody writes into or a link, is not waited for and not followed. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0)

/**
 * The bytes of a file of a folder, each part with memory of its own, by calls of the system that wait: in the folder's thread nobody
 * else is held up by a drive that hangs. At their end it says whether it is still the file that was begun. The last part is returned.
 */
export function* readBytes(root: string, file: string): Generator<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let handle: number
  try {
    handle = openSync(path.join(root, file), flags)
  } catch (error) {
    throw fileError(file, error)
  }
  try {
    const before = fstatSync(handle)
    if (!before.isFile()) throw new AppError('file-missing', { file })
    // One more than there is: what ends within it needs no second round.
    const size = Math.min(partSize, before.size + 1)
    for (;;) {
      const part = new Uint8Array(size)
      let filled = 0
      for (let read = -1; read !== 0 && filled < size; filled += read) {
        read = readSync(handle, part, filled, size - filled, null)
      }
      if (filled === size) {
        yield part
        continue
      }
      const after = fstatSync(handle)
      if (before.size !== after.size || before.mtimeMs !== after.mtimeMs) throw new AppError('file-changed')
      return part.subarray(0, filled)
    }
  } catch (error) {
    throw error instanceof AppError ? error : fileError(file, error)
  } finally {
    closeSync(handle)
  }
}
