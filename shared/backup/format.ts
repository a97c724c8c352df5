/**
 * What is in a backup, in this order: `cloister.json` (`Header`), `blobs/<SHA-256>` (the bytes of documents, where they do
 * not lie in a folder beside), `rows/<table>.ndjson` (a JSON array for each row, its values in the order of the manifest's
 * columns, rows in the order of their key), `vectors.f32` and `vectors.ndjson` (not always, see
 * `store/carried-vectors.ts`), `manifest.json` (`Manifest`), `manifest.sha256`. Nothing is compressed.
 */
import { createHash, type Hash } from 'node:crypto'
import type { Database } from '../ports.ts'
import type { CarriedIndex } from '../store/carried-vectors.ts'
import { isContent, type LogicalTime } from '../store/transfer-tables.ts'

export const formatName = 'cloister-backup'
/** A program reads what has this number or a lower one. The first knew no vectors. */
export const formatVersion = 2

export const names = {
  header: 'cloister.json',
  rows: (table: string) => `rows/${table}.ndjson`,
  blob: (hash: string) => `blobs/${hash}`,
  vectors: 'vectors.f32',
  embedded: 'vectors.ndjson',
  manifest: 'manifest.json',
  seal: 'manifest.sha256',
} as const

export interface Header {
  format: typeof formatName
  version: number
  /** ISO 8601. */
  created: string
  engine: Database['engine']
  /** The number of the last migration of the database. */
  schema: number
  /** Where blobs lie: `file`, in here; `folder`, in `blobs/ab/cdef…` beside this file, which other backups share. */
  blobs: 'file' | 'folder'
}

export interface Manifest {
  /** SHA-256 of the header. */
  header: string
  /** In the order in which they are in the backup: each row finds those it refers to. */
  tables: Record<string, { columns: string[]; rows: number; sha256: string }>
  /** Of the index that was searched, where there was one. */
  vectors?: CarriedIndex & { rows: number; sha256: string; embedded: { rows: number; sha256: string } }
  clock: LogicalTime
  /** Bytes that documents refer to: how many there are, and of what size together. */
  blobs: { count: number; size: number }
  /** Of those, what the installation did not have itself. */
  missing: string[]
  /** And what was not what it is called by, with what it is instead. Such bytes are in the backup as they are. */
  damaged: Record<string, string>
  digest: string
}

/** What a backup holds, in short. */
export interface BackupSummary {
  created: string
  digest: string
  /** Documents, those in the trash included. */
  documents: number
  rows: number
  blobs: number
  /** Bytes of the documents. */
  size: number
  missing: number
  damaged: number
}

/**
 * Says whether two libraries hold the same: over the rows of all tables that are content, the change log, and the bytes that
 * are there by their hash. Not over which engine holds them, when, and what can be made from them anew (words, vectors).
 */
export function digestOf(tables: Manifest['tables'], blobs: Iterable<string>): string {
  const digest = createHash('sha256')
  for (const [name, { sha256 }] of Object.entries(tables)) if (isContent(name)) digest.update(`${name} ${sha256}\n`)
  for (const hash of [...blobs].sort()) digest.update(`${hash}\n`)
  return digest.digest('hex')
}

export function summaryOf({ created }: Header, { tables, blobs, missing, damaged, digest }: Manifest): BackupSummary {
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0)
  const documents = tables.document?.rows ?? 0
  const found = { missing: missing.length, damaged: Object.keys(damaged).length }
  return { created, digest, documents, rows, blobs: blobs.count, size: blobs.size, ...found }
}

export const sha256 = (): Hash => createHash('sha256')
export const isHash = (text: string) => /^[0-9a-f]{64}$/.test(text)
