import { expect, test } from 'vitest'
import { readTiffPages } from './tiff.ts'

/** Directories one behind the other from byte 8 on, each with a width and a height, and where each leads. */
function tiff(links: number[]): Uint8Array {
  const bytes = Buffer.alloc(8 + 30 * links.length)
  bytes.write('II*\0', 'latin1')
  bytes.writeUInt32LE(8, 4)
  links.forEach((link, index) => {
    const at = 8 + 30 * index
    bytes.writeUInt16LE(2, at)
    for (const [entry, tag] of [256, 257].entries()) {
      bytes.writeUInt16LE(tag, at + 2 + 12 * entry)
      bytes.writeUInt16LE(3, at + 4 + 12 * entry)
      bytes.writeUInt32LE(1, at + 6 + 12 * entry)
      bytes.writeUInt16LE(100 + index, at + 10 + 12 * entry)
    }
    bytes.writeUInt32LE(link, at + 26)
  })
  return bytes
}

test.each([
  ['to their end', [38, 68, 0], 3],
  ['back to the first', [38, 68, 8], 3],
  ['to themselves', [8], 1],
  ['out of the file', [38, 4_000_000_000], 2],
])('directories that lead %s', (_, links, pages) => {
  const bytes = tiff(links)
  const read = readTiffPages(bytes)
  expect(read.map(({ width, directory }) => [width, directory])).toEqual(
    Array.from({ length: pages }, (_, index) => [100 + index, index]),
  )
  // And for whoever reads them next.
  expect(Buffer.from(bytes).readUInt32LE(8 + 30 * (pages - 1) + 26)).toBe(0)
})
