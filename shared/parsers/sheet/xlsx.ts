import type { Block } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { createPackage, mainPart, type Package, type Relationship } from '../office/package.ts'
import { childOf, childrenOf, descendantsOf, rawText, relationOf } from '../office/xml.ts'
import { createResume, type Marks } from '../text/segments.ts'
import { createTrouble, type Losses, segmentsWith, type Trouble } from '../trouble.ts'
import { openOffice } from '../zip/office.ts'
import { areaOf } from './areas.ts'
import { readComments, readDrawings, readTables } from './beside.ts'
import { createNotes, noteBlock, onceNamed, withHidden } from './notes.ts'
import { createRows, type KnownHeaders, type RowsState } from './rows.ts'
import { readSharedStrings } from './shared-strings.ts'
import { readStyles } from './styles.ts'
import { type RowPlace, readWorksheet, type SheetDetails, type WorkbookParts } from './worksheet.ts'

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

interface Sheet {
  name: string
  part: string
  hidden: boolean
  /** Rows that are repeated in print, or filtered: headers. */
  headers: KnownHeaders['ranges'][number][]
}

/**
 * A workbook of Excel: each sheet a heading, its rows with the cells as shown, comments behind their table, what is drawn
 * behind the rows. Hidden sheets, rows and columns are read as well, and that is said. Throws what `openOffice` throws, and `damaged`.
 */
export async function openXlsx(file: string, { limits, note, password }: Opening): Promise<Source<Reading>> {
  const archive = await openOffice(file, { ...(password !== undefined && { password }), mediaType: XLSX })
  return {
    segments: null,
    async *read(after, state) {
      const resume = createResume<Position>('xlsx 2', state, after)
      const trouble = createTrouble(note, resume.from?.losses)
      const parts = createPackage(archive, trouble)
      const seen = { hidden: resume.from?.hidden ?? false }
      const blocks = blocksOf(parts, trouble, note, resume, seen)
      return withHidden(yield* segmentsWith(blocks, after, limits.characters, trouble, resume), seen)
    },
    close: () => archive.close(),
  }
}

/** Behind a row of a sheet. */
interface Position {
  sheet: number
  row: RowPlace
  rows: RowsState
  /** Comments that still come. */
  comments: number
  /** Something before it was. */
  hidden: boolean
  losses: Losses
}

async function* blocksOf(
  parts: Package,
  trouble: Trouble,
  note: Opening['note'],
  marks: Marks<Position>,
  seen: { hidden: boolean },
): AsyncGenerator<Block> {
  const main = await mainPart(parts, 'xl/workbook.xml', XLSX)
  const relationships = await parts.relationships(main)
  const { sheets, from1904 } = await readWorkbook(parts, main, relationships, trouble)
  const target = (type: string, usual: string) =>
    relationships.find(relationship => relationship.type === type)?.target ?? (parts.has(usual) ? usual : undefined)
  const { of: styles } = await readStyles(parts, target('styles', 'xl/styles.xml'), await languageOf(parts), from1904)
  const strings = await readSharedStrings(parts, target('sharedStrings', 'xl/sharedStrings.xml'), trouble)
  const begun = marks.from?.sheet ?? -1
  for (const [index, sheet] of sheets.entries()) {
    if (index < begun) continue
    if (sheet.hidden && index !== begun) note(`sheet ${index + 1} is hidden`)
    const own = {
      from: index === begun ? marks.from : undefined,
      at: (place: Omit<Position, 'sheet' | 'losses'>) => marks.at({ sheet: index, ...place, losses: trouble.losses }),
    }
    for await (const block of readSheet(parts, sheet, { strings, styles, from1904, trouble }, note, own, seen)) {
      if (sheet.hidden) seen.hidden = true
      yield block
    }
  }
}

