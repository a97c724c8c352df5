import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import iconv from 'iconv-lite'
import { wideOrder } from '../formats.ts'
import { createSample } from './encoding.ts'

const PROBE = 64 * 1024
// Bytes that are no UTF-8 in a text that otherwise is: so many signs of several bytes for each of them.
const FLAWS = 2

/**
 * A text file in pieces, decoded. UTF-8, UTF-16 and UTF-32 are told by their mark or by their bytes; of what remains,
 * `encoding.ts` tells which of the older ones it is. `flawed` is called where something stands in it that no text holds.
 */
export async function* decodeFile(file: string, known?: string, flawed = () => {}): AsyncGenerator<string> {
  yield* decodeFrom(file, known === undefined ? undefined : { encoding: known, byte: 0, skip: 0 }, flawed).pieces
}

/** A place in a text: so many characters behind a byte from which it can be decoded. */
export interface Place {
  encoding: string
  byte: number
  skip: number
}

export interface Decoded {
  pieces: AsyncGenerator<string>
  /** Where the text is that follows so many characters of `pieces`; never before one that was asked for earlier. */
  placeAt(characters: number): Place
}

/** The same, from a place on. */
export function decodeFrom(file: string, from: Place | undefined, flawed = () => {}): Decoded {
  let encoding = from?.encoding ?? ''
  const starts = [{ characters: -(from?.skip ?? 0), byte: from?.byte ?? 0 }]

  async function* pieces(): AsyncGenerator<string> {
    encoding ||= await encodingOf(file)
    let { characters, byte } = starts[0]!
    const decoder = decoderOf(encoding, byte === 0)
    const taken = (piece: string) => {
      if (NO_TEXT.test(piece)) flawed()
      const before = characters
      characters += piece.length
      return before >= 0 ? piece : piece.slice(-before)
    }
    for await (const chunk of createReadStream(file, { start: byte })) {
      const bytes = chunk as Buffer
      const cut = behindLastSpace(bytes, encoding)
      if (cut > 0) {
        yield taken(decoder.write(bytes.subarray(0, cut)))
        starts.push({ characters, byte: byte + cut })
      }
      if (cut < bytes.length) yield taken(decoder.write(bytes.subarray(cut)))
      byte += bytes.length
    }
    yield taken(decoder.end() ?? '')
  }

  return {
    pieces: pieces(),
    placeAt(wanted) {
      while (starts.length > 1 && starts[1]!.characters <= wanted) starts.shift()
      const { characters, byte } = starts[0]!
      return { encoding, byte, skip: wanted - characters }
    },
  }
}

/** Behind a line feed or a space no encoding has a sign half written; 0 where there is none. */
function behindLastSpace(bytes: Buffer, encoding: string): number {
  const width = /^utf-?32/i.test(encoding) ? 4 : /^(?:utf-?16|ucs-?2)/i.test(encoding) ? 2 : 1
  if (width === 1) return Math.max(bytes.lastIndexOf(0x0a), bytes.lastIndexOf(0x20)) + 1
  const low = /be$/i.test(encoding) ? width - 1 : 0
  for (let at = bytes.length - (bytes.length % width) - width; at >= 0; at -= width) {
    let zeros = 0
    for (let index = 0; index < width; index++) if (index !== low && bytes[at + index] === 0) zeros++
    const unit = bytes[at + low]
    if (zeros === width - 1 && (unit === 0x0a || unit === 0x20)) return at + width
  }
  return 0
}

// What stands for bytes that mean nothing, and controls. Bell, backspace, the end of a file of DOS and the escape of
// colours do stand in texts and logs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_TEXT = /[\0-\x06\x0e-\x19\x1c-\x1f\ufffd]/

/** The same for bytes in memory, of which something says what they are; UTF-8 by default. */
export function decodeBytes(bytes: Buffer, declared: string | undefined): string {
  const encoding =
    markOf(bytes) ?? (declared && !/^(?:utf|ucs|unicode)/i.test(declared) ? asWritten(declared) : 'utf-8')
  const decoder = decoderOf(encoding, true)
  return decoder.write(bytes) + (decoder.end() ?? '')
}

