import type { Handler } from 'htmlparser2'
import type { Package } from '../office/package.ts'
import type { Trouble } from '../office/trouble.ts'
import { cleanText, localName, parseXml, unescaped } from '../office/xml.ts'
import type { Cell, Row } from './rows.ts'
import type { SharedStrings } from './shared-strings.ts'
import type { Styles } from './styles.ts'

export interface CellLink {
  row: number
  column: number
  /** Relationship of the address outside. */
  relation: string
}

/** What comes of a sheet besides its rows. */
export interface SheetDetails {
  /** Rows that stay on top when the sheet is scrolled; known before the first row. */
  frozen: number
  links: CellLink[]
  /** Formulas nobody ever calculated: there is nothing to show. */
  uncalculated: number
}

/** Excel's own bounds, which cells of damaged files leave. */
const LAST_COLUMN = 16_384
const LAST_ROW = 1_048_576
const MOST_LINKS = 2_000

/** A row, and how many the file has up to it, empty ones too. */
export interface CountedRow extends Row {
  count: number
}

/** Behind a row: how many there were, and its number. */
export interface RowPlace {
  count: number
  number: number
}

/**
 * The rows of a sheet that hold anything, in the order of the file, some at a time; what is hidden too. Those up to `from` are
 * passed over: their cells are not looked at.
 */
export async function* readWorksheet(
  parts: Package,
  part: string,
  { strings, styles, trouble }: { strings: SharedStrings; styles: Styles; trouble: Trouble },
  details: SheetDetails,
  from: RowPlace = { count: 0, number: 0 },
): AsyncGenerator<CountedRow[]> {
  let rows: CountedRow[] = []
  let number = 0
  let count = 0
  let passing = from.count > 0
  let column = 0
  let cells: Cell[] = []
  let type = ''
  let style = 0
  let value = ''
  let hasFormula = false
  let takes = false
  let phonetic = 0
  let tag = ''
  let finished = false
  let link: CellLink | undefined
  let split = false

  function addCell() {
    const { format, bold } = styles(style)
    let text: string
    let kind: Cell['kind'] = 'text'
    if (type === 's') {
      const index = Number(value)
      if (value !== '' && !(index < strings.count)) trouble.damaged('a cell refers to a shared string that is missing')
      text = format.text(strings.at(index))
    } else if (type === 'str' || type === 'inlineStr' || type === 'e')
      text = type === 'e' ? cleanText(value) : format.text(cleanText(unescaped(value)))
    else if (type === 'b') text = format.truth(/^(?:1|true)$/.test(value.trim()))
    else {
      const raw = value.trim()
      const dated = type === 'd' ? serialOf(raw) : undefined
      text = format.number(dated === undefined ? raw : String(dated))
      kind = format.kind
    }
    if (text === '') {
      if (hasFormula && value === '' && type !== 'str') details.uncalculated++
      return
    }
    if (column <= LAST_COLUMN) cells.push(bold ? { column, text, kind, bold } : { column, text, kind })
  }

  function addRow() {
    count++
    if (passing) {
      passing = count < from.count
      number = from.number
      return
    }
    if (cells.length > 0 && number <= LAST_ROW) {
      for (let at = 1; at < cells.length; at++)
        if (cells[at]!.column < cells[at - 1]!.column) {
          cells.sort((a, b) => a.column - b.column)
          break
        }
      rows.push({ number, cells, count })
    }
    cells = []
  }

  const state = { ended: false }
  const handler: Partial<Handler> = {
    onopentagname(full) {
      tag = localName(full)
      if (tag === 'c') {
        column++
        type = ''
        style = 0
        value = ''
        hasFormula = false
      } else if (tag === 'v' || tag === 't') takes = phonetic === 0
      else if (tag === 'row') {
        number++
        column = 0
      } else if (tag === 'f') hasFormula = true
      else if (tag === 'rPh') phonetic++
      else if (tag === 'hyperlink') link = { row: 0, column: 0, relation: '' }
    },
    onattribute(name, data) {
      if (tag === 'c') {
        if (name === 'r') column = columnOf(data) || column
        else if (name === 't') type = data
        else if (name === 's') style = Number(data)
      } else if (tag === 'row') {
        if (name === 'r') number = Number(data) || number
      } else if (tag === 'pane') {
        if (name === 'ySplit') details.frozen = Number(data) || 0
        else if (name === 'state' && !data.startsWith('frozen')) split = true
      } else if (link) {
        if (name === 'ref') {
          link.column = columnOf(data)
          link.row = Number(/\d+/.exec(data)?.[0] ?? 0)
        } else if (localName(name) === 'id') link.relation = data
      }
    },
    ontext(data) {
      if (takes) value += data
    },
    onclosetag(full) {
      const name = localName(full)
      if (name === 'v' || name === 't') takes = false
      else if (name === 'c') {
        if (!passing) addCell()
      } else if (name === 'row') addRow()
      else if (name === 'rPh') phonetic--
      else if (name === 'pane' && split) details.frozen = 0
      else if (name === 'hyperlink') {
        if (link && link.relation !== '' && link.row > 0 && details.links.length < MOST_LINKS) details.links.push(link)
        link = undefined
      } else if (!state.ended && /^(?:worksheet|chartsheet|dialogsheet|macrosheet)$/i.test(name)) finished = true
    },
  }
  for await (const _ of parseXml(parts.stream(part), handler, state)) {
    if (rows.length === 0) continue
    yield rows
    rows = []
  }
  if (!finished) trouble.damaged('a sheet ends early or is missing')
}

/** `B7` is 2; 0 where there are no letters. */
export function columnOf(reference: string): number {
  let column = 0
  for (let at = 0; at < reference.length; at++) {
    const letter = reference.charCodeAt(at) & 0xdf
    if (letter < 65 || letter > 90) {
      if (reference[at] === '$') continue
      break
    }
    column = column * 26 + letter - 64
  }
  return column
}

/** A date as strict files may write it, as the number of days that formats count in; undefined for anything else. */
function serialOf(iso: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(?:(\d{4})-(\d\d)-(\d\d))?T?(?:(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?Z?$/.exec(iso) ?? []
  if (year === undefined && hour === undefined) return undefined
  const days = year === undefined ? 0 : Date.UTC(Number(year), Number(month) - 1, Number(day)) / 86_400_000 + 25_569
  const seconds = Number(hour ?? 0) * 3600 + Number(minute ?? 0) * 60 + Number(second ?? 0)
  return days + seconds / 86_400
}
