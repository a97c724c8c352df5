import type { Nodes, Parent, RootContent, Table } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { frontmatter } from 'micromark-extension-frontmatter'
import { gfm } from 'micromark-extension-gfm'
import type { Block, Span } from '../../model/index.ts'
import { joinCells } from '../cells.ts'
import { createColumnHeads, placed } from '../column-heads.ts'
import type { Reading, Source } from '../formats.ts'
import type { ParserLimits } from '../protocol.ts'
import { linesOf } from './decode.ts'
import { openText, type TextMarks } from './open-text.ts'
import { linesFrom } from './segments.ts'

// The parser builds a tree of the whole of its input, so a long file is handed to it in parts cut before a heading.
const PART = 200_000
const MAX_PART = 1_000_000
const MAX_LINE = 100_000
// Block quotes in block quotes in …: what lies deeper is read as text of this level.
const MAX_DEPTH = 50

/** Markdown with GitHub's tables and front matter; the text as it is read, without its markup. */
export async function openMarkdown(file: string, limits: Pick<ParserLimits, 'characters'>): Promise<Source<Reading>> {
  return openText(file, 'markdown 1', blocksOf, limits.characters)
}

async function* blocksOf(
  pieces: AsyncIterable<string>,
  marks: TextMarks<{ line: number; fence: string }>,
): AsyncGenerator<Block> {
  let part = ''
  let number = marks.from?.line ?? 1
  let first = number
  let fence = marks.from?.fence ?? ''
  let before = 0
  // Parts begin behind a blank line.
  let blank = true
  for await (const { text, ends, end } of linesOf(pieces, MAX_LINE)) {
    const opens = /^ {0,3}(`{3,}|~{3,})/.exec(text)?.[1] ?? ''
    const heading = fence === '' && blank && /^#{1,6}\s/.test(text)
    if (part.length > 0 && ((heading && part.length > PART) || (blank && part.length > MAX_PART))) {
      yield* parsePart(part, first)
      part = ''
      first = number
      marks.at(before, { line: number, fence })
    }
    before = end
    if (fence === '') fence = opens
    else if (opens.startsWith(fence)) fence = ''
    blank = text.trim() === ''
    part += ends ? `${text}\n` : text
    if (ends) number++
  }
  if (part !== '') yield* parsePart(part, first)
}

function* parsePart(source: string, first: number): Generator<Block> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
  const clean = source.replace(/[\u0000\ufeff]/g, '').normalize('NFC')
  const tree = fromMarkdown(clean, {
    extensions: [gfm(), ...(first === 1 ? [frontmatter(['yaml', 'toml'])] : [])],
    mdastExtensions: [gfmFromMarkdown(), ...(first === 1 ? [frontmatterFromMarkdown(['yaml', 'toml'])] : [])],
  })
  for (const child of tree.children) yield* fromNode(child, first - 1, 0)
}

function* fromNode(node: RootContent, offset: number, depth: number): Generator<Block> {
  const span = linesIn(node, offset)
  if (node.type === 'yaml' || isToml(node)) {
    yield* fromFrontMatter(node.value, span.first)
    return
  }
  switch (node.type) {
    case 'heading':
      yield* block({ kind: 'heading', level: node.depth, text: inline(node), span })
      return
    case 'code':
      yield* block({ kind: 'code', text: node.value, span })
      return
    case 'html':
      yield* block({ kind: 'paragraph', text: withoutTags(node.value), span })
      return
    case 'table':
      yield* fromTable(node, offset)
      return
    case 'list':
      for (const [index, item] of node.children.entries()) {
        const label = node.ordered ? `${(node.start ?? 1) + index}. ` : ''
        yield* fromItem(item, label, offset, depth + 1)
      }
      return
    case 'footnoteDefinition':
      for (const child of node.children)
        for (const inner of fromNode(child as RootContent, offset, depth + 1))
          yield inner.kind === 'paragraph' ? { ...inner, kind: 'footnote' } : inner
      return
    case 'blockquote':
      if (depth < MAX_DEPTH) {
        for (const child of node.children) yield* fromNode(child as RootContent, offset, depth + 1)
        return
      }
      break
    case 'definition':
    case 'thematicBreak':
      return
  }
  const text = inline(node)
  // What a page in MDX imports and exports is for programs; it stays, as what it is.
  yield* block({ kind: STATEMENT.test(text) ? 'code' : 'paragraph', text, span })
}

const STATEMENT = /^(?:import\s(?:[\w{*][^'"]*\sfrom\s)?['"]|export\s(?:const|default|function|let)\s)/

// mdast has no type for it.
function isToml(node: { type: string }): node is { type: 'toml'; value: string } {
  return node.type === 'toml'
}

/** What a document says of itself: a paragraph for each of its keys, with what is indented or listed below. */
function* fromFrontMatter(source: string, first: number): Generator<Block> {
  let text = ''
  let from = 0
  let last = 0
  const flush = function* (): Generator<Block> {
    yield* block({ kind: 'paragraph', text, span: linesFrom(first + from, first + last) })
    text = ''
  }
  for (const [index, line] of source.split(/\r\n|\r|\n/).entries()) {
    if (line.trim() === '' || /^\s*#/.test(line)) continue
    if (text !== '' && /^[^\s\-\]})]/.test(line)) yield* flush()
    if (text === '') from = index + 1
    last = index + 1
    text += ` ${line.trim().replace(/^-\s+/, '')}`
  }
  yield* flush()
}

function* fromItem(item: Parent, label: string, offset: number, depth: number): Generator<Block> {
  let first = true
  for (const child of item.children as RootContent[]) {
    if (child.type === 'paragraph') {
      const text = inline(child)
      yield* block({ kind: 'list-item', text: first ? label + text : text, span: linesIn(child, offset) })
    } else if (depth < MAX_DEPTH) yield* fromNode(child, offset, depth)
    else yield* block({ kind: 'list-item', text: inline(child), span: linesIn(child, offset) })
    first = false
  }
}

function* fromTable(table: Table, offset: number): Generator<Block> {
  let header = ''
  const heads = createColumnHeads()
  for (const [index, row] of table.children.entries()) {
    const texts = row.children.map(inline)
    const { text, cells } = joinCells(texts)
    if (index === 0) {
      header = text
      heads.add(placed(texts))
    }
    if (text === '') continue
    const result: Block = { kind: 'table-row', text, cells, span: linesIn(row, offset) }
    yield index > 0 && header !== '' ? { ...result, header, ...heads.of(placed(texts)) } : result
  }
}

function* block(candidate: Block): Generator<Block> {
  const text =
    candidate.kind === 'code' ? candidate.text.replace(/\s+$/, '') : candidate.text.replace(/\s+/g, ' ').trim()
  if (text.trim() !== '') yield { ...candidate, text }
}

/** The text as read: markup gone, line breaks as spaces, images by their description. Iterative: nesting may be deep. */
function inline(root: Nodes): string {
  let text = ''
  const stack: (Nodes | string)[] = [root]
  while (stack.length > 0) {
    const node = stack.pop()!
    if (typeof node === 'string') {
      text += node
      continue
    }
    if (node.type === 'html') text += withoutTags(node.value)
    else if ('value' in node) text += node.value
    else if (node.type === 'break') text += ' '
    else if (node.type === 'image' || node.type === 'imageReference') text += node.alt ?? ''
    if (!('children' in node)) continue
    const apart = node !== root && node.type !== 'strong' && isBlock(node)
    if (apart) stack.push(' ')
    for (let index = node.children.length - 1; index >= 0; index--) stack.push(node.children[index]!)
    if (apart) stack.push(' ')
  }
  return text.replace(/\s+/g, ' ').trim()
}

function isBlock(node: Nodes): boolean {
  return ['paragraph', 'heading', 'list', 'listItem', 'blockquote', 'tableCell', 'tableRow', 'table'].includes(
    node.type,
  )
}

function withoutTags(html: string): string {
  return html.replace(/<!--[\s\S]*?-->/g, ' ').replace(/<[^>]*>/g, ' ')
}

function linesIn(node: Nodes, offset: number): Span {
  const first = (node.position?.start.line ?? 1) + offset
  return linesFrom(first, Math.max(first, (node.position?.end.line ?? 1) + offset))
}