async function* readSheet(
  parts: Package,
  sheet: Sheet,
  context: WorkbookParts,
  note: Opening['note'],
  { from, at }: Marks<Omit<Position, 'sheet' | 'losses'>>,
  seen: { hidden: boolean },
): AsyncGenerator<Block> {
  const relationships = await parts.relationships(sheet.part)
  const comments = await readComments(parts, relationships)
  if (from) comments.splice(0, comments.length - from.comments)
  const notes = createNotes(comments, from?.rows.last)
  const details: SheetDetails = { frozen: 0, links: [], uncalculated: 0, hidden: false }
  // Texts of cells that are addresses: what a link leads to is told only where its cell does not.
  const addresses = new Set<string>()
  const linked = relationships.some(({ type }) => type === 'hyperlink')
  let rows: ReturnType<typeof createRows> | undefined
  const named = onceNamed(from ? '' : sheet.name)
  const tables = [...(await readTables(parts, relationships)), ...sheet.headers]

  // Their texts are asked for below, so that no row is passed over.
  const known = linked ? undefined : from?.row
  for await (const found of readWorksheet(parts, sheet.part, context, details, known)) {
    const frozen = details.frozen
    if (!rows && frozen > 0 && frozen <= 5 && !tables.some(({ row }) => row <= frozen + 1))
      tables.push({ row: frozen, last: Number.POSITIVE_INFINITY })
    rows ??= createRows({ ranges: tables }, from?.rows)
    for (const row of found) {
      if (linked)
        for (const { text } of row.cells) if (/:\/\/|@|^www\./.test(text) && addresses.size < 5_000) addresses.add(text)
      if (from && row.count <= from.row.count) continue
      yield* named(notes.among(rows.push(row)))
    }
    if (details.hidden) seen.hidden = true
    const { state } = rows
    const last = found.at(-1)
    if (state && last && !last.isCovered && !(from && last.count <= from.row.count))
      at({ row: { count: last.count, number: last.number }, rows: state, comments: notes.waiting, hidden: seen.hidden })
  }
  if (from) rows ??= createRows({ ranges: tables }, from.rows)
  if (rows) yield* named(notes.among(rows.end()))
  yield* named(notes.rest())
  for (const { row, column, relation } of details.links) {
    const address = cleanText(relationships.find(({ id, external }) => external && id === relation)?.target ?? '')
    const shown = address.replace(/^mailto:/, '').replace(/\/$/, '')
    if (!/^(?:https?|mailto|ftp):/.test(address) || addresses.has(address) || addresses.has(shown)) continue
    addresses.add(address)
    yield* named([noteBlock({ row, column, text: shown })])
  }
  for (const { row, text } of await readDrawings(parts, relationships))
    yield* named([{ kind: 'paragraph', text, span: { unit: 'row', first: row, last: row } }])
  if (details.hidden) note('rows or columns are hidden')
  if (details.uncalculated > 0) note(`${details.uncalculated} formulas were never calculated and show nothing`)
}

async function readWorkbook(
  parts: Package,
  main: string,
  relationships: readonly Relationship[],
  trouble: Trouble,
): Promise<{ sheets: Sheet[]; from1904: boolean }> {
  const workbook = await parts.root(main)
  const from1904 = /^(?:1|true)$/.test(childOf(workbook, 'workbookPr')?.attributes.date1904 ?? '')
  const sheets: Sheet[] = childrenOf(childOf(workbook, 'sheets'), 'sheet').flatMap(sheet => {
    const part = relationships.find(({ id }) => id === relationOf(sheet))?.target
    if (part === undefined) trouble.damaged('a sheet is missing')
    const { name = '', state = 'visible' } = sheet.attributes
    return [{ name: cleanText(name), part: part ?? '', hidden: state !== 'visible', headers: [] }]
  })
  for (const element of descendantsOf(workbook, 'definedName')) {
    const { name, localSheetId } = element.attributes
    const sheet = sheets[Number(localSheetId)]
    if (localSheetId === undefined || !sheet) continue
    for (const reference of rawText(element).split(',')) {
      const area = areaOf(reference)
      if (!area) continue
      if (name === '_xlnm._FilterDatabase') sheet.headers.push(area)
      // Of repeated rows the last one names the columns; it holds for the whole sheet.
      if (name === '_xlnm.Print_Titles' && area.last - area.row < 5)
        sheet.headers.push({ row: area.last, last: Number.POSITIVE_INFINITY })
    }
  }
  if (sheets.length === 0) {
    trouble.damaged('the workbook names no sheet')
    for (let number = 1; parts.has(`xl/worksheets/sheet${number}.xml`); number++)
      sheets.push({ name: '', part: `xl/worksheets/sheet${number}.xml`, hidden: false, headers: [] })
  }
  return { sheets: sheets.filter(({ part }) => part !== ''), from1904 }
}

async function languageOf(parts: Package): Promise<string> {
  const properties = (await parts.relationships('')).find(({ type }) => type === 'core-properties')?.target
  const root = properties === undefined ? undefined : await parts.root(properties)
  return rawText(childOf(root, 'language')).trim()
}
