/** Records of delimited text (RFC 4180, and what programs write instead). */

export interface Record {
  /** From 1, empty ones counted, as a sheet would number them. */
  number: number
  fields: string[]
  /** Characters of the pieces up to behind it. */
  end: number
  /** The text ends in it, without a line end. */
  isOpen?: boolean
  /** A field holds the delimiter, in quotes. */
  keeps?: boolean
  /** Its quotes were set by no program: text follows the end of a field that broke lines, or the text ends inside one. */
  torn?: boolean
  /** A field holds a quote, in quotes. */
  escapes?: boolean
  /** A field without quotes ends with one. */
  closes?: boolean
}

type Marks = Pick<Record, 'keeps' | 'torn' | 'escapes' | 'closes'>

/** A quoted field goes on over no more than this; a quote that opens a longer one is taken for a letter. */
const LONGEST_FIELD = 200_000
/** Excel's own bound. */
const MOST_FIELDS = 16_384
/** A line is read in parts beyond this. */
const LONGEST_LINE = 4 * 1024 ** 2
const NO_LINE = -1

/**
 * The records of a text that comes in pieces. Line breaks stand inside quotes only; a doubled quote is one; what follows a
 * closing quote up to the delimiter belongs to the field, and a quote inside an unquoted field is a letter. `before`: records
 * that stand before the pieces.
 */
export async function* recordsOf(
  pieces: AsyncIterable<string>,
  delimiter: string,
  before = 0,
): AsyncGenerator<Record[]> {
  let rest = ''
  let number = before
  let passed = 0
  for await (const piece of pieces) {
    rest += piece
    const records: Record[] = []
    let from = 0
    for (;;) {
      const record = recordAt(rest, from, delimiter, false)
      if (!record) break
      records.push({ number: ++number, fields: record.fields, end: passed + record.end, ...record.marks })
      from = record.end
    }
    rest = rest.slice(from)
    passed += from
    if (records.length > 0) yield records
  }
  const records: Record[] = []
  for (let from = 0; from < rest.length; ) {
    const record = recordAt(rest, from, delimiter, true)!
    const isOpen = record.end === rest.length && !/[\r\n]$/.test(rest)
    const end = passed + record.end
    records.push({ number: ++number, fields: record.fields, end, ...record.marks, ...(isOpen && { isOpen }) })
    from = record.end
  }
  if (records.length > 0) yield records
}

/** The record that begins here and where the next begins; undefined when more text is needed to know. */
function recordAt(
  text: string,
  from: number,
  delimiter: string,
  isLast: boolean,
): { fields: string[]; end: number; marks?: Marks } | undefined {
  const line = lineEnd(text, from, isLast)
  if (line === NO_LINE && text.length - from < LONGEST_LINE) return undefined
  const end = line === NO_LINE ? from + LONGEST_LINE : line
  const plain = text.slice(from, end)
  if (!plain.includes('"')) return { fields: plain.split(delimiter, MOST_FIELDS), end: behind(text, end) }
  const fields: string[] = []
  const marks: Marks = {}
  let at = from
  let lineAt = end
  for (;;) {
    const quoted = text[at] === '"' ? quotedAt(text, at, isLast) : undefined
    if (quoted === 'more') return undefined
    let field = ''
    if (quoted) {
      field = quoted.text
      if (field.includes(delimiter)) marks.keeps = true
      if (field.includes('"')) marks.escapes = true
      at = quoted.end
      if (at > lineAt) {
        const next = lineEnd(text, at, isLast)
        if (next === NO_LINE && text.length - at < LONGEST_LINE) return undefined
        lineAt = next === NO_LINE ? at + LONGEST_LINE : next
      }
    }
    const found = text.indexOf(delimiter, at)
    const stop = found === -1 || found > lineAt ? lineAt : found
    // That is never closed, where it is not taken for a letter because the field would be too long.
    const unclosed = text[at] === '"' && isLast && text.length - at <= LONGEST_FIELD
    if (quoted ? /[\r\n]/.test(field) && text.slice(at, stop).trim() !== '' : unclosed) marks.torn = true
    if (!quoted && /^[^"]+"$/.test(text.slice(at, stop))) marks.closes = true
    if (fields.length < MOST_FIELDS) fields.push(field + text.slice(at, stop))
    if (stop === lineAt) return { fields, end: behind(text, lineAt), marks }
    at = stop + delimiter.length
  }
}

/** A quoted field; undefined when the quote is a letter, `more` when its end may still come. */
function quotedAt(text: string, from: number, isLast: boolean): { text: string; end: number } | 'more' | undefined {
  let at = from + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote === -1 || quote - from > LONGEST_FIELD) {
      if (quote === -1 && !isLast && text.length - from <= LONGEST_FIELD) return 'more'
      return undefined
    }
    if (quote + 1 === text.length && !isLast) return 'more'
    if (text[quote + 1] !== '"') return { text: text.slice(from + 1, quote).replaceAll('""', '"'), end: quote + 1 }
    at = quote + 2
  }
}

function lineEnd(text: string, from: number, isLast: boolean): number {
  const feed = text.indexOf('\n', from)
  const limit = feed === -1 ? text.length : feed
  const carriage = text.slice(from, limit).indexOf('\r')
  if (carriage === -1) return feed !== -1 ? feed : isLast ? text.length : NO_LINE
  // A carriage return at the very end may be half of a pair.
  const end = from + carriage
  return end === text.length - 1 && !isLast ? NO_LINE : end
}

function behind(text: string, end: number): number {
  if (text[end] === '\r') return text[end + 1] === '\n' ? end + 2 : end + 1
  return text[end] === '\n' ? end + 1 : end
}

const DELIMITERS = [';', '\t', '|', ',']
const LOOK = 100

/**
 * The delimiter under which the first records agree best in how many fields they have. A German file has decimal commas in
 * many records too, so of two that agree equally the comma comes last; `expected` (a tab in a `.tsv`) first.
 */
export function delimiterOf(head: string, isWhole: boolean, expected: string | undefined): string {
  const candidates = expected === undefined ? DELIMITERS : [expected, ...DELIMITERS.filter(one => one !== expected)]
  let best = candidates[0]!
  let bestScore = 0
  for (const delimiter of candidates) {
    const counts: number[] = []
    let between = 0
    for (let from = 0; from < head.length && counts.length < LOOK; ) {
      const record = recordAt(head, from, delimiter, isWhole)
      if (!record) break
      if (delimiter === ',' && record.fields.length > 1 && !isText(head.slice(from, record.end))) between++
      if (record.fields.some(field => field.trim() !== '')) counts.push(record.fields.length)
      from = record.end
    }
    const often = new Map<number, number>()
    for (const count of counts) often.set(count, (often.get(count) ?? 0) + 1)
    const [fields = 1, agree = 0] = [...often].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? []
    if (fields < 2) continue
    // One column of names such as “Müller, Hans” or of amounts such as 1,50 under its title.
    if (delimiter === ',' && counts[0] === 1 && fields === 2 && between === 0) continue
    // The first record names the columns: it should have as many.
    const score = agree / counts.length + (counts[0] === fields ? 0.2 : 0) + (delimiter === expected ? 0.2 : 0)
    if (score > bestScore + 0.05) {
      best = delimiter
      bestScore = score
    }
  }
  return bestScore > 0 ? best : '\0'
}

/** Whether all commas of a line are those of a text or of figures. */
function isText(line: string): boolean {
  return !line.includes('"') && !/,(?! )(?<!\d,(?=\d))/.test(line)
}
