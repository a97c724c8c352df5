/**
 * Which encoding of one byte a text has that is no UTF-8: the one in which its letters stand where letters stand in words.
 *
 * Each byte above 127 is read in every candidate and judged by its neighbours: `ü` inside a word speaks for an encoding, a
 * line of a box, a quotation mark or a capital there against it. One umlaut is enough in nearly all cases; see the table in
 * `encoding.test.ts`.
 */
import iconv from 'iconv-lite'

export type SingleByte = (typeof CANDIDATES)[number]['name']

/** In the order of preference where two fit equally; `prior` is what a rarer one has to make up for. */
const CANDIDATES = [
  { name: 'windows-1252', prior: 0 },
  { name: 'iso-8859-15', prior: -0.3 },
  { name: 'cp850', prior: -0.3 },
  { name: 'cp437', prior: -0.4 },
  { name: 'macintosh', prior: -0.4 },
  { name: 'windows-1250', prior: -0.5 },
  { name: 'windows-1251', prior: -0.5 },
  { name: 'cp866', prior: -0.6 },
  { name: 'koi8-r', prior: -0.6 },
  { name: 'windows-1253', prior: -0.7 },
  { name: 'windows-1254', prior: -0.7 },
  { name: 'iso-8859-2', prior: -0.7 },
  { name: 'cp852', prior: -0.8 },
] as const

export interface Candidate {
  name: SingleByte
  prior: number
}

/** The characters of the bytes 128 to 255. */
function tableOf(name: SingleByte): string[] {
  const bytes = Buffer.from(Array.from({ length: 128 }, (_, index) => 128 + index))
  return [...(name === 'macintosh' ? new TextDecoder(name).decode(bytes) : iconv.decode(bytes, name))]
}

/** Bytes of a text with a high one among them, and what stands beside them. */
export interface Sample {
  add(bytes: Uint8Array): void
  /** Enough was seen to decide. */
  readonly full: boolean
  encoding(): SingleByte
}

const WORDS = 4_000
const LONGEST = 60

/** `candidates`: of these alone, where a source knows more. */
export function createSample(candidates: readonly Candidate[] = CANDIDATES): Sample {
  const words = new Map<string, number>()
  let current = ''
  let high = false
  let before = ' '
  const finish = (after: string) => {
    if (high && words.size < WORDS) {
      const word = before + current + after
      words.set(word, (words.get(word) ?? 0) + 1)
    }
    before = current === '' ? before : current.slice(-1)
    current = ''
    high = false
  }
  return {
    add(bytes) {
      for (const byte of bytes) {
        const part = byte > 127 || (byte > 64 && byte < 91) || (byte > 96 && byte < 123)
        if (part && current.length < LONGEST) {
          current += String.fromCharCode(byte)
          if (byte > 127) high = true
          continue
        }
        const sign = String.fromCharCode(byte)
        finish(sign)
        before = sign
      }
    },
    get full() {
      return words.size >= WORDS
    },
    encoding() {
      finish(' ')
      let best: { name: SingleByte; score: number } | undefined
      for (const { name, prior } of candidates) {
        const table = tableOf(name)
        let score = prior
        for (const [word, count] of words) score += Math.min(count, 5) * plausibility(word, table)
        if (!best || score > best.score) best = { name, score }
      }
      return best?.name ?? 'windows-1252'
    },
  }
}

const GERMAN = 'äöüß'
const GERMAN_CAPITALS = 'ÄÖÜ'
/** Words of one letter in Russian. */
const WORDS_OF_ONE = 'авикосуя'
const WESTERN = 'àâçèéêëîïôùûñóíáúìòœãõåæø'
const CENTRAL = 'ąćęłńśźżčďěňřšťůžőűăâîşţľĺŕđ'
const TURKISH = 'ğışİ'
const FREQUENT = 'оеаинтсрвлαοιετσνηυρπκμάέίό'
/** Stand at a word's beginning or end. */
const OPENING_QUOTES = '„“‚‘«»‹›'
const CLOSING_QUOTES = '“”‘’«»‹›'
/** May stand before or behind a word. */
const OPENING = '–—•…(¿¡§©€£°'
const CLOSING = '–—™®°²³€£%‰½¼¾ºª'
/** As one in the letters' place: a text with ten apostrophes and no umlaut has the encoding of the apostrophes. */
const QUOTED = 2.5
const UPRIGHTS = '│║'
const BARS = '│║─═'

function plausibility(word: string, table: readonly string[]): number {
  let text = ''
  for (let index = 0; index < word.length; index++) {
    const code = word.charCodeAt(index)
    text += code > 127 ? (table[code - 128] ?? '\ufffd') : word[index]
  }
  let score = 0
  let run = 0
  for (let index = 1; index < text.length - 1; index++) {
    if (word.charCodeAt(index) < 128) {
      run = 0
      continue
    }
    const sign = text[index]!
    run++
    score += ofSign(sign, text[index - 1]!, text[index + 1]!)
    // Letters with marks follow one another in no language of Europe: those are words of another script.
    if (run > 2 && isLatin(sign)) score -= 2
  }
  return score
}

