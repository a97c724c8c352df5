import type { Block } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { openOpenDocument } from '../office/odf.ts'
import { createPackage } from '../office/package.ts'
import { createResume, type Marks } from '../text/segments.ts'
import { createTrouble, type Losses, segmentsWith, type Trouble } from '../trouble.ts'
import type { DrawnText } from './beside.ts'
import { createLabels } from './labels.ts'
import { createNotes, onceNamed, withHidden } from './notes.ts'
import { readOdsContent } from './ods-content.ts'
import { createRows, type Row, type RowsState } from './rows.ts'

const ODS = 'application/vnd.oasis.opendocument.spreadsheet'

/** Rows that repeat one with content, in the whole document. Programs write them for rows of one look, which are empty. */
const MOST_REPEATED = 100_000

/**
 * A sheet of LibreOffice and others, as the one of Excel: cells with the text that the file keeps as shown. Throws
 * `password-protected`, `password-wrong`, `type-mismatch`, `damaged`.
 */
export async function openOds(file: string, { limits, note, password }: Opening): Promise<Source<Reading>> {
  const archive = await openOpenDocument(file, ODS, password)
  return {
    segments: null,
    async *read(after, state) {
      const resume = createResume<Position>('ods 2', state, after)
      const trouble = createTrouble(note, resume.from?.losses)
      const pieces = createPackage(archive, trouble).stream('content.xml')
      const seen = { hidden: resume.from?.hidden ?? false }
      const blocks = blocksOf(pieces, trouble, note, resume, seen)
      return withHidden(yield* segmentsWith(blocks, after, limits.characters, trouble, resume), seen)
    },
    close: () => archive.close(),
  }
}

/** Behind a row of a sheet. */
interface Position {
  /** Of all that stands in the sheets (`OdsItem`), so many come before. */
  items: number
  sheets: number
  rows: RowsState
  repeated: number
  /** The sheet is; something before it was. */
  hiddenSheet: boolean
  hidden: boolean
  losses: Losses
}

/** Between two marks. */
const ITEMS = 500

async function* blocksOf(
  pieces: AsyncIterable<Uint8Array>,
  trouble: Trouble,
  note: Opening['note'],
  marks: Marks<Position>,
  seen: { hidden: boolean },
): AsyncGenerator<Block> {
  const { from } = marks
  let rows = createRows({ ranges: [] }, from?.rows)
  let named = onceNamed('')
  let notes = createNotes([], from?.rows.last)
  let labels = createLabels()
  let hiddenSheet = from?.hiddenSheet ?? false
  let drawn: DrawnText[] = []
  let sheets = from?.sheets ?? 0
  let repeated = from?.repeated ?? 0
  let items = 0

  function* finish(): Generator<Block> {
    yield* named(notes.among(rows.end()))
    yield* named(notes.rest())
    for (const { row, text } of drawn)
      yield* named([{ kind: 'paragraph', text, span: { unit: 'row', first: row, last: row } }])
    notes = createNotes()
    drawn = []
  }

  for await (const item of readOdsContent(pieces, trouble)) {
    if (++items <= (from?.items ?? 0)) continue
    if (item.type === 'sheet') {
      yield* finish()
      sheets++
      if (item.hidden) note(`sheet ${sheets} is hidden`)
      rows = createRows({ ranges: [] })
      labels = createLabels()
      hiddenSheet = item.hidden
      named = onceNamed(cleanText(item.name))
    } else if (item.type === 'note') notes.add(item)
    else if (item.type === 'drawn') drawn.push(item)
    else {
      if (item.hidden || hiddenSheet) seen.hidden = true
      for (let at = 0; at < item.repeat; at++) {
        if (at > 0 && ++repeated > MOST_REPEATED) {
          trouble.cut('more rows are said to repeat than are kept')
          break
        }
        const row: Row = { number: item.number + at, cells: item.cells, ...(item.isHeader && { isHeader: true }) }
        yield* named(notes.among(rows.push(labels.fill(row))))
      }
      const { state } = rows
      const isWhole = notes.waiting + drawn.length === 0 && !labels.reachPast(item.number + item.repeat - 1)
      if (state && items % ITEMS === 0 && isWhole)
        marks.at({ items, sheets, rows: state, repeated, hiddenSheet, hidden: seen.hidden, losses: trouble.losses })
    }
  }
  yield* finish()
}
