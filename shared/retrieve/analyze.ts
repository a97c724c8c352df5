import type { Language } from '../model/index.ts'
import { exactForms, numberForm, sectionReferences } from './exact.ts'
import { foldWord } from './fold.ts'
import { searchableStem, stemWord } from './stem.ts'

export { isStopWord } from './stem.ts'

export interface Token {
  /** As the index keeps it; holds no white space. */
  term: string
  /** `text.slice(start, end)` is what the term came from. */
  start: number
  end: number
  /** `part`: a piece of the exact token, number with unit or hyphenated word before it, and inside its offsets. */
  kind: 'word' | 'number' | 'exact' | 'part'
}

/**
 * The index terms of a text, in order of their place: stems without stop words; numbers in one notation; whatever must be found letter by
 * letter (paths, options, versions, §, file numbers, IBAN, e-mail) whole and, after it, in parts. Pure, about 2 MB/s.
 */
export function analyze(text: string, language: Language): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(RUN)) addRun(tokens, match[0], match.index, text, language)
  const references = sectionReferences(text)
  if (references.length === 0) return tokens
  return [...tokens, ...references.map(reference => ({ ...reference, kind: 'exact' as const }))].sort(byPlace)
}

function addRun(tokens: Token[], run: string, start: number, text: string, language: Language): void {
  if (LETTERS.test(run)) addWord(tokens, run, start, language, 'word')
  else if (DIGIT_FIRST.test(run)) addNumber(tokens, run, start, text, language)
  else addMixed(tokens, run, start, language)
}

function addWord(tokens: Token[], run: string, start: number, language: Language, kind: 'word' | 'part'): void {
  const word = run.includes(SOFT_HYPHEN) ? run.replaceAll(SOFT_HYPHEN, '') : run
  const term = word === '' ? undefined : searchableStem(word, language)
  if (term !== undefined) tokens.push({ term, start, end: start + run.length, kind })
}

function addNumber(tokens: Token[], run: string, start: number, text: string, language: Language): void {
  const number = /^\d[\d.,]*\d|^\d/.exec(run)?.[0] ?? run
  const rest = run.slice(number.length)
  const end = start + run.length
  if (rest === '') {
    const { term, parts } = numberForm(number)
    tokens.push({ term, start, end, kind: 'number' })
    for (const part of parts) tokens.push({ term: part, start, end, kind: 'part' })
    UNIT.lastIndex = end
    const unit = UNIT.exec(text)?.[1]
    if (unit !== undefined)
      tokens.push({ term: `${term}${unit.toLowerCase()}`, start, end: UNIT.lastIndex, kind: 'part' })
    return
  }
  if (LETTERS.test(rest)) {
    const { term } = numberForm(number)
    if (!ORDINAL.test(rest)) tokens.push({ term: `${term}${foldWord(rest, false)}`, start, end, kind: 'exact' })
    tokens.push({ term, start, end: start + number.length, kind: ORDINAL.test(rest) ? 'number' : 'part' })
    if (!ORDINAL.test(rest)) addWord(tokens, rest, start + number.length, language, 'part')
    return
  }
  addMixed(tokens, run, start, language)
}

/** Words with something between: hyphenated words, names with apostrophes, and all that is read letter by letter. */
function addMixed(tokens: Token[], run: string, start: number, language: Language): void {
  const bare = run.replace(POSSESSIVE, '')
  if (LETTERS.test(bare)) {
    addWord(tokens, bare, start, language, 'word')
    return
  }
  if (HYPHENATED.test(bare)) {
    // "Boot-Parameter" is also "Bootparameter".
    const joined = bare.replaceAll(/[-‐‑]/g, '')
    tokens.push({ term: stemWord(joined, language), start, end: start + bare.length, kind: 'word' })
  } else {
    for (const form of exactForms(bare))
      tokens.push({
        term: foldWord(form.text, false),
        start: start + form.at,
        end: start + form.at + form.text.length,
        kind: form.at === 0 && form.text === bare ? 'exact' : 'part',
      })
  }
  let parts = 0
  for (const match of bare.matchAll(PART)) {
    if (++parts > MOST_PARTS) break
    if (match[0] === bare) continue
    if (DIGIT_FIRST.test(match[0])) {
      const at = start + match.index
      tokens.push({ term: numberForm(match[0]).term, start: at, end: at + match[0].length, kind: 'part' })
    } else addWord(tokens, match[0], start + match.index, language, 'part')
  }
}

const byPlace = (a: Token, b: Token) => a.start - b.start || b.end - a.end

/**
 * One run: letters, digits and what may stand between them (comma only between digits), with the dash or slash of an option or
 * a path before it. Every part is bounded by a class that cannot match the next one, so the expression is linear.
 */
const RUN =
  /(?:--?(?=\p{L})|(?:~|\.{1,2})?\/(?=[\p{L}\p{N}_.]))?[\p{L}\p{N}_][\p{L}\p{M}\p{N}_\u00ad]*(?:(?:,(?<=\p{N},)(?=\p{N})|[.:@/\\=+'’&‐‑-]{1,3}(?=[\p{L}\p{N}_]))[\p{L}\p{M}\p{N}_\u00ad]+)*/gu
const LETTERS = /^[\p{L}\p{M}\u00ad]+$/u
const HYPHENATED = /^[\p{L}\p{M}\u00ad]+(?:[-‐‑][\p{L}\p{M}\u00ad]+)+$/u
const PART = /\p{N}+(?:[.,]\p{N}+)*|[\p{L}\p{M}\u00ad]+/gu
const DIGIT_FIRST = /^\d/
const POSSESSIVE = /['’](?:s|S|t|ll|ve|re|d|m)$/
const SOFT_HYPHEN = '\u00ad'
const ORDINAL = /^(?:st|nd|rd|th|ter?|tes|ten|er|ern|s)$/
/** Units that are written apart as often as not: "780 MB" is also "780mb". */
const UNIT =
  /[ \u00a0\u202f]?(%|€|\$|°C|(?:[KMGTP]i?B|[kMG]?Hz|[kMG]?W|kWh|[kmc]?m|[km]?g|[km]?V|m?A|ml|l|ha|Bit|Byte|px|dpi|Euro|EUR|USD)(?![\p{L}\p{N}]))/uy
const MOST_PARTS = 32
