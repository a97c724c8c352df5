/** Blocks from the elements of a page, in its order. */
import type { Block, BlockKind } from '../../model/index.ts'
import { cutAt } from '../text/decode.ts'
import { cleanText } from '../word/text.ts'
import { type Attributes, BLOCKS, createElementReader, type ElementHandler } from './elements.ts'
import { createCounter } from './list.ts'
import { type Cell, createTable, PROBE_ROWS, type Row } from './table.ts'
import { isHiddenOnly, isUnseen, zoneOf } from './zones.ts'

/** A block, and what it is to its page. */
export interface Piece {
  block: Block
  /** Of the page: bits of `zones.ts`. */
  zone: number
  /** How many of its characters are links. */
  links: number
}

export interface Flow extends ElementHandler {
  /** Blocks that are done. */
  take(): Piece[]
  /** Closes the last of them. */
  finish(): void
  /** The page's own, from its head. */
  readonly title: string
  /** Something with text was not shown for its style. */
  readonly hid: boolean
}

interface Frame {
  name: string
  zone: number
  hidden: boolean
  kind: BlockKind
  level: number
  /** The list item it is in; its label goes before the first text. */
  item: { label: string } | undefined
  /** The list it is or stands in. */
  list: ReturnType<typeof createCounter> | undefined
  /** Terms of a definition list that wait for what they mean. */
  terms: { text: string } | undefined
  link: boolean
  /** Keeps its line breaks. */
  lines: boolean
}

interface OpenTable {
  table: ReturnType<typeof createTable>
  rows: Row[]
  captions: Piece[]
  row: Row | undefined
  cell: Cell | undefined
  head: boolean
}

// Text without any element that stands apart: what comes is handed on.
const MAX_RUN = 100_000
// Nobody writes a heading this long.
const MAX_HEADING = 500
// Tables in tables: what lies deeper is read as text.
const MAX_TABLES = 30
const MAX_FRAMES = 3
// A line that begins like this is an item, however the list was made.
const ITEM = /^(?:[-–•*·▪]|\(?\d{1,3}[.)])\s+\S/
const HEADING = /^h([1-6])$/
/** Stand in the line, and apart from its words. */
const SPACED: ReadonlySet<string> = new Set([
  'button',
  'label',
  'select',
  'textarea',
  'input',
  'option',
  'output',
  'rt',
])
/** Never part of a heading. */
const STRUCTURE: ReadonlySet<string> = new Set(
  'article aside blockquote dl footer form main nav ol pre section table ul p'.split(' '),
)

