import { open } from 'node:fs/promises'
import { AppError, toAppError } from '../errors.ts'

/** The bytes of a file, and at their end whether it is still the file that was begun. `file`: what errors call it. */
export async function* readFileBytes(place: string | Buffer, file: string): AsyncGenerator<Uint8Array> {
  let handle: Awaited<ReturnType<typeof open>>
  try {
    handle = await open(place, 'r')
  } catch (error) {
    throw fileError(file, error)
  }
  try {
    const before = await handle.stat()
    // Not through a stream: what goes wrong in here is the file's, what whoever takes the bytes throws is not.
    const buffer = Buffer.allocUnsafe(Math.min(256 * 1024, Math.max(1024, before.size + 1)))
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null).catch((error: unknown) => {
        throw fileError(file, error)
      })
      if (bytesRead === 0) break
      yield new Uint8Array(buffer.subarray(0, bytesRead))
    }
    const after = await handle.stat()
    if (before.size !== after.size || before.mtimeMs !== after.mtimeMs) throw new AppError('file-changed')
  } finally {
    await handle.close()
  }
}

export function fileError(file: string, error: unknown): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE'].includes(code)) {
    return new AppError('file-missing', { file }, { cause: error })
  }
  const known = toAppError(error)
  // Not our disk's: the one the file lies on.
  if (known.code === 'internal' || known.code === 'out-of-memory') return known
  return new AppError('file-unreadable', { file }, { cause: error })
}
