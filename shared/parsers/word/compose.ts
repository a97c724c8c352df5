import type { Block, BlockKind } from '../../model/index.ts'
import { joinCells } from '../cells.ts'
import { cleanText } from '../clean-text.ts'
import { type ColumnHeads, createColumnHeads, type PlacedCell } from '../column-heads.ts'
import { cellOf, type HeaderCell, headsColumns, LOOK } from '../table-header.ts'

// Tables in tables and boxes in boxes: what lies deeper is read as text of this level.
const MAX_DEPTH = 40
// A row longer than this holds the layout of a page, not a table.
const MAX_ROW = 3_000
const MAX_HEADER = 500

export interface ParagraphStyle {
  kind: BlockKind
  level?: number
  /** Its number, if it has one: the text begins with it. */
  label?: string
}

/**
 * Puts blocks together from what a word processor's file says in its order: paragraphs that hold boxes that hold paragraphs,
 * rows whose cells hold tables. What stands beside the text (notes, boxes) follows the paragraph or row it hangs on; a nested
 * table follows the row that holds it.
 */
export interface Composer {
  openParagraph(): void
  /** To the innermost paragraph; outside of one it is none that a reader sees. */
  add(text: string): void
  closeParagraph(style: ParagraphStyle): void
  /** After the paragraph or row that is open, else now. */
  beside(blocks: readonly Block[]): void
  openTable(): void
  openRow(): void
  openCell(): void
  /** `wide`: columns to the next cell, 1 unless told; `over`: those it stands over, where cells that are covered follow it. */
  closeCell(options?: { hidden?: boolean; wide?: number; over?: number }): void
  closeRow(options?: { header?: boolean; dropped?: boolean }): void
  closeTable(): void
  /** Blocks that nothing can be added to any more; their texts are clean, and they have no spans yet. */
  take(): Block[]
  readonly tooDeep: boolean
  /** Of the innermost paragraph, as it was added. */
  hasText(): boolean
}

interface Frame {
  type: 'paragraph' | 'table' | 'row' | 'cell'
  /** Paragraph. */
  parts: string[]
  /** Paragraph and cell. */
  blocks: Block[]
  /** Row. */
  cells: Block[][]
  /** Table: the text of its header. */
  header: string
  marked: boolean
  rows: number
  /** Table: its first rows, and what stands among them, until it is known whether the first is a header. */
  waiting: { block: Block; cells: HeaderCell[] | undefined; placed: Placed }[] | undefined
  /** Row: the columns its cells stand in, and the next one. */
  places: Omit<PlacedCell, 'text'>[]
  column: number
  /** Table: what its columns are called, and the one behind the last. */
  heads: ColumnHeads
  end: number
}

/** The cells of a row, and the column behind the last of those it has, covered or not. */
interface Placed {
  cells: readonly PlacedCell[]
  end: number
}

const NOWHERE: Placed = { cells: [], end: 0 }

