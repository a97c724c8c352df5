/** RTF bodies of Outlook: compressed ([MS-OXRTFCP]), and often HTML in disguise. */
import type { Block } from '../../model/index.ts'

// [MS-OXRTFCP] 2.1.2.1: what the window holds before the first byte.
const DICTIONARY =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx'
const COMPRESSED = 0x75465a4c
const PLAIN = 0x414c454d
const WINDOW = 4096
/** Bytes of RTF from one of compressed RTF, at most: two bytes stand for 17. */
const GROWTH = 9

/** The text of a compressed RTF body; nothing where it is broken. */
export async function rtfBlocks(compressed: Uint8Array): Promise<Block[]> {
  const rtf = decompressRtf(compressed)
  if (rtf.length === 0) return []
  const { readRtf } = await import('../word/rtf.ts')
  return [...readRtf(rtf)]
}

/** As much as can be had. */
export function decompressRtf(bytes: Uint8Array): Buffer {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (input.length < 16) return Buffer.alloc(0)
  const kind = input.readUInt32LE(8)
  const size = Math.min(input.readUInt32LE(4), input.length * GROWTH)
  if (kind === PLAIN) return input.subarray(16, 16 + size)
  if (kind !== COMPRESSED) return Buffer.alloc(0)
  const window = Buffer.alloc(WINDOW)
  let write = window.write(DICTIONARY, 'latin1')
  const output = Buffer.alloc(size)
  let length = 0
  let at = 16
  const emit = (byte: number) => {
    output[length++] = byte
    window[write] = byte
    write = (write + 1) % WINDOW
  }
  while (at < input.length && length < size) {
    const flags = input[at++]!
    for (let bit = 0; bit < 8 && length < size; bit++) {
      if ((flags & (1 << bit)) === 0) {
        if (at >= input.length) return output.subarray(0, length)
        emit(input[at++]!)
        continue
      }
      if (at + 2 > input.length) return output.subarray(0, length)
      const reference = input.readUInt16BE(at)
      at += 2
      let from = reference >> 4
      // It ends by pointing at where it writes.
      if (from === write) return output.subarray(0, length)
      for (let left = (reference & 15) + 2; left > 0 && length < size; left--) {
        emit(window[from]!)
        from = (from + 1) % WINDOW
      }
    }
  }
  return output.subarray(0, length)
}
