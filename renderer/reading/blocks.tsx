import { createElement, Fragment, memo, type ReactNode } from 'react'
import type { Block } from '../../shared/model/index.ts'
import type { Stretch } from './mark.ts'

type Marks = ReadonlyMap<Block, Stretch[]>

/**
 * The blocks of a document as a page to read. Formats differ in how blocks are found, not in how they are shown: a new
 * format brings blocks, and nothing here changes.
 */
export const Blocks = memo(function Blocks({ blocks, marks }: { blocks: readonly Block[]; marks: Marks | undefined }) {
  return groupsOf(blocks).map(group => {
    const first = group[0]
    if (!first) return null
    const key = `${blocks.indexOf(first)}`
    if (first.kind === 'table-row') return <Table key={key} rows={group} marks={marks} />
    if (first.kind === 'list-item')
      return (
        <ul key={key} className="my-4 list-disc space-y-1 pl-6 font-serif text-read">
          {group.map((block, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: blocks of a stored document do not move
            <li key={at}>{marked(block, marks)}</li>
          ))}
        </ul>
      )
    return <Single key={key} block={first} marks={marks} />
  })
})

const headings = ['text-xl mt-10', 'text-lg mt-9', 'text-read mt-8 font-semibold', 'text-base mt-6 font-semibold']

function Single({ block, marks }: { block: Block; marks: Marks | undefined }) {
  const text = marked(block, marks)
  switch (block.kind) {
    case 'heading': {
      const level = Math.min(4, Math.max(1, block.level ?? 2))
      // The pane's own title is an h2.
      return createElement(`h${level + 2}`, { className: `mb-3 font-serif first:mt-0 ${headings[level - 1]}` }, text)
    }
    case 'code':
      return <pre className="my-4 overflow-x-auto rounded-lg bg-sunken p-4 font-mono text-sm">{text}</pre>
    case 'caption':
      return <p className="my-3 text-sm text-soft">{text}</p>
    case 'footnote':
      return <p className="my-2 text-xs text-soft">{text}</p>
    default:
      return <p className="my-4 font-serif text-read">{text}</p>
  }
}

function Table({ rows, marks }: { rows: readonly Block[]; marks: Marks | undefined }) {
  const header = rows[0]?.header
  const headed = header !== undefined && rows[0]?.text === header
  return (
    <div className="my-5 overflow-x-auto">
      <table className="min-w-full border-collapse text-sm">
        <tbody>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: likewise
            <tr key={at} className={`border-b border-line align-top ${headed && at === 0 ? 'font-semibold' : ''}`}>
              {cellsOf(row).map(([from, to]) => (
                <td key={from} className="py-1.5 pr-5">
                  {marked(row, marks, from, to)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function cellsOf({ cells, text }: Block): Stretch[] {
  const starts = cells && cells.length > 0 ? cells : [0]
  return starts.map((from, at) => [from, starts[at + 1] ?? text.length])
}

/** A stretch of the block's text, with what is marked of it. */
function marked(block: Block, marks: Marks | undefined, from = 0, to = block.text.length): ReactNode {
  const stretches = (marks?.get(block) ?? [])
    .map(([start, end]): Stretch => [Math.max(start, from), Math.min(end, to)])
    .filter(([start, end]) => start < end)
    .sort((a, b) => a[0] - b[0])
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

/** Rows of one table, and items of one list, belong together. */
export function groupsOf(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = []
  for (const block of blocks) {
    const last = groups.at(-1)
    const before = last?.at(-1)
    const joins =
      before?.kind === block.kind &&
      (block.kind === 'list-item' || (block.kind === 'table-row' && before.header === block.header))
    if (joins) last?.push(block)
    else groups.push([block])
  }
  return groups
}
