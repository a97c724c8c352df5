/**
 * Holds all of a backup against what it says of itself. It reads with calls that do not return before they are done, and so
 * runs in a thread of its own (`check-thread.ts`).
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../errors.ts'
import type { Cell } from '../store/transfer-tables.ts'
import { digestOf, formatName, formatVersion, type Header, isHash, type Manifest, names } from './format.ts'
import { createLineSplitter } from './lines.ts'
import { createWalk, type Entry, type WalkedEntry } from './walk.ts'

export interface CheckSettings {
  file: string
  /** The newest schema that is known here. */
  schema: number
  /** Only which bytes it refers to: entries but the table of documents are not read, and may be damaged. */
  light: boolean
  /** Where blobs lie that are in a folder beside; of those the size is looked at. */
  folder: string
}

export interface Checked {
  header: Header
  manifest: Manifest
  entries: ReadonlyMap<string, Entry>
  /** The bytes that documents refer to and that are there and sound, by their hash, with their size. */
  blobs: ReadonlyMap<string, number>
  /** What was not what it is called by, where that is borne: the hash, and what it is instead. */
  wrong: readonly { blob: string; sha256: string }[]
}

export interface Check {
  /** The file will stay as it is up to there. */
  advance(to: number): void
  /** What stood from there on, where an entry begins, does no longer. */
  rewind(to: number): void
  /**
   * The file is complete. `tolerant`: blobs that are not what they are called by are told, and are no error. Throws
   * `backup-format` (something else, or cut off), `backup-newer`, `backup-damaged` with a word on what.
   */
  finish(options: { tolerant: boolean }): Checked
  close(): void
}

/** Of the header and of the manifest, which tells of a few hundred things at most. */
const [mostHeader, mostText] = [10_000, 64 * 1024 * 1024]
const pieceSize = 1024 * 1024

