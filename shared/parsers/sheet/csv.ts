import type { Block } from '../../model/index.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { createTrouble, segmentsWith, type Trouble } from '../office/trouble.ts'
import { cleanText } from '../office/xml.ts'
import { decodeFile } from '../text/decode.ts'
import { delimiterOf, recordsOf } from './records.ts'
import { type Cell, createRows } from './rows.ts'
import { createWidths } from './widths.ts'

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
    async *read(after) {
      const trouble = createTrouble(note)
      const pieces = decodeFile(file, undefined, () => trouble.damaged('bytes that are no text'))
      return yield* segmentsWith(blocksOf(pieces, expected, trouble), after, limits.characters, trouble)
    },
    close: async () => {},
  }
}

async function* blocksOf(
  pieces: AsyncGenerator<string>,
  expected: string | undefined,
  trouble: Trouble,
): AsyncGenerator<Block> {
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
  if (said) head = head.slice(said[0].length)
  const delimiter = said?.[1] ?? delimiterOf(head.slice(0, PROBE), whole && head.length <= PROBE, expected)

  async function* all() {
    yield head
    head = ''
    if (!whole) yield* pieces
  }
  const rows = createRows({ ranges: [], records: true })
  const widths = createWidths()
  try {
    for await (const records of recordsOf(all(), delimiter))
      for (const record of records) {
        const cells = cellsOf(record.fields)
        widths.look(record, cells)
        if (record.torn) trouble.damaged('a field in quotes that does not end where it should')
        if (cells.length > 0) yield* rows.push({ number: record.number, cells })
      }
    yield* rows.end()
    const damage = widths.damage()
    if (damage !== undefined) trouble.damaged(damage)
  } finally {
    await pieces.return(undefined)
  }
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
