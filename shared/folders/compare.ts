/** What lies in a folder beside what is known of it, pair by pair: neither all files nor all rows are ever in memory. */
import type { FileFacts, FolderEntry } from '../model/index.ts'
import { compareBytes } from '../model/path-order.ts'
import type { FolderEntries } from '../ports.ts'
import type { FileRow } from '../store/index.ts'

export interface Pair {
  path: string
  /** Undefined where nothing was found. */
  entry: FolderEntry | undefined
  /** Undefined where nothing is known. */
  row: FileRow | undefined
}

const rowsAtOnce = 500

/** Everything: both come in the order of the bytes of their paths. */
export async function* comparedAll(
  entries: FolderEntries,
  rowsAfter: (path: string | undefined, limit: number) => Promise<FileRow[]>,
): AsyncGenerator<Pair[]> {
  let rows: FileRow[] = []
  let at = 0
  let last: string | undefined
  let ended = false
  async function next(): Promise<FileRow | undefined> {
    if (at === rows.length && !ended) {
      rows = await rowsAfter(last, rowsAtOnce)
      at = 0
      ended = rows.length < rowsAtOnce
      last = rows.at(-1)?.path ?? last
    }
    return rows[at]
  }
  for await (const batch of entries) {
    const pairs: Pair[] = []
    for (const entry of batch) {
      let row = await next()
      while (row && compareBytes(row.path, entry.path) < 0) {
        pairs.push({ path: row.path, entry: undefined, row })
        at += 1
        row = await next()
      }
      const known = row?.path === entry.path ? row : undefined
      if (known) at += 1
      pairs.push({ path: entry.path, entry, row: known })
    }
    yield pairs
  }
  for (;;) {
    const pairs: Pair[] = []
    for (let row = await next(); row && pairs.length < rowsAtOnce; row = await next()) {
      pairs.push({ path: row.path, entry: undefined, row })
      at += 1
    }
    if (pairs.length === 0) return
    yield pairs
  }
}

/** What was asked for by its path, each with what is known there. */
export async function* comparedAt(
  entries: FolderEntries,
  rowsAt: (paths: readonly string[]) => Promise<ReadonlyMap<string, FileRow>>,
): AsyncGenerator<Pair[]> {
  for await (const batch of entries) {
    const rows = await rowsAt(batch.map(({ path }) => path))
    yield batch.map(entry => ({ path: entry.path, entry, row: rows.get(entry.path) }))
  }
}

/** Whether nobody wrote into it. `byNumber`: its number on the disk stays the same, which on other machines' disks it need not. */
export function isSame(one: FileFacts, other: FileFacts, byNumber: boolean): boolean {
  return one.size === other.size && one.modifiedAt === other.modifiedAt && (!byNumber || one.inode === other.inode)
}

/** Whether it may be the same file on another disk, or a copy: those keep times less precisely, FAT to two seconds. */
export function isLike(one: FileFacts, other: FileFacts): boolean {
  return one.size === other.size && Math.abs(one.modifiedAt - other.modifiedAt) <= 2_000_000
}

export const factsOf = ({ size, modifiedAt, device, inode }: FileFacts): FileFacts => ({
  size,
  modifiedAt,
  device,
  inode,
})