/** `hidden`: takes also what is not shown. */
export function createFlow({ hidden: withHidden = false, depth = 0 } = {}): Flow {
  let out: Piece[] = []
  const tables: OpenTable[] = []
  const frames: Frame[] = [
    {
      name: '',
      zone: 0,
      hidden: false,
      kind: 'paragraph',
      level: 0,
      item: undefined,
      list: undefined,
      terms: undefined,
      link: false,
      lines: false,
    },
  ]
  let text = ''
  let links = 0
  let zone = 0
  let breaks = 0
  // Nothing but spaces so far.
  let blank = true
  let title = ''
  let hid = false
  let svg = 0
  let tableDepth = 0
  let select: { chosen: string; option: string; isChosen: boolean; taken: boolean } | undefined

  const top = () => frames[frames.length - 1]!

  function emit(piece: Piece) {
    const table = tables.at(-1)
    if (table?.cell) table.cell.pieces.push(piece)
    else if (table && piece.block.kind === 'caption') table.captions.push(piece)
    else emitOutside(piece, tables.length - 2)
  }

  function emitOutside(piece: Piece, at: number) {
    for (let index = at; index >= 0; index--) {
      const cell = tables[index]?.cell
      if (cell) {
        cell.pieces.push(piece)
        return
      }
    }
    out.push(piece)
  }

  function flush() {
    if (text === '') return
    const { kind, level, item, lines } = top()
    const raw = text
    text = ''
    breaks = 0
    blank = true
    const own = { zone, links }
    links = 0
    if (lines) {
      const code = cleanLines(raw)
      if (code !== '') emit({ block: { kind: 'code', text: code }, ...own })
      return
    }
    const parts = raw.includes('\n') ? linesOf(raw) : [raw]
    for (const part of parts) {
      let clean = cleanText(part)
      if (clean === '') continue
      if (item && item.label !== '') {
        clean = `${item.label} ${clean}`
        item.label = ''
      }
      const { terms } = top()
      if (terms && top().name === 'dt') {
        terms.text = terms.text === '' ? clean : `${terms.text}, ${clean}`
        continue
      }
      if (terms && terms.text !== '') {
        clean = /[:.?!]$/.test(terms.text) ? `${terms.text} ${clean}` : `${terms.text}: ${clean}`
        terms.text = ''
      }
      if (kind === 'heading' && clean.length <= MAX_HEADING) emit({ block: { kind, level, text: clean }, ...own })
      else emit({ block: { kind: kind === 'heading' || kind === 'code' ? 'paragraph' : kind, text: clean }, ...own })
    }
  }

  /** What stands apart begins or ends here; inside a heading it is one all the same. */
  function boundary(name: string) {
    if (top().kind === 'heading' && !STRUCTURE.has(name) && text.length < MAX_HEADING) text += ' '
    else flush()
  }

  function add(data: string) {
    const frame = top()
    if ((breaks > 0 || blank) && data.trim() !== '') {
      breaks = 0
      if (blank) zone = frame.zone
      blank = false
    }
    text += frame.lines ? data : data.includes('\n') ? data.replace(/\s+/g, ' ') : data
    if (frame.link) links += data.length
    if (text.length <= MAX_RUN) return
    const rest = frame.lines ? text.lastIndexOf('\n') + 1 || MAX_RUN : cutAt(text, MAX_RUN)
    const later = text.slice(rest)
    text = text.slice(0, rest)
    flush()
    text = later
  }

  function release(open: OpenTable, at: number) {
    const captioned = open.captions.length > 0
    for (const piece of open.captions.splice(0)) emitOutside(piece, at - 1)
    for (const piece of open.table.rows(open.rows.splice(0), captioned)) emitOutside(piece, at - 1)
  }

  function closeRow(open: OpenTable, at: number) {
    open.cell = undefined
    if (open.row && open.row.cells.length > 0) open.rows.push(open.row)
    open.row = undefined
    if (open.rows.length >= PROBE_ROWS) release(open, at)
  }

  function openInside(name: string, attributes: Attributes, frame: Frame) {
    const heading = HEADING.exec(name)
    if (heading) {
      frame.kind = 'heading'
      frame.level = Number(heading[1])
      return
    }
    switch (name) {
      case 'ul':
      case 'menu':
      case 'dir':
        frame.list = undefined
        frame.item = undefined
        break
      case 'ol':
        frame.list = createCounter(attributes)
        frame.item = undefined
        break
      case 'li':
        frame.kind = 'list-item'
        frame.item = { label: frame.list?.(attributes) ?? '' }
        frame.list = undefined
        break
      case 'dl':
        frame.terms = { text: '' }
        frame.item = undefined
        break
      case 'dt':
      case 'dd':
        frame.kind = 'list-item'
        break
      case 'pre':
      case 'listing':
      case 'xmp':
      case 'plaintext':
        frame.lines = true
        frame.kind = 'code'
        break
      case 'textarea':
        text += ' '
        break
      case 'figcaption':
      case 'caption':
        frame.kind = 'caption'
        break
      case 'article':
      case 'section':
      case 'aside':
      case 'table':
        if (frame.kind === 'heading' || frame.kind === 'code') frame.kind = 'paragraph'
        frame.lines = false
        break
      case 'a':
        frame.link = true
        break
      case 'q':
        text += '“'
        break
      case 'br':
        lineBreak()
        break
      case 'img':
      case 'area':
        if (name === 'img') picture(attributes)
        break
      case 'input':
        field(attributes)
        break
      case 'select':
        select = { chosen: '', option: '', isChosen: false, taken: false }
        break
      case 'option':
        if (select) Object.assign(select, { option: '', isChosen: attributes.selected !== undefined })
        break
      case 'text':
        if (svg > 0) flush()
        break
    }
    if (name === 'table') openTable(attributes)
    else if (tables.length > 0 && tableDepth === tables.length) openPart(name, attributes, frame)
  }

  function openTable(attributes: Attributes) {
    if (tableDepth++ >= MAX_TABLES) return
    const table = createTable(/^(?:presentation|none)$/.test(attributes.role ?? ''))
    tables.push({ table, rows: [], captions: [], row: undefined, cell: undefined, head: false })
  }

  function openPart(name: string, attributes: Attributes, frame: Frame) {
    const at = tables.length - 1
    const open = tables[at]!
    if (name === 'thead') open.head = true
    else if (name === 'tr') {
      closeRow(open, at)
      open.row = { cells: [], head: open.head }
    } else if (name === 'td' || name === 'th') {
      open.row ??= { cells: [], head: open.head }
      open.cell = {
        pieces: [],
        marked: name === 'th',
        columns: span(attributes.colspan),
        rows: span(attributes.rowspan),
      }
      open.row.cells.push(open.cell)
      frame.kind = 'paragraph'
      frame.item = undefined
      frame.lines = false
    }
  }

  function closePart(name: string) {
    const at = tables.length - 1
    const open = tables[at]
    if (!open || (tableDepth > tables.length && name !== 'table')) return
    if (name === 'thead') open.head = false
    else if (name === 'tr') closeRow(open, at)
    else if (name === 'td' || name === 'th') open.cell = undefined
    else if (name === 'table') {
      // Those that lie too deep have none of their own.
      tableDepth--
      if (tableDepth >= tables.length) return
      closeRow(open, at)
      release(open, at)
      tables.pop()
    }
  }

  function lineBreak() {
    if (top().lines) {
      text += '\n'
      return
    }
    breaks++
    if (breaks > 1 && top().kind !== 'heading') flush()
    else text += top().kind === 'heading' ? ' ' : '\n'
  }

  function picture({ alt, width, height }: Attributes) {
    if (alt === undefined || Number(width ?? 99) <= 2 || Number(height ?? 99) <= 2) return
    const clean = alt.trim()
    if (clean.length > 1 && !NO_MEANING.test(clean)) add(` ${clean} `)
  }

  function field({ type = 'text', value, placeholder }: Attributes) {
    if (/^(?:text|submit|button|reset|search|email|tel|url|number|date)$/i.test(type))
      add(` ${value || placeholder || ''} `)
  }

  return {
    open(name, attributes) {
      const around = top()
      const unseen = isUnseen(name, attributes) && !(name === 'desc' && svg === 0)
      if (unseen && !around.hidden && name === 'iframe' && attributes.srcdoc && depth < MAX_FRAMES) {
        flush()
        const inner = createFlow({ hidden: withHidden, depth: depth + 1 })
        readHtml(attributes.srcdoc, inner)
        for (const piece of inner.take()) emit(piece)
      }
      const hidden = around.hidden || (unseen && !(withHidden && isHiddenOnly(name)))
      const frame: Frame = { ...around, name, hidden }
      if (name === 'svg') svg++
      if (!hidden) {
        if (BLOCKS.has(name)) boundary(name)
        else if (SPACED.has(name)) text += ' '
        frame.zone = zoneOf(name, attributes, around.zone)
        openInside(name, attributes, frame)
      }
      frames.push(frame)
    },
    close(name) {
      const frame = top()
      if (!frame.hidden) {
        if (BLOCKS.has(name)) boundary(name)
        else if (SPACED.has(name)) text += ' '
        if (name === 'q') text += '”'
        if (name === 'dl' && frame.terms && frame.terms.text !== '') {
          emit({ block: { kind: 'list-item', text: frame.terms.text }, zone: frame.zone, links: 0 })
          frame.terms.text = ''
        }
        if (HEADING.test(name) || frame.lines) flush()
        if (name === 'option' && select && (select.isChosen || !select.taken)) {
          select.chosen = select.option
          select.taken = true
        }
        if (name === 'select' && select) {
          const { chosen } = select
          select = undefined
          add(` ${chosen} `)
        }
        closePart(name)
      }
      if (name === 'svg') svg--
      frames.pop()
    },
    text(data) {
      const frame = top()
      if (frame.hidden) {
        if (frame.name === 'title' && svg === 0 && title.length < 1_000) title += data
        else if (!hid && isHiddenOnly(frame.name) && data.trim() !== '') hid = true
        return
      }
      if (select) {
        if (frame.name === 'option' && select.option.length < 1_000) select.option += data
        return
      }
      add(data)
    },
    stray(name) {
      if (!top().hidden && BLOCKS.has(name)) boundary(name)
    },
    take() {
      const pieces = out
      out = []
      return pieces
    },
    finish: flush,
    get title() {
      return cleanText(title)
    },
    get hid() {
      return hid
    },
  }
}

