import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { wideOrder } from '../formats.ts'

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

const PROBE = 64 * 1024

/**
 * A text file in pieces, decoded. UTF-8 and UTF-16 are told by their mark or by their bytes; a file that is not UTF-8
 * counts as Windows-1252 (which holds Latin-1), German's and Western Europe's encoding before.
 */
export async function* decodeFile(file: string): AsyncGenerator<string> {
  const encoding = await encodingOf(file)
  const decoder = new TextDecoder(encoding)
  for await (const bytes of createReadStream(file)) yield decoder.decode(bytes as Buffer, { stream: true })
  yield decoder.decode()
}

export async function encodingOf(file: string): Promise<Encoding> {
  const handle = await open(file, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(PROBE), 0, PROBE, 0)
    const head = buffer.subarray(0, bytesRead)
    if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
    if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
    if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8'
    const wide = wideOrder(head)
    if (wide) return wide === 'le' ? 'utf-16le' : 'utf-16be'
  } finally {
    await handle.close()
  }
  return (await isUtf8(file)) ? 'utf-8' : 'windows-1252'
}

/** The whole file is looked at: the first umlaut may stand on the last page. */
async function isUtf8(file: string): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const bytes of createReadStream(file)) decoder.decode(bytes as Buffer, { stream: true })
    decoder.decode()
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/** The lines of decoded pieces, without their ends. A line longer than `limit` comes in parts. */
export async function* linesOf(
  pieces: AsyncIterable<string>,
  limit: number,
): AsyncGenerator<{ text: string; ends: boolean }> {
  let rest = ''
  for await (const piece of pieces) {
    rest += piece
    let from = 0
    for (;;) {
      const end = nextEnd(rest, from)
      // A carriage return at the very end may be half of a pair.
      if (end === -1 || (rest[end] === '\r' && end === rest.length - 1)) break
      yield { text: rest.slice(from, end), ends: true }
      from = end + (rest[end] === '\r' && rest[end + 1] === '\n' ? 2 : 1)
    }
    rest = rest.slice(from)
    while (rest.length > limit) {
      const cut = cutAt(rest, limit)
      yield { text: rest.slice(0, cut), ends: false }
      rest = rest.slice(cut)
    }
  }
  if (rest !== '') yield { text: rest.replace(/\r$/, ''), ends: true }
}

function nextEnd(text: string, from: number): number {
  const feed = text.indexOf('\n', from)
  const carriage = text.indexOf('\r', from)
  if (feed === -1) return carriage
  return carriage === -1 ? feed : Math.min(feed, carriage)
}

/** At a space where there is one near, never inside a surrogate pair. */
export function cutAt(text: string, limit: number): number {
  const space = text.lastIndexOf(' ', limit)
  if (space > limit / 2) return space + 1
  const code = text.charCodeAt(limit - 1)
  return code >= 0xd800 && code < 0xdc00 ? limit - 1 : limit
}
