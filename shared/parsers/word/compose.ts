import type { Block, BlockKind } from '../../model/index.ts'
import { joinCells } from '../cells.ts'
import { cleanText } from '../clean-text.ts'

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
  closeCell(options?: { hidden?: boolean }): void
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
  /** Table: the text of its header, of its first row while there is no other. */
  header: string
  marked: boolean
  rows: number
}

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
    frames.push({ type, parts: [], blocks: [], cells: [], header: '', marked: false, rows: 0 })
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
      if (frame.type === 'paragraph' || frame.type === 'cell') {
        frame.blocks.push(block)
        return
      }
    }
    out.push(block)
  }

  function emitRow(row: Frame, table: Frame | undefined, header: boolean) {
    const after: Block[] = []
    const cells: string[] = []
    let paragraphs = 0
    for (const blocks of row.cells) {
      const texts: string[] = []
      for (const block of blocks) {
        if (INSIDE.has(block.kind)) texts.push(block.text)
        else after.push(block)
      }
      paragraphs += texts.length
      if (texts.length > 0) cells.push(texts.join(' '))
    }
    const length = cells.reduce((sum, cell) => sum + cell.length + 1, 0)
    if ((row.cells.length === 1 && paragraphs > 1) || length > MAX_ROW) {
      for (const blocks of row.cells) for (const block of blocks) emit(block)
      return
    }
    const { text, cells: starts } = joinCells(cells)
    if (text !== '') {
      const above = table && table.rows > 0 && !(header && table.marked) ? table.header : ''
      emit({ kind: 'table-row', text, cells: starts, ...(above !== '' && { header: above }) })
      if (table && text.length <= MAX_HEADER) {
        if (header && (table.rows === 0 || table.marked)) {
          table.header = table.header === '' ? text : `${table.header} ${text}`
          table.marked = true
        } else if (table.rows === 0) table.header = text
      }
      if (table) table.rows++
    }
    for (const block of after) emit(block)
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
    closeCell({ hidden = false } = {}) {
      const cell = close('cell')
      const row = frames.at(-1)
      if (!cell || hidden) return
      if (row?.type === 'row') row.cells.push(cell.blocks)
      else for (const block of cell.blocks) emit(block)
    },
    closeRow({ header = false, dropped = false } = {}) {
      const row = close('row')
      if (!row || dropped) return
      const table = frames.at(-1)
      emitRow(row, table?.type === 'table' ? table : undefined, header)
    },
    closeTable() {
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

// What makes up the text of a cell; the rest follows its row.
const INSIDE: ReadonlySet<BlockKind> = new Set(['heading', 'paragraph', 'list-item', 'code'])
