/**
 * Compound files ([MS-CFB]), read with care: the library for mails of Outlook follows every chain wherever it leads, in
 * circles too, and believes every size. What is sound goes to it as it is; what is not is written anew, with what can be had.
 */
import { burn, type Entry } from '@kenjiuno/msgreader/lib/Burner.js'
import { AppError } from '../../errors.ts'

const storage = 1
const stream = 2
const root = 5
const none = 0xffffffff
const lastRegular = 0xfffffffa
const inHeader = 109
const entrySize = 128
const miniSize = 64
const cutoff = 4096

interface Node {
  name: string
  type: number
  size: number
  /** Sectors of its bytes, of the one or the other kind. */
  chain: number[]
  children: number[]
}

/** The bytes, or others with what was sound in them. Throws `damaged` where there is no directory. */
export function soundCompound(bytes: Buffer): { bytes: Uint8Array; damaged: boolean } {
  const { nodes, read, damaged } = readCompound(bytes)
  if (!damaged) return { bytes, damaged }
  const entries: Entry[] = []
  const place = (at: number): number => {
    const { name, type, children } = nodes[at]!
    const index = entries.length
    if (type === stream) {
      const content = read(at)
      entries.push({ name, type, length: content.length, binaryProvider: () => content })
      return index
    }
    const own: number[] = []
    entries.push({ name, type, length: 0, children: own })
    for (const child of children) own.push(place(child))
    return index
  }
  place(0)
  return { bytes: burn(entries), damaged }
}

function readCompound(bytes: Buffer) {
  if (bytes.length < 512) throw new AppError('damaged')
  let damaged = false
  const sectorSize = bytes.readUInt16LE(30) === 12 ? 4096 : 512
  const sectors = Math.ceil(bytes.length / sectorSize) - 1
  const offsetOf = (sector: number) => (sector + 1) * sectorSize
  const sectorAt = (sector: number) => bytes.subarray(offsetOf(sector), offsetOf(sector) + sectorSize)
  const exists = (sector: number) => sector < sectors

  const table: number[] = []
  for (const sector of tableSectors()) {
    const part = sectorAt(sector)
    for (let at = 0; at < sectorSize; at += 4) table.push(at + 4 <= part.length ? part.readUInt32LE(at) : none)
  }

  function tableSectors(): number[] {
    const found: number[] = []
    const take = (sector: number) => {
      if (sector >= lastRegular) return
      if (exists(sector) && found.length < sectors) found.push(sector)
      else damaged = true
    }
    for (let at = 0; at < inHeader; at++) take(bytes.readUInt32LE(76 + 4 * at))
    let next = bytes.readUInt32LE(68)
    for (let left = Math.min(bytes.readUInt32LE(72), sectors); left > 0 && next < lastRegular; left--) {
      if (!exists(next)) break
      const part = sectorAt(next)
      for (let at = 0; at + 8 <= part.length; at += 4) take(part.readUInt32LE(at))
      if (part.length < sectorSize) break
      next = part.readUInt32LE(sectorSize - 4)
    }
    return found
  }

  /** Until it ends, leaves the file or comes back to where it was. */
  function follow(start: number, links: readonly number[], exists: (at: number) => boolean): number[] {
    const chain: number[] = []
    const seen = new Set<number>()
    let at = start
    while (at < lastRegular) {
      if (!exists(at) || seen.has(at)) {
        damaged = true
        break
      }
      seen.add(at)
      chain.push(at)
      at = links[at] ?? none
    }
    // The library goes on behind an end that is none.
    if (chain.length > 0 && at !== 0xfffffffe) damaged = true
    return chain
  }

  const join = (chain: readonly number[]) => Buffer.concat(chain.map(sectorAt))
  const directory = join(follow(bytes.readUInt32LE(48), table, exists))
  const mini = join(follow(bytes.readUInt32LE(60), table, exists))
  const miniTable: number[] = []
  for (let at = 0; at + 4 <= mini.length; at += 4) miniTable.push(mini.readUInt32LE(at))

  const count = Math.floor(directory.length / entrySize)
  if (count === 0) throw new AppError('damaged')
  const rootStart = directory.readUInt32LE(116)
  const small = join(directory.readUInt32LE(120) > 0 ? follow(rootStart, table, exists) : [])
  const hasSmall = (at: number) => at * miniSize < small.length

  const nodes: Node[] = [{ name: 'Root Entry', type: root, size: 0, chain: [], children: [] }]
  const seen = new Set([0])
  const takenSmall = new Set<number>()
  const takenLarge = new Set<number>()
  // Folder and the entry that is to be put there, with its neighbours.
  const waiting: [number, number][] = [[0, directory.readUInt32LE(76)]]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [parent, at] = next
    if (at === none) continue
    if (at >= count || seen.has(at)) {
      damaged = true
      continue
    }
    seen.add(at)
    const entry = directory.subarray(at * entrySize, (at + 1) * entrySize)
    waiting.push([parent, entry.readUInt32LE(68)], [parent, entry.readUInt32LE(72)])
    const type = entry[66]!
    if (type !== storage && type !== stream) {
      damaged = true
      continue
    }
    const name = entry.toString('utf16le', 0, Math.max(0, Math.min(64, entry.readUInt16LE(64)) - 2))
    const size = type === stream ? entry.readUInt32LE(120) : 0
    const start = entry.readUInt32LE(116)
    const chain = size === 0 ? [] : size < cutoff ? follow(start, miniTable, hasSmall) : follow(start, table, exists)
    const index = nodes.length
    // Neither too few sectors nor more than it needs, and none that another one has.
    if (chain.length !== Math.ceil(size / (size < cutoff ? miniSize : sectorSize))) damaged = true
    const taken = size < cutoff ? takenSmall : takenLarge
    for (const sector of chain) {
      if (taken.has(sector)) damaged = true
      taken.add(sector)
    }
    if (size >= cutoff && offsetOf(chain.at(-1) ?? 0) + (size % sectorSize || sectorSize) > bytes.length) damaged = true
    nodes.push({ name, type, size, chain, children: [] })
    nodes[parent]!.children.push(index)
    if (type === storage) waiting.push([index, entry.readUInt32LE(76)])
  }

  return {
    nodes,
    damaged,
    /** What there is of a stream. */
    read(at: number): Uint8Array {
      const { chain, size } = nodes[at]!
      const part = (sector: number) => small.subarray(sector * miniSize, (sector + 1) * miniSize)
      return new Uint8Array(Buffer.concat(chain.map(size < cutoff ? part : sectorAt)).subarray(0, size))
    },
  }
}