/** All of a text at once. */
export function readHtml(html: string, flow: Flow) {
  const reader = createElementReader(flow, { xhtml: isXhtml(html) })
  reader.write(html)
  reader.end()
  flow.finish()
}

/** Written as XML: an element may be closed in its own tag. */
export function isXhtml(head: string): boolean {
  return /^\ufeff?\s*<\?xml\b/.test(head)
}

// What stands for a picture that is decoration, or is a file's name.
const NO_MEANING =
  /^[^\p{L}\p{N}]*$|^(?:image|img|bild|foto|photo|picture|logo|icon|spacer|pixel|banner|graphic|grafik)s?$|^\S+\.(?:png|jpe?g|gif|svg|webp|bmp)$/iu

function span(value: string | undefined): number {
  const number = Number.parseInt(value ?? '1', 10)
  return number > 1 ? Math.min(number, 1_000) : 1
}

/** Lines that `<br>` made go on as one text, except where they are items of a list. */
function linesOf(raw: string): string[] {
  const lines = raw.split('\n')
  const parts: string[] = []
  let items = 0
  for (const line of lines) if (ITEM.test(line.trim())) items++
  for (const [index, line] of lines.entries()) {
    if (index === 0 || (items > 1 && ITEM.test(line.trim()))) parts.push(line)
    else parts[parts.length - 1] += ` ${line}`
  }
  return parts
}

function cleanLines(raw: string): string {
  return raw
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map(line => line.replace(/[\p{Cc}]/gu, sign => (sign === '\t' ? '\t' : '')).replace(/[\s\u00a0]+$/, ''))
    .join('\n')
    .replace(/^\n+|\n+$/g, '')
    .replace(/\u00a0/g, ' ')
    .toWellFormed()
    .normalize('NFC')
}