function ofSign(sign: string, left: string, right: string): number {
  const code = sign.charCodeAt(0)
  if (sign === '\ufffd' || code < 0xa0) return -6
  if (code === 0xa0) return isLetter(left) && isLetter(right) ? -1.5 : 0.2
  if (code >= 0x2500 && code <= 0x25ff) return ofFrame(sign, left, right)
  if (!isLetter(sign)) return ofMark(sign, left, right)
  const lower = sign.toLowerCase()
  const capital = sign !== lower
  if (/[\u0370-\u04ff]/.test(sign)) return ofForeign(sign, lower, capital, left, right)
  // Another script beside it.
  if (isForeign(left) || isForeign(right)) return -3
  if (capital && isLower(left)) return -4
  // The horizontal line of a frame.
  if (GERMAN_CAPITALS.includes(sign) && (left === sign || right === sign)) return -3
  // A small letter between capitals, except the sharp s.
  if (!capital && isUpper(left) && isUpper(right) && sign !== 'ß') return -3
  const alone = !isLetter(left) && !isLetter(right)
  const worth = worthOf(sign, lower)
  // Words of one letter: French, Spanish, Italian, Portuguese.
  if (alone) return 'àéèóíÀÉ'.includes(sign) ? 0.5 : sign === 'ß' ? 0 : -0.5
  if (sign === 'µ' && !isLetter(left) && 'mlgsAVF'.includes(right)) return QUOTED
  if (!capital && isUpper(right) && !isUpper(left)) return -3
  // In German, a sharp s stands behind a letter.
  if (sign === 'ß' && !isLetter(left)) return -2
  // At the end of a word umlauts are rare, and at its beginning those that other languages have; quotation marks are not.
  if (!isLetter(right) && GERMAN.includes(sign) && sign !== 'ß') return 0.8
  return !isLetter(left) && 'ôûîòù'.includes(sign) ? 0.7 : worth
}

/** Of a frame or a bar: it stands at the edge of a line, or beside another of its kind. */
function ofFrame(sign: string, left: string, right: string): number {
  const isFrame = (other: string) => /[\u2500-\u25ff]/.test(other)
  if (isLetter(left) && isLetter(right)) return -4
  if (isFrame(left) || isFrame(right)) return isLetter(left) || isLetter(right) ? -1 : 1
  const ends = /\s/.test(left) || /\s/.test(right)
  const bar = isLetter(left) || isLetter(right) ? UPRIGHTS : BARS
  return ends && bar.includes(sign) ? 0.5 : -1
}

function ofMark(sign: string, left: string, right: string): number {
  const [before, behind] = [isLetter(left), isLetter(right)]
  if (before && behind) return sign === '’' ? QUOTED : sign === '–' || sign === '—' || sign === '·' ? -1 : -4
  const [quotes, closes] = [OPENING_QUOTES.includes(sign), CLOSING_QUOTES.includes(sign)]
  if (quotes && !before && (behind || /[\d(]/.test(right))) return QUOTED
  if (closes && !behind && (before || /[\d.,;:!?)]/.test(left))) return QUOTED
  if (quotes || closes) return before || behind ? -1.5 : 0.5
  if (sign === '…' && !behind) return before ? QUOTED : 1
  if (!before && OPENING.includes(sign)) return 1
  if (!behind && CLOSING.includes(sign)) return 1
  return before || behind ? -1.5 : -0.3
}

function worthOf(sign: string, lower: string): number {
  if (GERMAN.includes(sign) || GERMAN_CAPITALS.includes(sign)) return 3
  if (lower === 'é' || lower === 'è' || lower === 'ç' || lower === 'à' || lower === 'ê') return 2
  if (lower === 'ñ' || lower === 'ã' || lower === 'õ') return 1.8
  if (WESTERN.includes(lower)) return 1.4
  if (CENTRAL.includes(lower)) return 1.6
  if (TURKISH.includes(sign)) return 1.6
  return 0.2
}

function ofForeign(sign: string, lower: string, capital: boolean, left: string, right: string): number {
  if (isLatin(left) || isLatin(right)) return -3
  if (capital && isLower(left)) return -3
  if (!isLetter(left) && !isLetter(right))
    return sign === 'µ' || sign === 'μ' ? 0.5 : WORDS_OF_ONE.includes(lower) ? 0.3 : -0.6
  if (capital) return isUpper(right) || isUpper(left) ? 0.4 : 1.2
  return FREQUENT.includes(lower) ? 2.2 : 1.3
}

function isLetter(sign: string): boolean {
  return /\p{L}/u.test(sign)
}

function isLatin(sign: string): boolean {
  return /\p{Script=Latin}/u.test(sign)
}

function isForeign(sign: string): boolean {
  return /[\u0370-\u04ff]/.test(sign)
}

function isLower(sign: string): boolean {
  return /\p{Ll}/u.test(sign)
}

function isUpper(sign: string): boolean {
  return /\p{Lu}/u.test(sign)
}
