import { cleanText } from '../clean-text.ts'
import { localName, parseXml, type XmlEvents } from '../office/xml.ts'
import type { Trouble } from '../trouble.ts'
import type { CellNote, DrawnText } from './beside.ts'
import type { Cell, Row } from './rows.ts'

export type OdsItem =
  | { type: 'sheet'; name: string; hidden: boolean }
  /** A row that holds anything; so many under it are the same. */
  | ({ type: 'row'; repeat: number; hidden: boolean } & Row)
  | ({ type: 'note' } & CellNote)
  | ({ type: 'drawn' } & DrawnText)

const LAST_COLUMN = 16_384
/** Cells repeated with content: more is a mistake or an attack. */
const MOST_COLUMNS = 1_024
const MOST_HIDDEN = 200
/** What holds no text of the sheet. */
const SKIPPED = new Set([
  'text:tracked-changes',
  'table:tracked-changes',
  'dc:creator',
  'dc:date',
  'text:ruby-text',
  'svg:desc',
  'svg:title',
  'office:event-listeners',
  'office:forms',
])
const SHAPES = new Set(['frame', 'custom-shape', 'rect', 'ellipse', 'line', 'connector', 'caption', 'polygon', 'path'])

/** What stands in the sheets of a `content.xml`, in order (ODF 1.3, part 3, 9). */
export async function* readOdsContent(pieces: AsyncIterable<Uint8Array>, trouble: Trouble): AsyncGenerator<OdsItem> {
  const items: OdsItem[] = []
  const hiddenStyles = new Set<string>()
  const boldStyles = new Set<string>()
  let style = ''
  let number = 0
  let column = 0
  let cells: Cell[] = []
  let rowRepeat = 1
  let isHeader = false
  let cell = { repeat: 1, kind: 'text' as Cell['kind'], bold: false, wide: 1, tall: 1, value: '' }
  let hiddenRow = false
  let hiddenCell = false
  let columns = 0
  let hiddenColumns: [first: number, last: number][] = []
  let inCell = false
  let skipped = 0
  let note = 0
  let shape = 0
  let inText = false
  let lines: string[] = []
  let notes: string[] = []
  let shapes: string[] = []
  const state = { ended: false, whole: false }

  const take = (text: string) => {
    const target = note > 0 ? notes : shape > 0 ? shapes : lines
    target[target.length - 1] += text
  }
  const count = (value: string | undefined) => Math.max(1, Math.floor(Number(value ?? 1)) || 1)

  function endCell() {
    // Programs may leave out how a value is shown.
    const text = lines.length === 0 ? cleanText(cell.value) : cleanText(lines.join(' '))
    const said = cleanText(notes.join(' '))
    if (said !== '') items.push({ type: 'note', row: number, column: column + 1, text: said })
    drawAll()
    if (text !== '') {
      if (cell.repeat > MOST_COLUMNS) trouble.cut('more cells are said to repeat than are kept')
      for (let at = 0; at < Math.min(cell.repeat, MOST_COLUMNS) && column + at < LAST_COLUMN; at++)
        cells.push({
          column: column + at + 1,
          text,
          kind: cell.kind,
          ...(cell.bold && { bold: true }),
          ...(cell.wide > 1 && { wide: cell.wide }),
          ...(cell.tall > 1 && { tall: cell.tall }),
        })
      if (hiddenColumns.some(([first, last]) => column >= first - 1 && column < last)) hiddenCell = true
    }
    column += cell.repeat
    lines = []
    notes = []
  }

  function drawAll() {
    for (const raw of shapes) {
      const text = cleanText(raw)
      if (text !== '') items.push({ type: 'drawn', row: Math.max(1, number), text })
    }
    shapes = []
  }

  const handler: XmlEvents = {
    onopentag(full, attributes) {
      const name = localName(full)
      if (skipped > 0 || SKIPPED.has(full)) {
        skipped++
        return
      }
      if (name === 'table-cell' || name === 'covered-table-cell') {
        const type = attributes['office:value-type'] ?? attributes['calcext:value-type']
        cell = {
          repeat: count(attributes['table:number-columns-repeated']),
          kind:
            type === 'date' || type === 'time'
              ? 'date'
              : /^(?:float|percentage|currency)$/.test(type ?? '')
                ? 'number'
                : 'text',
          bold: boldStyles.has(attributes['table:style-name'] ?? ''),
          wide: count(attributes['table:number-columns-spanned']),
          tall: count(attributes['table:number-rows-spanned']),
          value: heldIn(attributes),
        }
        inCell = true
      } else if (name === 'p' || name === 'h') {
        inText = inCell || shape > 0 || note > 0
        if (inText) (note > 0 ? notes : shape > 0 ? shapes : lines).push('')
      } else if (name === 's') {
        if (inText) take(' ')
      } else if (name === 'tab' || name === 'line-break') {
        if (inText) take(' ')
      } else if (name === 'table-row') {
        number++
        column = 0
        rowRepeat = count(attributes['table:number-rows-repeated'])
        hiddenRow = isHidden(attributes)
        hiddenCell = false
      } else if (name === 'table-column') {
        const repeat = count(attributes['table:number-columns-repeated'])
        if (isHidden(attributes) && hiddenColumns.length < MOST_HIDDEN)
          hiddenColumns.push([columns + 1, columns + repeat])
        columns += repeat
      } else if (name === 'table-header-rows') isHeader = true
      else if (name === 'annotation') note++
      else if (SHAPES.has(name)) shape++
      else if (full === 'table:table') {
        number = 0
        columns = 0
        hiddenColumns = []
        const hidden = hiddenStyles.has(attributes['table:style-name'] ?? '')
        items.push({ type: 'sheet', name: attributes['table:name'] ?? '', hidden })
      } else if (name === 'style') style = attributes['style:name'] ?? ''
      else if (name === 'table-properties' && attributes['table:display'] === 'false') hiddenStyles.add(style)
      else if (name === 'text-properties' && attributes['fo:font-weight'] === 'bold') boldStyles.add(style)
    },
    ontext(data) {
      if (inText && skipped === 0) take(data)
    },
    onclosetag(full) {
      if (skipped > 0) {
        skipped--
        return
      }
      const name = localName(full)
      if (name === 'p' || name === 'h') inText = false
      else if (name === 'table-cell' || name === 'covered-table-cell') {
        inCell = false
        endCell()
      } else if (name === 'table-row') {
        const hidden = hiddenRow || hiddenCell
        if (cells.length > 0) items.push({ type: 'row', number, cells, repeat: rowRepeat, isHeader, hidden })
        cells = []
        number += rowRepeat - 1
      } else if (name === 'table-header-rows') isHeader = false
      else if (name === 'annotation') note = Math.max(0, note - 1)
      else if (SHAPES.has(name)) shape = Math.max(0, shape - 1)
      else if (name === 'shapes') drawAll()
      else if (name === 'document-content' && !state.ended) state.whole = true
    },
  }
  for await (const _ of parseXml(pieces, handler, state)) yield* items.splice(0)
  if (!state.whole) trouble.damaged('the content ends early or is missing')
}

/** Set by hand or by a filter. */
const isHidden = (attributes: Record<string, string>) =>
  /^(?:collapse|filter)$/.test(attributes['table:visibility'] ?? '')

/** What a cell holds, as written (ODF 1.3, part 3, 19.385 and around). */
function heldIn(attributes: Record<string, string>): string {
  const value = attributes['office:value'] ?? ''
  switch (attributes['office:value-type']) {
    case 'percentage':
      return value === '' ? '' : `${Number((Number(value) * 100).toPrecision(12))}%`
    case 'currency':
      return value === '' ? '' : `${value} ${attributes['office:currency'] ?? ''}`
    case 'date':
      return (attributes['office:date-value'] ?? '').replace('T', ' ')
    case 'time':
      return (attributes['office:time-value'] ?? '').replace(/^PT(\d+)H(\d+)M(\d+).*/, '$1:$2:$3')
    case 'boolean':
      return attributes['office:boolean-value'] ?? ''
    case 'string':
      return attributes['office:string-value'] ?? ''
    default:
      return value
  }
}
