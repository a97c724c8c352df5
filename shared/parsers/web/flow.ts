/** Blocks from the elements of a page, in its order. */
import type { Block, BlockKind } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import { cutAt } from '../text/decode.ts'
import { type Attributes, BLOCKS, createElementReader, type ElementHandler } from './elements.ts'
import { cleanLines, fieldText, linesOf, pictureText } from './inline.ts'
import { createCounter } from './list.ts'
import { createSink } from './sink.ts'
import { isHiddenOnly, isUnseen, zoneOf } from './zones.ts'

/** A block, and what it is to its page. */
export interface Piece {
  block: Block
  /** Of the page: bits of `zones.ts`. */
  zone: number
  /** Which element made it a zone: the number of the innermost, 0 outside of all. */
  part: number
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
  part: number
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

// Text without any element that stands apart: what comes is handed on.
const MAX_RUN = 100_000
// Nobody writes a heading this long.
const MAX_HEADING = 500
const MAX_FRAMES = 3
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
  const sink = createSink()
  const { emit } = sink
  const frames: Frame[] = [
    {
      name: '',
      zone: 0,
      part: 0,
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
  let part = 0
  let parts = 0
  let breaks = 0
  // Nothing but spaces so far.
  let blank = true
  let title = ''
  let hid = false
  let svg = 0
  let select: { chosen: string; option: string; isChosen: boolean; taken: boolean } | undefined

  const top = () => frames[frames.length - 1]!

  function flush() {
    if (text === '') return
    const { kind, level, item, lines } = top()
    const raw = text
    text = ''
    breaks = 0
    blank = true
    const own = { zone, part, links }
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
      if (kind === 'heading' && clean.length <= MAX_HEADING) {
        emit({ block: { kind, level, text: clean }, ...own })
        // What follows in it is none: its end is missing.
        for (let at = frames.length - 1; frames[at]?.kind === 'heading'; at--) frames[at]!.kind = 'paragraph'
      } else emit({ block: { kind: kind === 'heading' || kind === 'code' ? 'paragraph' : kind, text: clean }, ...own })
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
      if (blank) {
        zone = frame.zone
        part = frame.part
      }
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
        add(` ${pictureText(attributes)} `)
        break
      case 'input':
        add(` ${fieldText(attributes)} `)
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
    if (name === 'table') sink.openTable(attributes)
    else if (sink.openPart(name, attributes)) {
      frame.kind = 'paragraph'
      frame.item = undefined
      frame.lines = false
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

  return {
    open(name, attributes) {
      const around = top()
      const unseen = isUnseen(name, attributes) && !(name === 'desc' && svg === 0)
      if (unseen && !around.hidden && name === 'iframe' && attributes.srcdoc && depth < MAX_FRAMES) {
        flush()
        const inner = createFlow({ hidden: withHidden, depth: depth + 1 })
        readHtml(attributes.srcdoc, inner)
        for (const piece of inner.take()) emit({ ...piece, part: around.part })
      }
      const hidden = around.hidden || (unseen && !(withHidden && isHiddenOnly(name)))
      const frame: Frame = { ...around, name, hidden }
      if (name === 'svg') svg++
      if (!hidden) {
        if (BLOCKS.has(name)) boundary(name)
        else if (SPACED.has(name)) text += ' '
        frame.kind = around.kind
        frame.zone = zoneOf(name, attributes, around.zone)
        if (frame.zone !== around.zone) frame.part = ++parts
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
          emit({ block: { kind: 'list-item', text: frame.terms.text }, zone: frame.zone, part: frame.part, links: 0 })
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
        sink.closePart(name)
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
    take: sink.take,
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
export function readHtml(html: string, flow: Flow, xhtml = isXhtml(html)) {
  const reader = createElementReader(flow, { xhtml })
  reader.write(html)
  reader.end()
  flow.finish()
}

/** Written as XML: an element may be closed in its own tag. */
export function isXhtml(head: string): boolean {
  return /^\ufeff?\s*<\?xml\b/.test(head)
}
