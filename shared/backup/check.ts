/** Reads a backup from its first byte to its last and holds all of it against what it says of itself. */
import { stat } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import type { Cell } from '../store/transfer-tables.ts'
import { transferTables } from '../store/transfer-tables.ts'
import type { Archive } from './archive.ts'
import { digestOf, isHash, type Manifest, names, sha256 } from './format.ts'
import { readLines } from './lines.ts'

export interface Checked {
  manifest: Manifest
  /** The bytes that documents refer to and that are there and sound, by their hash, with their size. */
  blobs: ReadonlyMap<string, number>
}

/**
 * `pathOf` tells where a blob lies that is in a folder beside; of those only the size is looked at. What is found wrong with
 * a blob inside is told to `wrong`, with what it is instead, and is an error without it. Throws `backup-damaged` with a
 * word on what.
 */
export async function checkArchive(
  archive: Archive,
  {
    pathOf,
    wrong,
    signal,
  }: {
    pathOf?: (hash: string) => string
    wrong?: (blob: string, sha256: string) => Promise<void>
    signal?: AbortSignal
  } = {},
): Promise<Checked> {
  const manifest = await readManifest(archive)
  const { entries, header } = archive
  const inside = new Map<string, number>()
  const unsound = new Set(Object.keys(manifest.damaged))
  for (const { name, size } of entries.values()) {
    if (!name.startsWith('blobs/')) continue
    const hash = name.slice('blobs/'.length)
    inside.set(hash, size)
    const digest = sha256()
    for await (const piece of archive.read(name, signal)) digest.update(piece)
    const found = digest.digest('hex')
    if (found === (manifest.damaged[hash] ?? hash)) continue
    if (!wrong) throw damaged(name)
    await wrong(hash, found)
    unsound.add(hash)
  }
  if (header.blobs === 'folder' && inside.size > 0) throw damaged('blobs')

  const referred = new Map<string, number>()
  for (const { name } of transferTables) {
    const table = manifest.tables[name]
    const entry = names.rows(name)
    if (!table || !entries.has(entry)) throw damaged(entry)
    const digest = sha256()
    let rows = 0
    if (name === 'document') {
      const [blob, size] = [table.columns.indexOf('blob'), table.columns.indexOf('size')]
      for await (const lines of readLines(hashed(archive.read(entry, signal), digest), entry)) {
        for (const row of lines as Cell[][]) referred.set(String(row[blob]), Number(row[size]))
        rows += lines.length
      }
    } else for await (const piece of hashed(archive.read(entry, signal), digest)) rows += countLines(piece)
    if (digest.digest('hex') !== table.sha256 || rows !== table.rows) throw damaged(entry)
  }

  const missing = new Set(manifest.missing)
  const blobs = new Map<string, number>()
  let size = 0
  for (const [hash, told] of referred) {
    if (!isHash(hash) && !missing.has(hash)) throw damaged(hash)
    if (missing.has(hash)) continue
    const there = header.blobs === 'file' ? inside.get(hash) : await sizeOf(pathOf?.(hash))
    if (there === undefined || (there !== told && !unsound.has(hash))) throw damaged(names.blob(hash))
    blobs.set(hash, there)
    size += there
  }
  const right = blobs.size === manifest.blobs.count && size === manifest.blobs.size
  for (const hash of Object.keys(manifest.damaged)) blobs.delete(hash)
  if (!right || digestOf(manifest.tables, blobs.keys()) !== manifest.digest) throw damaged(names.manifest)
  return { manifest, blobs }
}

async function readManifest(archive: Archive): Promise<Manifest> {
  const { text, sha256: found } = await archive.text(names.manifest)
  const { text: seal } = await archive.text(names.seal)
  if (seal !== `${found}\n`) throw damaged(names.manifest)
  const manifest = JSON.parse(text) as Manifest
  if ((await archive.text(names.header)).sha256 !== manifest.header) throw damaged(names.header)
  return manifest
}

async function sizeOf(file: string | undefined): Promise<number | undefined> {
  if (file === undefined) return undefined
  return stat(file).then(
    stats => stats.size,
    () => undefined,
  )
}

async function* hashed(pieces: AsyncIterable<Buffer>, digest: ReturnType<typeof sha256>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    digest.update(piece)
    yield piece
  }
}

function countLines(piece: Buffer): number {
  let count = 0
  for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) count += 1
  return count
}

function damaged(detail: string): AppError {
  return new AppError('backup-damaged', { detail })
}
