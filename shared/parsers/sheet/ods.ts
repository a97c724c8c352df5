import type { Block } from '../../model/index.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { openOpenDocument } from '../office/odf.ts'
import { createPackage } from '../office/package.ts'
import { createTrouble, segmentsWith, type Trouble } from '../office/trouble.ts'
import { cleanText } from '../office/xml.ts'
import type { CellNote, DrawnText } from './beside.ts'
import { readOdsContent } from './ods-content.ts'
import { createRows, type Row } from './rows.ts'
import { noteBlock, onceNamed, withNotes } from './xlsx.ts'

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
    async *read(after) {
      const trouble = createTrouble(note)
      const pieces = createPackage(archive, trouble).stream('content.xml')
      return yield* segmentsWith(blocksOf(pieces, trouble, note), after, limits.characters, trouble)
    },
    close: () => archive.close(),
  }
}

async function* blocksOf(
  pieces: AsyncIterable<Uint8Array>,
  trouble: Trouble,
  note: Opening['note'],
): AsyncGenerator<Block> {
  let rows = createRows({ ranges: [] })
  let named = onceNamed('')
  let notes: CellNote[] = []
  let drawn: DrawnText[] = []
  let sheets = 0
  let repeated = 0

  function* finish(): Generator<Block> {
    yield* named(withNotes(rows.end(), notes))
    yield* named(notes.map(noteBlock))
    for (const { row, text } of drawn)
      yield* named([{ kind: 'paragraph', text, span: { unit: 'row', first: row, last: row } }])
    notes = []
    drawn = []
  }

  for await (const item of readOdsContent(pieces, trouble)) {
    if (item.type === 'sheet') {
      yield* finish()
      sheets++
      if (item.hidden) note(`sheet ${sheets} is hidden`)
      rows = createRows({ ranges: [] })
      named = onceNamed(cleanText(item.name))
    } else if (item.type === 'note') notes.push(item)
    else if (item.type === 'drawn') drawn.push(item)
    else
      for (let at = 0; at < item.repeat; at++) {
        if (at > 0 && ++repeated > MOST_REPEATED) {
          trouble.cut('more rows are said to repeat than are kept')
          break
        }
        const row: Row = { number: item.number + at, cells: item.cells, ...(item.isHeader && { isHeader: true }) }
        yield* named(withNotes(rows.push(row), notes))
      }
  }
  yield* finish()
}
