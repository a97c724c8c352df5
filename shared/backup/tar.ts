/**
 * The frame of a backup: a tar file (POSIX.1-1988, ustar), which every system can list and unpack. Only one way of writing
 * a header is known here, so that a header read is compared with the one its name and size would be written as: no byte of
 * it can have another value unnoticed.
 */
import { AppError } from '../errors.ts'

export const blockSize = 512

/** From here on a size does not fit into eleven octal digits, and stands in binary (base-256, of GNU tar and star). */
const octalLimit = 8 ** 11

export function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(blockSize)
  header.write(name, 0, 100, 'latin1')
  header.write('0000600\0', 100, 'latin1')
  header.write('0000000\0', 108, 'latin1')
  header.write('0000000\0', 116, 'latin1')
  if (size < octalLimit) header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  else {
    header[124] = 0x80
    header.writeBigUInt64BE(BigInt(size), 128)
  }
  header.write('00000000000\0', 136, 'latin1')
  header.write('        0', 148, 'latin1')
  header.write('ustar\u000000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** Undefined for a block of zeros. Throws `backup-damaged`. */
export function readHeader(block: Buffer): { name: string; size: number } | undefined {
  if (isZero(block)) return undefined
  const end = block.indexOf(0)
  const name = block.toString('latin1', 0, Math.min(100, end < 0 ? 100 : end))
  const size =
    block[124] === 0x80 ? Number(block.readBigUInt64BE(128)) : Number.parseInt(block.toString('latin1', 124, 135), 8)
  if (!Number.isSafeInteger(size) || size < 0 || !headerOf(name, size).equals(block))
    throw new AppError('backup-damaged', { detail: 'header' })
  return { name, size }
}

/** Bytes behind an entry, up to the next block. */
export function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize
}

export function isZero(bytes: Buffer): boolean {
  return bytes.every(byte => byte === 0)
}
