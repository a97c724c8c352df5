/** Sets a manual written in Markdown as pages: a title page, the contents with page numbers, chapters, running heads. */
import type { Blockquote, List, RootContent, Table } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'
import { type PdfBookmark, type PdfPage, type PdfText, widthOf } from '../write-pdf.ts'
import { body, bold, place, plain, textOf, type Word, widthOfLine, wordsOf, wrap } from './lines.ts'

export interface Manual {
  title: string
  pages: PdfPage[]
  bookmarks: PdfBookmark[]
}

interface Column {
  x: number
  width: number
}

const left = 71
const width = 453
const top = 84
const bottom = 772
const pageWidth = 595.28
const cell = { size: 9.5, leading: 12.5 }
const grey = 0.6

/**
 * The manual of a Markdown text: one `#` with the title and paragraphs for the title page, `##` chapters and `###`
 * sections that carry their numbers, paragraphs with `**bold**`, flat lists, tables, quotes as notes. The same text gives
 * the same pages. Throws on anything else, and on characters outside Windows-1252 when the pages are written.
 */
export function setManual(markdown: string): Manual {
  const { children } = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  const first = children.findIndex(node => node.type === 'heading' && node.depth === 2)
  const headings = children.flatMap(node =>
    node.type === 'heading' && node.depth > 1 ? [{ level: node.depth - 1, title: textOf(node.children) }] : [],
  )
  const [title, front] = titlePage(children.slice(0, first))
  const without = setContents(headings.map(heading => ({ ...heading, page: 0 })))
  const set = new Setter(1 + without.length)
  for (const node of children.slice(first)) setBlock(set, node)
  const entries = headings.map((heading, index) => ({ ...heading, page: set.headings[index] ?? 0 }))
  const contents = setContents(entries)
  const pages = [front, ...contents, ...set.pages]
  for (const [index, page] of pages.entries()) if (index > 0) dress(page, title, index + 1, pages.length)
  return { title, pages, bookmarks: entries.filter(({ level }) => level === 1) }
}

/** Where the next line goes; begins a new page when there is no room. */
class Setter {
  pages: PdfPage[] = []
  /** The page of each heading. */
  headings: number[] = []
  y = top
  readonly before: number

  constructor(before: number) {
    this.before = before
    this.turn()
  }

  get page(): PdfPage {
    const page = this.pages.at(-1)
    if (!page) throw new Error('no page')
    return page
  }

  turn() {
    this.pages.push({ texts: [], boxes: [] })
    this.y = top
  }

  /** Makes sure that so many points are left on the page. */
  need(height: number) {
    if (this.y + height > bottom) this.turn()
  }

  /** Nothing at the top of a page. */
  space(height: number) {
    if (this.y > top) this.y += height
  }

  lines(lines: readonly Word[][], x: number, { size, leading } = body) {
    for (const [index, line] of lines.entries()) {
      // Neither the first nor the last line of a paragraph stands alone on a page.
      const pair = (index === 0 && lines.length > 1) || (index === lines.length - 2 && lines.length > 2)
      this.need(pair ? 2 * leading : leading)
      this.page.texts.push(...place(line, x, this.y, size))
      this.y += leading
    }
  }

  box(x: number, y: number, boxWidth: number, height: number, shade: number) {
    this.page.boxes?.push({ x, y, width: boxWidth, height, grey: shade })
  }
}

function setBlock(set: Setter, node: RootContent) {
  if (node.type === 'heading') return setHeading(set, node.depth, textOf(node.children))
  if (node.type === 'paragraph') {
    set.lines(wrap(wordsOf(node.children), width), left)
    set.space(6)
  } else if (node.type === 'list') setList(set, node)
  else if (node.type === 'table') setTable(set, node)
  else if (node.type === 'blockquote') setNote(set, node)
  else throw new Error(`a manual has no ${node.type}`)
}

function setHeading(set: Setter, depth: number, title: string) {
  const chapter = depth === 2
  // A chapter has its own page unless the one before ends in the upper half.
  if (chapter && set.y > (top + bottom) / 2) set.turn()
  set.space(chapter ? 26 : 12)
  set.need(chapter ? 130 : 75)
  const size = chapter ? 19 : 12.5
  set.headings.push(set.before + set.pages.length)
  const lines = wrap(
    title.split(' ').map(text => ({ text, font: bold })),
    width,
    size,
  )
  set.y += chapter ? 10 : 2
  set.lines(lines, left, { size, leading: size * 1.3 })
  if (chapter) set.box(left, set.y - 14, width, 1, 0.35)
  set.y += chapter ? 12 : 3
}

function setList(set: Setter, list: List) {
  const indent = 20
  for (const [index, item] of list.children.entries()) {
    const [only] = item.children
    if (only?.type !== 'paragraph' || item.children.length !== 1) throw new Error('an item of a list is one paragraph')
    const mark = list.ordered ? `${index + (list.start ?? 1)}.` : '•'
    const lines = wrap(wordsOf(only.children), width - indent)
    set.need(Math.min(lines.length, 2) * body.leading)
    set.page.texts.push({ x: left + 4, y: set.y, text: mark, size: body.size })
    set.lines(lines, left + indent)
    set.y += 2
  }
  set.space(6)
}

