import type { Block } from '../../model/index.ts'
import type { Package } from '../office/package.ts'
import { decodeBytes } from '../text/decode.ts'
import { declaredIn } from '../web/charset.ts'
import { readRtf } from './rtf.ts'

const MOST = 24 * 1024 ** 2

/** A document of another format set into one of Word: web pages and RTF. Undefined where it is something else. */
export async function readChunk(parts: Package, target: string): Promise<Block[] | undefined> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of parts.stream(target)) {
    size += piece.length
    if (size > MOST) return undefined
    pieces.push(piece)
  }
  const bytes = Buffer.concat(pieces)
  const head = bytes.toString('latin1', 0, 2_000)
  if (/^\s*\{\\rtf/.test(head)) return [...readRtf(bytes)]
  const isWeb = /\.(?:x?html?|xht)$/i.test(target) || /<(?:!doctype html|html|body|p|div|table)\b/i.test(head)
  if (!isWeb || head.startsWith('PK') || /^mime-version:/im.test(head)) return undefined
  const { htmlBlocks } = await import('../web/html.ts')
  return [...htmlBlocks(decodeBytes(bytes, declaredIn(head)))].map(({ runs: _, ...block }) => block)
}
