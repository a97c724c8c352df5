import { closeSync, openSync, readSync } from 'node:fs'
import { sha256 } from './format.ts'

const pieceSize = 512 * 1024

/** SHA-256 of what is in the file; undefined where there is none. Returns when it is done: for a thread of its own. */
export function hashFile(file: string): string | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    const digest = sha256()
    const piece = Buffer.allocUnsafe(pieceSize)
    for (let count = 1; count > 0; ) {
      count = readSync(descriptor, piece, 0, pieceSize, null)
      digest.update(piece.subarray(0, count))
    }
    return digest.digest('hex')
  } finally {
    closeSync(descriptor)
  }
}
