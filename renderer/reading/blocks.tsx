import { createElement, Fragment, memo } from 'react'
import type { Block } from '../../shared/model/index.ts'
import { isMailLine, mailLineOf } from '../mail-lines.ts'
import { useWords, type Words } from '../words.tsx'
import { cellsOf, type Marks, marked, Sideways, stretchesIn } from './marked.tsx'
import { letters, Sheet } from './sheet.tsx'

/**
 * The blocks of a document as a page to read. Formats differ in how blocks are found, not in how they are shown: a new
 * format brings blocks, and nothing here changes.
 */
export const Blocks = memo(function Blocks({ blocks, marks }: { blocks: readonly Block[]; marks: Marks | undefined }) {
  const words = useWords()
  const groups = groupsOf(blocks)
  const shown = groups.map(group => <Group key={blocks.indexOf(group[0] as Block)} group={group} marks={marks} />)
  const slide = blocks[0]?.span
  if (slide?.unit !== 'slide') return shown
  const aside = groups.findIndex(([first]) => first?.kind === 'note')
  const face = aside < 0 ? shown : shown.slice(0, aside)
  return (
    <article
      aria-label={words('chat.slide', { first: slide.first })}
      className="my-6 overflow-hidden rounded-xl border border-line bg-surface shadow-lift"
    >
      <p className="border-b border-line bg-sunken px-5 py-1.5 text-xs text-soft first-letter:uppercase">
        {words('chat.slide', { first: slide.first })}
      </p>
      <div className="min-h-32 px-5 py-5 sm:px-8">{face}</div>
      {aside >= 0 && (
        <div className="border-t border-line bg-sunken/60 px-5 py-3 sm:px-8">
          <p className="text-xs text-soft">{words('reading.notes')}</p>
          {groups.slice(aside).flatMap(group =>
            group.map(block => (
              <p key={blocks.indexOf(block)} className="my-1.5 text-sm">
                {marked(block, marks)}
              </p>
            )),
          )}
        </div>
      )}
    </article>
  )
})

function Group({ group, marks }: { group: readonly Block[]; marks: Marks | undefined }) {
  const words = useWords()
  const first = group[0]
  if (!first) return null
  switch (first.kind) {
    case 'table-row':
      return first.span?.unit === 'row' ? <Sheet rows={group} marks={marks} /> : <Table rows={group} marks={marks} />
    case 'list-item':
      return (
        <ul className="my-4 list-disc space-y-1 pl-6 font-serif text-read">
          {group.map((block, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: blocks of a stored document do not move
            <li key={at}>{marked(block, marks)}</li>
          ))}
        </ul>
      )
    case 'note':
    case 'footnote':
      return (
        <div role="note" aria-label={asideName(first, words)} className="my-4 border-l-2 border-line pl-4 text-sm">
          {group.map((block, at) => {
            const name = asideName(block, words)
            const before = group[at - 1]
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: likewise
              <Fragment key={at}>
                {(!before || asideName(before, words) !== name) && (
                  <p className="mt-2 text-xs text-soft first:mt-0">{name}</p>
                )}
                <p className="my-1">{marked(block, marks)}</p>
              </Fragment>
            )
          })}
        </div>
      )
    default:
      return isMailLine(first.text) ? <MailHead lines={group} marks={marks} /> : <Single block={first} marks={marks} />
  }
}

/** “Footnote”, “Comment on C7”, or what stands beside the text. */
function asideName({ kind, columns, span }: Block, words: Words): string {
  if (kind === 'footnote') return words('reading.footnote')
  const column = columns?.[0]
  return column !== undefined && span?.unit === 'row'
    ? words('reading.cellNote', { cell: `${letters(column)}${span.first}` })
    : words('reading.note')
}

function MailHead({ lines, marks }: { lines: readonly Block[]; marks: Marks | undefined }) {
  const words = useWords()
  return (
    <dl className="mb-6 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 border-b border-line pb-4 text-sm">
      {lines.map(block => {
        const line = mailLineOf(block.text, words)
        if (!line) return null
        const { label, at, value } = line
        // What is marked is marked as it stands there.
        const cited = value === block.text.slice(at) || stretchesIn(block, marks, at).length > 0
        return (
          <Fragment key={label}>
            <dt className="text-soft">{label}</dt>
            <dd className="wrap-anywhere" {...(!cited && { title: block.text.slice(at) })}>
              {cited ? marked(block, marks, at) : value}
            </dd>
          </Fragment>
        )
      })}
    </dl>
  )
}

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
      return <Code block={block} marks={marks} />
    case 'caption':
      return <p className="my-3 text-sm text-soft">{text}</p>
    default:
      return <p className="my-4 font-serif text-read">{text}</p>
  }
}

/** With the numbers of its lines, where the source counts by lines. */
function Code({ block, marks }: { block: Block; marks: Marks | undefined }) {
  const words = useWords()
  const { span, text } = block
  const lines = text.split('\n').length
  // The fences of Markdown count too; where more than these were left out, numbers would lie.
  const left = span?.unit === 'line' ? span.last - span.first + 1 - lines : -1
  const first = left === 0 ? span?.first : left === 2 ? (span?.first ?? 0) + 1 : undefined
  return (
    <Sideways label={words('reading.code')} className="my-4 flex rounded-lg bg-sunken font-mono text-sm">
      {first !== undefined && (
        <pre
          aria-hidden
          className="sticky left-0 shrink-0 border-r border-line bg-sunken py-3 pr-2 pl-3 text-right text-soft select-none tabular-nums"
        >
          {Array.from({ length: lines }, (_, at) => first + at).join('\n')}
        </pre>
      )}
      <pre className="px-4 py-3">{marked(block, marks)}</pre>
    </Sideways>
  )
}

function Table({ rows, marks }: { rows: readonly Block[]; marks: Marks | undefined }) {
  const words = useWords()
  const headers = new Set(rows.flatMap(({ header }) => header ?? []))
  return (
    <Sideways label={words('reading.table')} className="my-5">
      <table className="min-w-full border-collapse text-sm">
        <tbody>
          {rows.map((row, at) => {
            const headed = headers.has(row.text)
            const Cell = headed ? 'th' : 'td'
            return (
              <tr
                // biome-ignore lint/suspicious/noArrayIndexKey: likewise
                key={at}
                className={`border-b border-line align-top ${headed ? 'font-semibold' : ''}`}
              >
                {cellsOf(row).map(([from, to]) => (
                  <Cell key={from} {...(headed && { scope: 'col' })} className="py-1.5 pr-5 text-left">
                    {marked(row, marks, from, to)}
                  </Cell>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </Sideways>
  )
}

/** Rows of one table, items of one list, and notes on the same thing belong together. */
export function groupsOf(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = []
  for (const block of blocks) {
    const last = groups.at(-1)
    const before = last?.at(-1)
    if (before?.kind === block.kind && joins(before, block)) last?.push(block)
    else groups.push([block])
  }
  return groups
}

function joins(before: Block, block: Block): boolean {
  switch (block.kind) {
    case 'list-item':
    case 'note':
    case 'footnote':
      return true
    case 'table-row':
      // The rows of a sheet all are in its columns; under a header comes its table.
      if (before.span?.unit === 'row') return true
      return before.header === block.header || before.text === block.header
    case 'paragraph':
      return isMailLine(before.text) && isMailLine(block.text)
    default:
      return false
  }
}