/** iconv-lite's Mac has no euro sign, which took the place of another in 1998. */
function decoderOf(encoding: string, stripBOM: boolean): { write(bytes: Buffer): string; end(): string | undefined } {
  if (!/^(?:x-?)?mac(?:intosh|-?roman)?$/i.test(encoding)) return iconv.getDecoder(encoding, { stripBOM })
  const decoder = new TextDecoder('macintosh')
  return { write: bytes => decoder.decode(bytes, { stream: true }), end: () => undefined }
}

/** Whether `decodeFile` can read it. */
export function isKnown(encoding: string): boolean {
  return iconv.encodingExists(encoding) && !/^(?:base64|hex|binary|internal|utf-?7)/i.test(encoding)
}

/** The name of a file's encoding. `declared`: what it says itself, followed where its bytes do not say otherwise. */
export async function encodingOf(file: string, declared?: string): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(PROBE), 0, PROBE, 0)
    const head = buffer.subarray(0, bytesRead)
    const marked = markOf(head)
    if (marked) return marked
    const wide = wideOrder(head)
    if (wide) return `utf-16${wide}`
  } finally {
    await handle.close()
  }
  if (await isUtf8(file)) return 'utf-8'
  // Bytes that are no UTF-16 may still say they are: of a text that was converted.
  if (declared && !/^(?:utf|ucs|unicode)/i.test(declared)) return asWritten(declared)
  const sample = createSample()
  for await (const bytes of createReadStream(file)) {
    sample.add(bytes as Buffer)
    if (sample.full) break
  }
  return sample.encoding()
}

// Browsers read Latin-1 as its superset, and so is most that calls itself so.
function asWritten(declared: string): string {
  return /^(?:iso-?8859-?1|latin-?1|us-ascii|ascii)$/i.test(declared) ? 'windows-1252' : declared
}

function markOf(head: Uint8Array): string | undefined {
  const mark = Buffer.from(head.subarray(0, 4)).toString('hex')
  if (mark === 'fffe0000') return 'utf-32le'
  if (mark === '0000feff') return 'utf-32be'
  if (mark.startsWith('fffe')) return 'utf-16le'
  if (mark.startsWith('feff')) return 'utf-16be'
  return mark.startsWith('efbbbf') ? 'utf-8' : undefined
}

/** The whole file is looked at: the first umlaut may stand on the last page. A few wrong bytes do not make it another. */
async function isUtf8(file: string): Promise<boolean> {
  let signs = 0
  let flaws = 0
  let expected = 0
  for await (const bytes of createReadStream(file)) {
    for (const byte of bytes as Buffer) {
      if (expected > 0) {
        if ((byte & 0xc0) === 0x80) {
          if (--expected === 0) signs++
          continue
        }
        flaws++
        expected = 0
      }
      if (byte < 0x80) continue
      if (byte >= 0xc2 && byte < 0xe0) expected = 1
      else if (byte >= 0xe0 && byte < 0xf0) expected = 2
      else if (byte >= 0xf0 && byte < 0xf5) expected = 3
      else flaws++
    }
    if (flaws > 1_000 && flaws * FLAWS > signs) return false
  }
  // A file that was cut in the middle of a sign.
  return flaws * FLAWS <= signs
}

/**
 * The lines of decoded pieces, without their ends; `end`: the characters up to behind the line. One longer than `limit`
 * comes in parts, wherever the pieces begin and end.
 */
export async function* linesOf(
  pieces: AsyncIterable<string>,
  limit: number,
): AsyncGenerator<{ text: string; ends: boolean; end: number }> {
  let rest = ''
  let before = 0
  for await (const piece of pieces) {
    rest += piece
    let from = 0
    for (;;) {
      const end = nextEnd(rest, from)
      if ((end === -1 ? rest.length : end) - from > limit) {
        const cut = cutAt(rest.slice(from, from + limit + 1), limit)
        yield { text: rest.slice(from, from + cut), ends: false, end: before + from + cut }
        from += cut
        continue
      }
      // A carriage return at the very end may be half of a pair.
      if (end === -1 || (rest[end] === '\r' && end === rest.length - 1)) break
      const next = end + (rest[end] === '\r' && rest[end + 1] === '\n' ? 2 : 1)
      yield { text: rest.slice(from, end), ends: true, end: before + next }
      from = next
    }
    rest = rest.slice(from)
    before += from
  }
  if (rest !== '') yield { text: rest.replace(/\r$/, ''), ends: true, end: before + rest.length }
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
