/** `[left, top, right, bottom]` in points from the upper left of the page as shown (rotation and crop box applied). */
export type Rectangle = [left: number, top: number, right: number, bottom: number]

export type BlockKind =
  | 'heading'
  | 'paragraph'
  | 'list-item'
  | 'table-row'
  | 'code'
  | 'caption'
  | 'footnote'
  /** Beside the text: what a speaker notes on a slide, a comment in the margin. */
  | 'note'

/** What a source without pages counts its text by. */
export type Unit = 'line' | 'paragraph' | 'row' | 'slide'

/** A stretch of a source without pages, in its own counting, from 1. Rows are counted anew on each sheet. */
export interface Span {
  unit: Unit
  first: number
  last: number
}

/**
 * A run of text on a page: `text.slice(at, end)` of its block stands inside `rect`. Runs are in reading order, do not
 * overlap, and cover every non-blank character of the block. A hyphen that was dropped to join a word belongs to no run.
 */
export interface Run {
  at: number
  end: number
  rect: Rectangle
}

export interface Block {
  kind: BlockKind
  /**
   * Plain text with single spaces and no line breaks (except `code`, which keeps its lines); words hyphenated at a line
   * end are joined.
   */
  text: string
  /** Heading: 1 is the highest. */
  level?: number
  /** Table row: where each cell starts in `text` (cells are joined by one space, as they read on the page). */
  cells?: number[]
  /** Table row: the header row's text, repeated as context; never part of a quote. */
  header?: string
  /** Table row: what the column of each of its cells is called; empty where it has no name. */
  heads?: string[]
  /** A page: the runs of text with their rectangles. */
  runs?: Run[]
  /** Of a row of a sheet: the column of each of its cells, from 1. */
  columns?: number[]
  /** Where there are no pages: where the block stands. */
  span?: Span
  /** The paragraph continues the last block of the segment before (a sentence runs across the page break). */
  continues?: boolean
}

export interface Segment {
  /** From 1; the page number of a paged format. */
  number: number
  /** Points, as shown; absent where there are no pages. */
  width?: number
  height?: number
  blocks: Block[]
  /**
   * Lines at the page's edge that may be a running header, footer or page number. Whether they are is known only when
   * the other pages are there, so the index stage decides: what does not repeat becomes a paragraph again.
   */
  margins?: Block[]
  /** `broken-text`: it has a text layer, which does not say what the page shows. */
  problem?: 'unreadable' | 'without-text' | 'broken-text'
  /**
   * Its picture was looked at for text: how sure what was found is, 0 to 1 (0 where nothing was); null where that failed.
   * Until then, `without-text` and `broken-text` mean that the page waits for it.
   */
  recognition?: { confidence: number | null }
}

/** Where a quote or passage stands. */
export interface Place {
  /** 1-based page of a paged format, else null. */
  page: number | null
  /** Where there is no page: heading path and span. Null for pages. */
  where: Where | null
}

export interface Where {
  /** The path of headings; a sheet's name, a chapter's title and a slide's title count as such. */
  headings: string[]
  /** The segment it stands in. */
  segment: number
  span: Span | null
  /** Of a quote on a sheet: its cells, such as `B7` or `B7:D7`. */
  cells: string | null
}
