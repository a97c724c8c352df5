/**
 * What a query gives, as Postgres keeps it: `copy` in its binary format. Bytes that come so become no strings on their way, which
 * `pg` makes of everything else.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Read } from '../schema.ts'

/**
 * In the bytes, from here on (behind `PGCOPY`, flags, and the length of what else there may be), each row: how many columns (2
 * bytes, -1 behind the last row), of each its size (4 bytes, -1 for null) and so many bytes. Numbers are big-endian.
 */
export const headSize = 19

/** The query can have no parameters. The bytes are in a place of their own: see `release`. */
export async function copyOut(db: Read, query: RawBuilder<unknown>): Promise<Buffer> {
  const { rows } = await sql<{ copied: Buffer }>`copy (${query}) to stdout (format binary)`.execute(db)
  return rows[0].copied
}

/** Of bytes that nobody needs any more: the garbage collector, for which megabytes like these are work, has none with them. */
export function release({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** Throws a `RangeError` for what is no safe integer. */
export function readInt8(bytes: Buffer, from: number): number {
  const value = bytes.readInt32BE(from) * 2 ** 32 + bytes.readUInt32BE(from + 4)
  if (!Number.isSafeInteger(value)) throw new RangeError('the database gave a whole number beyond 2^53')
  return value
}