function setNote(set: Setter, note: Blockquote) {
  const inset = 14
  const paragraphs = note.children.map(child => {
    if (child.type !== 'paragraph') throw new Error('a note holds paragraphs')
    return wrap(wordsOf(child.children), width - 2 * inset, 10)
  })
  const height = paragraphs.reduce((sum, lines) => sum + lines.length * 14 + 5, 0) + 11
  set.need(height)
  const from = set.y - 10
  set.box(left, from, width, height, 0.945)
  set.box(left, from, 2.5, height, 0.35)
  set.y += 7
  for (const lines of paragraphs) {
    set.lines(lines, left + inset, { size: 10, leading: 14 })
    set.y += 5
  }
  set.y += 11
}

function setTable(set: Setter, table: Table) {
  const [head, ...rows] = table.children.map((row, at) =>
    row.children.map(({ children }) => wordsOf(children, at === 0 ? bold : plain)),
  )
  if (!head) throw new Error('a table has a first row')
  const columns = columnsOf([head, ...rows])
  const broken = (row: Word[][]) => row.map((words, at) => wrap(words, columns[at]?.width ?? 0, cell.size))
  const heightOf = (row: Word[][][]) => Math.max(...row.map(lines => lines.length)) * cell.leading + 6
  const setRow = (row: Word[][][], weight: number) => {
    for (const [at, lines] of row.entries())
      for (const [number, line] of lines.entries())
        set.page.texts.push(...place(line, columns[at]?.x ?? left, set.y + number * cell.leading, cell.size))
    set.y += heightOf(row)
    set.box(left, set.y - cell.leading + 0.5, width, weight, weight > 0.5 ? 0.35 : grey)
  }
  const top = broken(head)
  const all = rows.map(broken)
  set.y += 3
  // The first row never stands without the two that follow.
  set.need(heightOf(top) + all.slice(0, 2).reduce((sum, row) => sum + heightOf(row), 0))
  setRow(top, 0.9)
  for (const row of all) {
    if (set.y + heightOf(row) > bottom + 6) {
      set.turn()
      setRow(top, 0.9)
    }
    setRow(row, 0.4)
  }
  set.space(10)
}

/** As wide as their text where that fits; otherwise what is left goes to those that want more, none under its longest word. */
function columnsOf(rows: readonly Word[][][]): Column[] {
  const gap = 12
  const room = width - gap * ((rows[0]?.length ?? 1) - 1)
  const columns = (rows[0] ?? []).map((_, at) => {
    const cells = rows.map(row => row[at] ?? [])
    return {
      wanted: Math.max(...cells.map(words => widthOfLine(words, cell.size))) + 1,
      least: Math.max(...cells.flat().map(word => widthOf(word.text, word.font, cell.size))) + 1,
    }
  })
  const least = columns.reduce((sum, column) => sum + column.least, 0)
  if (least > room) throw new Error('the words of a table are wider than the page')
  const more = columns.reduce((sum, { wanted, least }) => sum + wanted - least, 0)
  const share = more > 0 ? (room - least) / more : 0
  let x = left
  return columns.map(({ wanted, least }) => {
    const own = least + (wanted - least) * Math.min(share, 1.6)
    const column = { x, width: own }
    x += own + gap
    return column
  })
}

function titlePage(nodes: readonly RootContent[]): [string, PdfPage] {
  const texts: PdfText[] = []
  let title = ''
  let y = 250
  for (const node of nodes) {
    if (node.type === 'heading') {
      title = textOf(node.children)
      for (const line of wrap(wordsOf(node.children, bold), width, 30)) {
        texts.push(...place(line, left, y, 30))
        y += 38
      }
      y += 14
    } else if (node.type === 'paragraph') {
      for (const line of wrap(wordsOf(node.children), width - 60, 13.5)) {
        texts.push(...place(line, left, y, 13.5))
        y += 19
      }
      y += 22
    }
  }
  if (title === '') throw new Error('a manual has a title')
  return [title, { texts, boxes: [{ x: left, y: 195, width: 90, height: 5, grey: 0.35 }] }]
}

function setContents(entries: readonly (PdfBookmark & { level: number })[]): PdfPage[] {
  const set = new Setter(1)
  set.page.texts.push({ x: left, y: set.y + 10, text: 'Inhalt', font: bold, size: 19 })
  set.y += 40
  for (const { level, title, page } of entries) {
    const font = level === 1 ? bold : plain
    const x = left + (level - 1) * 18
    if (level === 1) set.space(6)
    // A chapter does not end the page.
    set.need(level === 1 ? 30 : 14)
    const number = String(page)
    const right = left + width - widthOf(number, font, 10)
    const from = x + widthOf(title, font, 10) + 5
    const dots = Math.floor((right - 5 - from) / widthOf('. ', plain, 10))
    set.page.texts.push({ x, y: set.y, text: title, font, size: 10 })
    if (level > 1) {
      const start = right - 5 - dots * widthOf('. ', plain, 10)
      set.page.texts.push({ x: start, y: set.y, text: '. '.repeat(dots).trimEnd(), size: 10 })
    }
    set.page.texts.push({ x: right, y: set.y, text: number, font, size: 10 })
    set.y += 14
  }
  return set.pages
}

/** Running head and foot. */
function dress(page: PdfPage, title: string, number: number, count: number) {
  const foot = `Seite ${number} von ${count}`
  page.boxes?.push({ x: left, y: 52, width, height: 0.4, grey })
  page.texts.unshift({ x: left, y: 46, text: title, font: 'Helvetica-Oblique', size: 8.5 })
  page.texts.push({ x: (pageWidth - widthOf(foot, plain, 8.5)) / 2, y: 808, text: foot, size: 8.5 })
}
