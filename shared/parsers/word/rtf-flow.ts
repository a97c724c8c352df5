import type { Block } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import { type Composer, createComposer } from './compose.ts'
import { createMargins } from './margins.ts'

/** What holds for a paragraph where it ends. */
export interface Properties {
  style: number
  outline: number | undefined
  inTable: boolean
  /** Of tables in tables; 0 where it is not said. */
  depth: number
  list: number
}

/** A stream of text, or one beside it. */
interface Stream {
  kind: 'body' | 'footnote' | 'note' | 'box' | 'margin'
  open: boolean
  tables: { row: boolean; cell: boolean; header: boolean }[]
  /** Between `\trowd` and `\row`. */
  inRow: boolean
  label: string | undefined
  prefix: string
}

export interface Flow {
  add(text: string, properties: Properties): void
  label(text: string, properties: Properties): void
  endParagraph(properties: Properties): void
  startRow(properties: Properties): void
  markHeader(): void
  endCell(properties: Properties, nested: boolean): void
  endRow(nested: boolean): void
  enter(kind: Exclude<Stream['kind'], 'body'>, properties: Properties, prefix: string): void
  leave(): void
  take(): Block[]
  end(): void
  tooDeep(): boolean
}

/**
 * RTF says where a paragraph, a cell, a row ends and not where it begins: they begin with the first text that comes.
 */
export function createRtfFlow(headingOf: (properties: Properties) => number | undefined): Flow {
  let composer = createComposer()
  // Those that wait for a header or footer to end.
  const around: Composer[] = []
  const margins = createMargins()
  let tooDeep = false
  const streams: Stream[] = [createStream('body', '')]
  let last: Properties = { style: 0, outline: undefined, inTable: false, depth: 0, list: 0 }
  let header = false

  const now = () => streams.at(-1)!

  function endTables(stream: Stream, depth: number) {
    while (stream.tables.length > depth) {
      endRowOf(stream)
      stream.tables.pop()
      composer.closeTable()
    }
  }

  function endRowOf(stream: Stream) {
    const table = stream.tables.at(-1)
    if (!table?.row) return
    if (table.cell) composer.closeCell()
    composer.closeRow({ header: table.header })
    Object.assign(table, { row: false, cell: false, header: false })
  }

  /** Makes room for text at this depth of tables. */
  function openCells(stream: Stream, depth: number) {
    endTables(stream, depth)
    for (;;) {
      const table = stream.tables.at(-1)
      if (table && !table.row) {
        composer.openRow()
        table.row = true
      }
      if (table && !table.cell) {
        composer.openCell()
        table.cell = true
      }
      if (stream.tables.length >= depth) return
      composer.openTable()
      stream.tables.push({ row: false, cell: false, header: false })
    }
  }

  function depthOf(stream: Stream, { inTable, depth }: Properties): number {
    return inTable || stream.inRow ? Math.min(Math.max(depth, 1), 50) : 0
  }

  function openParagraph(properties: Properties) {
    const stream = now()
    last = properties
    if (stream.open) return
    openCells(stream, depthOf(stream, properties))
    composer.openParagraph()
    stream.open = true
  }

  function endParagraph(properties: Properties) {
    const stream = now()
    if (!stream.open) {
      stream.label = undefined
      return
    }
    const { kind, label, prefix } = stream
    const heading = kind === 'body' || kind === 'box' ? headingOf(properties) : undefined
    const shown = cleanText(label ?? '')
    // The sign of a bullet is left out.
    const number = /[\p{L}\p{N}]/u.test(shown) ? shown : ''
    const text = composer.hasText()
    composer.closeParagraph({
      kind:
        kind === 'footnote' || kind === 'note'
          ? kind
          : heading !== undefined
            ? 'heading'
            : label !== undefined || properties.list > 0
              ? 'list-item'
              : 'paragraph',
      ...(heading !== undefined && { level: heading }),
      ...((number !== '' || prefix !== '') && { label: `${prefix} ${number}` }),
    })
    stream.open = false
    stream.label = undefined
    if (text) stream.prefix = ''
  }

  function leaveStream() {
    const outer = streams.pop()?.kind === 'margin' ? around.pop() : undefined
    if (!outer) return
    tooDeep ||= composer.tooDeep
    outer.beside([...margins(composer.take())])
    composer = outer
  }

  return {
    add(text, properties) {
      // White space alone begins nothing.
      if (!now().open && text.trim() === '') return
      openParagraph(properties)
      composer.add(text)
    },
    label(text, properties) {
      last = properties
      now().label = text
    },
    endParagraph,
    startRow(properties) {
      const stream = now()
      if (properties.depth <= 1) stream.inRow = true
      header = false
    },
    markHeader() {
      header = true
    },
    endCell(properties, nested) {
      const stream = now()
      endParagraph(properties)
      const depth = nested ? Math.max(2, properties.depth, stream.tables.length) : 1
      openCells(stream, nested ? Math.min(depth, 50) : 1)
      const table = stream.tables.at(-1)
      if (!table) return
      composer.closeCell()
      table.cell = false
    },
    endRow(nested) {
      const stream = now()
      if (stream.open) endParagraph(last)
      if (!nested) {
        endTables(stream, 1)
        stream.inRow = false
      }
      const table = stream.tables.at(-1)
      if (!table || (nested && stream.tables.length < 2)) return
      table.header = header
      endRowOf(stream)
      header = false
    },
    enter(kind, properties, prefix) {
      if (kind === 'margin') {
        around.push(composer)
        composer = createComposer()
      } else openParagraph(properties)
      streams.push(createStream(kind, prefix === '' ? '' : `${cleanText(prefix)}:`))
    },
    leave() {
      if (streams.length < 2) return
      endParagraph(last)
      endTables(now(), 0)
      leaveStream()
    },
    take: () => (around[0] ?? composer).take(),
    end() {
      while (streams.length > 0) {
        endParagraph(last)
        endTables(now(), 0)
        if (streams.length === 1) return
        leaveStream()
      }
    },
    tooDeep: () => tooDeep || composer.tooDeep,
  }
}

function createStream(kind: Stream['kind'], prefix: string): Stream {
  return { kind, open: false, tables: [], inRow: false, label: undefined, prefix }
}
