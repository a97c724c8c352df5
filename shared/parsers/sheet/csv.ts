import type { Block } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { type Decoded, decodeFrom, type Place } from '../text/decode.ts'
import { createResume, type Marks } from '../text/segments.ts'
import { createTrouble, type Losses, segmentsWith, type Trouble } from '../trouble.ts'
import { delimiterOf, recordsOf } from './records.ts'
import { type Cell, createRows, type RowsState } from './rows.ts'
import { createWidths, type SeenWidths } from './widths.ts'

const PROBE = 64 * 1024

/**
 * Delimited text: a row is a record, numbered as a sheet would; the delimiter is told from the first records or by Excel's
 * line `sep=;`. A file without one is a sheet of one column.
 */
export async function openCsv(
  file: string,
  { limits, note }: Pick<Opening, 'limits' | 'note'>,
  expected?: string,
): Promise<Source<Reading>> {
  return {
    segments: null,
    async *read(after, state) {
      const resume = createResume<Position>('records 2', state, after)
      const trouble = createTrouble(note, resume.from?.losses)
      const text = decodeFrom(file, resume.from?.place, () => trouble.damaged('bytes that are no text'))
      return yield* segmentsWith(blocksOf(text, expected, trouble, resume), after, limits.characters, trouble, resume)
    },
    close: async () => {},
  }
}

/** Between two records. */
interface Position {
  place: Place
  delimiter: string
  /** Records before it. */
  records: number
  rows: RowsState
  widths: SeenWidths
  losses: Losses
}

async function* blocksOf(
  { pieces, placeAt }: Decoded,
  expected: string | undefined,
  trouble: Trouble,
  marks: Marks<Position>,
): AsyncGenerator<Block> {
  const { from } = marks
  const start = from ? { ...from, rest: pieces, before: 0 } : { ...(await begin(pieces, expected)), records: 0 }
  const { delimiter } = start
  const rows = createRows({ ranges: [], records: true }, from?.rows)
  const widths = createWidths(from?.widths)
  try {
    for await (const records of recordsOf(start.rest, delimiter, start.records)) {
      for (const record of records) {
        const cells = cellsOf(record.fields)
        widths.look(record, cells)
        if (record.torn) trouble.damaged('a field in quotes that does not end where it should')
        if (cells.length > 0) yield* rows.push({ number: record.number, cells })
      }
      const state = rows.state
      const { number, end } = records.at(-1)!
      const place = placeAt(start.before + end)
      if (state)
        marks.at({ place, delimiter, records: number, rows: state, widths: widths.seen, losses: trouble.losses })
    }
    yield* rows.end()
    const damage = widths.damage()
    if (damage !== undefined) trouble.damaged(damage)
  } finally {
    await pieces.return(undefined)
  }
}

/** What follows the line that names the delimiter, if there is one; `before`: the characters of that line. */
async function begin(
  pieces: AsyncGenerator<string>,
  expected: string | undefined,
): Promise<{ delimiter: string; rest: AsyncIterable<string>; before: number }> {
  let head = ''
  let whole = true
  for (;;) {
    const { value, done } = await pieces.next()
    if (done) break
    head += value
    if (head.length < PROBE) continue
    whole = false
    break
  }
  const said = /^sep=([^\r\n])(?:\r\n|\r|\n)/i.exec(head)
  const before = said?.[0].length ?? 0
  head = head.slice(before)
  const delimiter = said?.[1] ?? delimiterOf(head.slice(0, PROBE), whole && head.length <= PROBE, expected)
  async function* rest() {
    yield head
    head = ''
    if (!whole) yield* pieces
  }
  return { delimiter, rest: rest(), before }
}

const NUMBER = /^[-+(]?[€$£]?\s?\d[\d.,'\s]*\)?\s?(?:[€$£%]|EUR|USD|CHF|GBP)?$/
const DATE = /^(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d)(?:[T ]\d{1,2}:\d\d.*)?$/

function cellsOf(fields: readonly string[]): Cell[] {
  const cells: Cell[] = []
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!
    const text = field === '' ? '' : cleanText(field)
    if (text === '') continue
    const first = text.charCodeAt(0)
    // Digits, signs and signs of currency: nothing else begins a number.
    const figure = first < 58 || first === 0x20ac || first === 0xa3
    const kind = !figure ? 'text' : DATE.test(text) ? 'date' : NUMBER.test(text) ? 'number' : 'text'
    cells.push({ column: index + 1, text, kind })
  }
  return cells
}
