/** The tokens of RTF 1.9.1: groups, control words, and bytes of text in some encoding. */
export type Token =
  | { type: 'open' }
  | { type: 'close' }
  | { type: 'word'; word: string; value: number | undefined }
  /** Written as they are, or as `\'xx`. */
  | { type: 'bytes'; bytes: Uint8Array }
  /** The bytes end inside of something. */
  | { type: 'broken' }
  /** Passed over: controls and escapes that no writer of RTF makes. */
  | { type: 'stray' }

const OPEN = 0x7b
const CLOSE = 0x7d
const BACKSLASH = 0x5c
const QUOTE = 0x27
const TAB = 0x09
const RETURN = 0x0d
const FEED = 0x0a
const SPACE = 0x20
const MINUS = 0x2d

// A word longer than this is none (the specification allows 32).
const LONGEST = 64

/** Bytes of binary data (`\bin`) are passed over. */
export function* tokensOf(bytes: Uint8Array): Generator<Token> {
  const end = bytes.length
  let at = 0
  while (at < end) {
    const byte = bytes[at]!
    if (byte === OPEN || byte === CLOSE) {
      yield byte === OPEN ? { type: 'open' } : { type: 'close' }
      at++
    } else if (byte === RETURN || byte === FEED) at++
    else if (isControl(byte)) {
      while (at < end && isControl(bytes[at]!)) at++
      yield { type: 'stray' }
    } else if (byte !== BACKSLASH) {
      const start = at
      while (at < end && !isSpecial(bytes[at]!)) at++
      yield { type: 'bytes', bytes: bytes.subarray(start, at) }
    } else {
      const next = bytes[at + 1]
      if (next === undefined) {
        yield { type: 'broken' }
        return
      }
      if (isLetter(next)) {
        const start = ++at
        while (at < end && at - start < LONGEST && isLetter(bytes[at]!)) at++
        const word = latin(bytes, start, at)
        const digits = at
        if (bytes[at] === MINUS) at++
        while (at < end && isDigit(bytes[at]!) && at - digits < 12) at++
        const value = at > digits ? Number(latin(bytes, digits, at)) : undefined
        if (bytes[at] === SPACE) at++
        if (word === 'bin' && value !== undefined && value > 0) {
          if (at + value > end) {
            yield { type: 'broken' }
            return
          }
          at += value
          continue
        }
        yield { type: 'word', word, value: Number.isNaN(value) ? undefined : value }
      } else if (next === QUOTE) {
        const digits = latin(bytes, at + 2, at + 4)
        if (/^[\da-f]{2}$/i.test(digits)) {
          yield { type: 'bytes', bytes: Uint8Array.of(Number.parseInt(digits, 16)) }
          at += 4
        } else {
          yield { type: 'stray' }
          at += 2
        }
      } else {
        at += 2
        if (next === BACKSLASH || next === OPEN || next === CLOSE) yield { type: 'bytes', bytes: Uint8Array.of(next) }
        else if (next === RETURN || next === FEED) yield { type: 'word', word: 'par', value: undefined }
        else yield { type: 'word', word: String.fromCharCode(next), value: undefined }
      }
    }
  }
}

function isSpecial(byte: number): boolean {
  return byte === BACKSLASH || byte === OPEN || byte === CLOSE || byte === RETURN || byte === FEED || isControl(byte)
}

// RTF is written in letters of ASCII. The 19 whole files at hand hold none of these within their braces.
function isControl(byte: number): boolean {
  return byte < SPACE && !(byte >= TAB && byte <= RETURN)
}

function isLetter(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a)
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function latin(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let at = from; at < to && at < bytes.length; at++) text += String.fromCharCode(bytes[at]!)
  return text
}