/** Throws `backup-unreadable`. */
export function openCheck({ file, schema, light, folder }: CheckSettings): Check {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    throw new AppError('backup-unreadable', { file }, { cause: error })
  }
  const documents = names.rows('document')
  const walk = createWalk(readAll, name => !light || name === documents || !/^(?:blobs|rows|vectors)\b/.test(name))
  /** Of what was read so far: told when all is there. */
  let failure: unknown
  let header: Header | undefined

  function readAll(into: Buffer, position: number): void {
    for (let from = 0; from < into.length; ) {
      const count = readSync(descriptor, into, from, into.length - from, position + from)
      // It became shorter.
      if (count === 0) throw new AppError('backup-damaged', { detail: 'end' })
      from += count
    }
  }

  function advance(to: number): void {
    if (failure !== undefined) return
    try {
      walk.advance(to)
      if (!header && walk.entries.size > 0) header = readHeader()
    } catch (error) {
      failure = error
    }
  }

  function textOf(name: string, most: number): { text: string; sha256: string } {
    const { size, position, sha256 } = find(name)
    if (size > most) throw damaged(name)
    const bytes = Buffer.alloc(size)
    readAll(bytes, position)
    return { text: bytes.toString('utf8'), sha256 }
  }

  function find(name: string): WalkedEntry {
    const entry = walk.entries.get(name)
    if (!entry) throw damaged(name)
    return entry
  }

  function readHeader(): Header {
    const [first] = walk.entries.keys()
    if (first !== names.header) throw new AppError('backup-format', { file })
    let found: Header
    try {
      found = JSON.parse(textOf(names.header, mostHeader).text) as Header
    } catch (error) {
      throw error instanceof AppError
        ? error
        : new AppError('backup-damaged', { detail: names.header }, { cause: error })
    }
    if (found?.format !== formatName) throw new AppError('backup-format', { file })
    if (found.version > formatVersion || found.schema > schema) throw new AppError('backup-newer')
    const sound =
      Number.isInteger(found.version) &&
      Number.isInteger(found.schema) &&
      (found.blobs === 'file' || found.blobs === 'folder')
    if (!sound) throw damaged(names.header)
    return found
  }

  function readManifest(): Manifest {
    const { text, sha256: found } = textOf(names.manifest, mostText)
    if (textOf(names.seal, mostHeader).text !== `${found}\n`) throw damaged(names.manifest)
    const manifest = JSON.parse(text) as Manifest
    if (find(names.header).sha256 !== manifest.header) throw damaged(names.header)
    return manifest
  }

  /** The bytes that documents consist of, with their size. */
  function readReferred({ columns }: Manifest['tables'][string]): Map<string, number> {
    const [blob, size] = [columns.indexOf('blob'), columns.indexOf('size')]
    const referred = new Map<string, number>()
    const lines = createLineSplitter(documents)
    const entry = find(documents)
    for (let at = 0; at < entry.size; at += pieceSize) {
      const piece = Buffer.allocUnsafe(Math.min(pieceSize, entry.size - at))
      readAll(piece, entry.position + at)
      for (const row of lines.push(piece) as Cell[][]) referred.set(String(row[blob]), Number(row[size]))
    }
    lines.end()
    return referred
  }

  function demandSame(name: string, rows: number, told: { rows: number; sha256: string } | undefined): void {
    if (!told || told.rows !== rows || told.sha256 !== find(name).sha256) throw damaged(name)
  }

  function finish({ tolerant }: { tolerant: boolean }): Checked {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new AppError('backup-unreadable', { file })
    advance(stats.size)
    // What is no backup at all fails in its very first header.
    if (failure !== undefined && walk.entries.size === 0)
      throw new AppError('backup-format', { file }, { cause: failure })
    if (failure !== undefined) throw failure
    if (!header) throw new AppError('backup-format', { file })
    walk.demandEnd(stats.size)
    const manifest = readManifest()
    const { entries } = walk
    const inside = new Map<string, number>()
    const wrong: { blob: string; sha256: string }[] = []
    for (const { name, size, sha256 } of entries.values()) {
      if (!name.startsWith('blobs/')) continue
      const hash = name.slice('blobs/'.length)
      inside.set(hash, size)
      if (light || sha256 === (manifest.damaged[hash] ?? hash)) continue
      if (!tolerant) throw damaged(name)
      wrong.push({ blob: hash, sha256 })
    }
    if (header.blobs === 'folder' && inside.size > 0) throw damaged('blobs')

    const expected = new Map(Object.entries(manifest.tables).map(([name, table]) => [names.rows(name), table]))
    for (const name of entries.keys()) if (name.startsWith('rows/') && !expected.has(name)) throw damaged(name)
    for (const [name, table] of expected) {
      const entry = find(name)
      if (!light || name === documents) demandSame(name, entry.lines, table)
    }
    const { vectors } = manifest
    if (
      (vectors !== undefined) !== entries.has(names.vectors) ||
      entries.has(names.vectors) !== entries.has(names.embedded)
    )
      throw damaged(names.vectors)
    if (vectors && !light) {
      demandSame(names.vectors, find(names.vectors).size / (8 + 4 * vectors.dimensions), vectors)
      demandSame(names.embedded, vectors.embedded.rows, vectors.embedded)
    }

    const missing = new Set(manifest.missing)
    const unsound = new Set([...Object.keys(manifest.damaged), ...wrong.map(({ blob }) => blob)])
    const table = manifest.tables.document
    if (!table) throw damaged(documents)
    const blobs = new Map<string, number>()
    let sum = 0
    for (const [hash, told] of readReferred(table)) {
      if (!isHash(hash) && !missing.has(hash)) throw damaged(hash)
      if (missing.has(hash)) continue
      const there =
        header.blobs === 'file' ? inside.get(hash) : sizeOf(path.join(folder, hash.slice(0, 2), hash.slice(2)))
      // Which blobs are needed is the question then, not whether they are there.
      if (!light && (there === undefined || (there !== told && !unsound.has(hash)))) throw damaged(names.blob(hash))
      blobs.set(hash, there ?? told)
      sum += there ?? told
    }
    const right = light || (blobs.size === manifest.blobs.count && sum === manifest.blobs.size)
    for (const hash of Object.keys(manifest.damaged)) blobs.delete(hash)
    const digest = light ? manifest.digest : digestOf(manifest.tables, blobs.keys())
    if (!right || digest !== manifest.digest) throw damaged(names.manifest)
    return { header, manifest, entries, blobs, wrong }
  }

  return {
    advance,
    rewind(to) {
      if (walk.rewind(to)) failure = undefined
    },
    finish,
    close: () => closeSync(descriptor),
  }
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size
}

function damaged(detail: string): AppError {
  return new AppError('backup-damaged', { detail })
}
