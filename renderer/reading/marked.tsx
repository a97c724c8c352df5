import { Fragment, type ReactNode } from 'react'
import type { Block } from '../../shared/model/index.ts'
import type { Stretch } from './mark.ts'

export type Marks = ReadonlyMap<Block, Stretch[]>

/** What is marked of a stretch of the block's text. */
export function stretchesIn(block: Block, marks: Marks | undefined, from = 0, to = block.text.length): Stretch[] {
  return (marks?.get(block) ?? [])
    .map(([start, end]): Stretch => [Math.max(start, from), Math.min(end, to)])
    .filter(([start, end]) => start < end)
    .sort((a, b) => a[0] - b[0])
}

/** A stretch of the block's text, with what is marked of it. */
export function marked(block: Block, marks: Marks | undefined, from = 0, to = block.text.length): ReactNode {
  const stretches = stretchesIn(block, marks, from, to)
  if (stretches.length === 0) return block.text.slice(from, to)
  const parts: ReactNode[] = []
  let at = from
  for (const [start, end] of stretches) {
    if (end <= at) continue
    const begin = Math.max(at, start)
    parts.push(
      <Fragment key={begin}>
        {block.text.slice(at, begin)}
        <mark>{block.text.slice(begin, end)}</mark>
      </Fragment>,
    )
    at = end
  }
  parts.push(block.text.slice(at, to))
  return parts
}

/** Where each cell of a row stands in its text. */
export function cellsOf({ cells, text }: Block): Stretch[] {
  const starts = cells && cells.length > 0 ? cells : [0]
  return starts.map((from, at) => [from, starts[at + 1] ?? text.length])
}

/** What is too wide scrolls in its own box; the page stands still. */
export function Sideways({ label, className, children }: { label: string; className: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: no fields are in it, and a page of many regions has none
    <div
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must be able to
      tabIndex={0}
      aria-label={label}
      className={`overflow-x-auto ${className}`}
    >
      {children}
    </div>
  )
}
