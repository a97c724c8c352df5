import { AppError } from '../errors.ts'

/**
 * Where a page of a list ended: what the list is sorted by, and the id. Both stand in it, so that the next page follows also
 * when that row is gone by then. Clients hand it back as it is.
 */
export interface Cursor {
  key: string | number
  id: string
}

export function writeCursor({ key, id }: Cursor): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url')
}

/** Throws `input-invalid` for what `writeCursor` did not write for a list sorted by such a key. */
export function readCursor(text: string, kind: 'string' | 'number'): Cursor {
  try {
    const [key, id] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    if (typeof key === kind && typeof id === 'string') return { key: key as string | number, id }
  } catch {
    // Not ours.
  }
  throw new AppError('input-invalid', { field: 'after' })
}
