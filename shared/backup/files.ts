import { type FileHandle, open } from 'node:fs/promises'
import { sha256 } from './format.ts'

const pieceSize = 1024 * 1024

/** Undefined where it is gone. */
export async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** From the beginning; each piece holds until the next one is asked for. One is read while the other is used. */
export async function* piecesOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const { size } = await handle.stat()
  if (size === 0) return
  const length = Math.min(pieceSize, size)
  let [using, filling] = [Buffer.allocUnsafe(length), Buffer.allocUnsafe(length)]
  let reading = handle.read(filling, 0, length, 0)
  for (let at = 0; ; ) {
    const { bytesRead } = await reading
    if (bytesRead === 0) return
    ;[using, filling] = [filling, using]
    at += bytesRead
    // What ends here needs no look behind its end.
    const more = at < size
    if (more) {
      reading = handle.read(filling, 0, length, at)
      reading.catch(() => {})
    }
    yield using.subarray(0, bytesRead)
    if (!more) return
  }
}

export async function hashOf(file: string, signal?: AbortSignal): Promise<string | undefined> {
  const handle = await openIfThere(file)
  if (!handle) return undefined
  try {
    const digest = sha256()
    for await (const piece of piecesOf(handle)) {
      signal?.throwIfAborted()
      digest.update(piece)
    }
    return digest.digest('hex')
  } finally {
    await handle.close()
  }
}

/** A name is durable when its folder is. Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