export function createComposer(): Composer {
  const frames: Frame[] = []
  // How many frames were not made because they lie too deep, and what they hold.
  let deeper = 0
  let deepText: string[] = []
  let tooDeep = false
  let out: Block[] = []

  function open(type: Frame['type']) {
    if (deeper > 0 || frames.length >= MAX_DEPTH) {
      deeper++
      tooDeep = true
      return
    }
    const waiting = type === 'table' ? [] : undefined
    frames.push({
      type,
      parts: [],
      blocks: [],
      cells: [],
      header: '',
      marked: false,
      rows: 0,
      waiting,
      places: [],
      column: 1,
      heads: createColumnHeads(),
      end: 0,
    })
  }

  /** The innermost frame, if it is one of this type. */
  function close(type: Frame['type']): Frame | undefined {
    if (deeper > 0) {
      deeper--
      deepText.push(' ')
      if (deeper > 0) return undefined
      const text = cleanText(deepText.join(''))
      deepText = []
      if (text !== '') emit({ kind: 'paragraph', text })
      return undefined
    }
    return frames.at(-1)?.type === type ? frames.pop() : undefined
  }

  function add(text: string) {
    if (deeper > 0) {
      deepText.push(text)
      return
    }
    for (let at = frames.length - 1; at >= 0; at--)
      if (frames[at]!.type === 'paragraph') {
        frames[at]!.parts.push(text)
        return
      }
  }

  function emit(block: Block) {
    for (let at = frames.length - 1; at >= 0; at--) {
      const frame = frames[at]!
      if (frame.waiting) {
        frame.waiting.push({ block, cells: undefined, placed: NOWHERE })
        return
      }
      if (frame.type === 'paragraph' || frame.type === 'cell') {
        frame.blocks.push(block)
        return
      }
    }
    out.push(block)
  }

  function emitRow(row: Frame, table: Frame | undefined, header: boolean) {
    const after: Block[] = []
    const texts: string[] = []
    let paragraphs = 0
    for (const blocks of row.cells) {
      const inside = blocks.filter(block => INSIDE.has(block.kind))
      after.push(...blocks.filter(block => !INSIDE.has(block.kind)))
      paragraphs += inside.length
      texts.push(inside.map(block => block.text).join(' '))
    }
    const { text, cells } = joinCells(texts)
    if ((row.cells.length === 1 && paragraphs > 1) || text.length > MAX_ROW) {
      for (const blocks of row.cells) for (const block of blocks) emit(block)
      return
    }
    if (text !== '') {
      const placed = { cells: texts.map((own, at) => ({ ...row.places[at]!, text: own })), end: row.column }
      const block: Block = { kind: 'table-row', text, cells }
      if (table) {
        if (header && (table.rows === 0 || table.marked)) markHeader(table, text, placed)
        else if (table.header !== '') Object.assign(block, { header: table.header }, named(table, placed))
        table.rows++
      }
      if (table?.waiting) {
        const shown = texts.flatMap((cell, at) => (cell === '' ? [] : [cellOf(at + 1, cell)]))
        table.waiting.push({ block, cells: shown, placed })
        if (table.marked || table.rows > LOOK) decide(table)
      } else emit(block)
    }
    for (const block of after) emit(block)
  }

  function markHeader(table: Frame, text: string, placed: Placed) {
    table.marked = true
    if (table.header.length + text.length >= MAX_HEADER) return
    table.header = table.header === '' ? text : `${table.header} ${text}`
    addHeads(table, placed)
  }

  /** The rows that waited go on; where nothing is marked, the first may name the columns of the others. */
  function decide(table: Frame) {
    const waiting = table.waiting ?? []
    table.waiting = undefined
    const [first, ...rest] = waiting.flatMap(({ cells }) => (cells ? [cells] : []))
    const certainty = table.marked || first === undefined ? undefined : headsColumns(first, rest, { usual: true })
    let header = ''
    for (const { block, cells, placed } of waiting) {
      emit(header !== '' && cells ? { ...block, header, ...named(table, placed) } : block)
      if (certainty && cells && header === '' && block.text.length <= MAX_HEADER) {
        header = block.text
        if (certainty === 'told') addHeads(table, placed)
      }
    }
    if (certainty) table.header = header
  }

  return {
    openParagraph: () => open('paragraph'),
    add,
    closeParagraph({ kind, level, label }) {
      const frame = close('paragraph')
      if (!frame) return
      const text = cleanText(frame.parts.length === 1 ? frame.parts[0]! : frame.parts.join(''))
      if (text !== '') {
        const whole = label ? cleanText(`${label} ${text}`) : text
        emit({ kind, text: whole, ...(kind === 'heading' && { level: level ?? 1 }) })
      }
      for (const block of frame.blocks) emit(block)
    },
    beside(blocks) {
      for (const block of blocks) emit(block)
    },
    openTable: () => open('table'),
    openRow: () => open('row'),
    openCell: () => open('cell'),
    closeCell({ hidden = false, wide = 1, over = wide } = {}) {
      const cell = close('cell')
      const row = frames.at(-1)
      if (!cell) return
      const column = row?.column ?? 1
      if (row?.type === 'row') row.column += wide
      if (hidden) return
      if (row?.type === 'row') {
        row.cells.push(cell.blocks)
        row.places.push({ column, wide: over })
      } else for (const block of cell.blocks) emit(block)
    },
    closeRow({ header = false, dropped = false } = {}) {
      const row = close('row')
      if (!row || dropped) return
      const table = frames.at(-1)
      emitRow(row, table?.type === 'table' ? table : undefined, header)
    },
    closeTable() {
      const innermost = frames.at(-1)
      if (deeper === 0 && innermost?.type === 'table') decide(innermost)
      close('table')
    },
    take() {
      const blocks = out
      out = []
      return blocks
    },
    get tooDeep() {
      return tooDeep
    },
    hasText: () =>
      frames.findLast(frame => frame.type === 'paragraph')?.parts.some(part => part.trim() !== '') ?? false,
  }
}

function addHeads(table: Frame, placed: Placed) {
  table.heads.add(placed.cells)
  table.end = Math.max(table.end, placed.end)
}

/** Nothing for a row that ends in another column than the header: its cells may stand anywhere. */
function named({ heads, end }: Frame, placed: Placed): { heads?: string[] } {
  return placed.end === end ? heads.of(placed.cells) : {}
}

// What makes up the text of a cell; the rest follows its row.
const INSIDE: ReadonlySet<BlockKind> = new Set(['heading', 'paragraph', 'list-item', 'code'])
