import { cleanText } from '../clean-text.ts'
import type { Tag, XmlHandler } from '../office/xml-reader.ts'
import type { Composer, ParagraphStyle } from './compose.ts'
import { createCounters, LEVELS } from './numbering.ts'
import type { OdtStyles } from './odt-styles.ts'

/** What was taken out, what programs say to themselves, how indexes are made. */
const SKIPPED = new Set([
  'text:tracked-changes',
  'text:note-citation',
  'text:sequence-decls',
  'text:variable-decls',
  'text:user-field-decls',
  'text:script',
  'text:hidden-text',
  'text:hidden-paragraph',
  'office:binary-data',
  'office:forms',
  'office:event-listeners',
  'office:scripts',
  'meta:creator-initials',
  'meta:date-string',
  'dc:date',
  'math:annotation',
])

/** Of the first page, of left pages, of all. */
const MARGIN = /^style:(?:header|footer)(?:-first|-left)?$/

const PAGE_NUMBERS = new Set(['text:page-number', 'text:page-count', 'text:page-continuation'])

interface List {
  style: string | undefined
  key: string
}

interface Item {
  /** Its first paragraph bears the number. */
  labelled: boolean
  start: number | undefined
  /** A paragraph under the item before, without a number of its own. */
  header: boolean
}

/**
 * Reads the text of a document, or with `margins` that of its headers and footers, where numbers of pages say nothing. `left`
 * is told what is there and cannot be shown as text.
 */
export function createOdtBody(
  composer: Composer,
  styles: OdtStyles,
  { left, margins = false }: { left(what: string): void; margins?: boolean },
): XmlHandler & { kind(): string | undefined } {
  const counters = createCounters()
  let skipping = 0
  let kind: string | undefined
  let inBody = 0
  const paragraphs: { heading: number | undefined; style: string | undefined; numbered: boolean }[] = []
  const lists: List[] = []
  const items: Item[] = []
  const keys = new Map<string, string>()
  let listCount = 0
  const rows: { header: boolean }[] = []
  // Columns that cells stand over: those covered follow them.
  const spans: number[] = []
  let headerRows = 0
  // What paragraphs are in: a footnote, a comment.
  const beside: ('footnote' | 'note')[] = []
  let author: string | undefined
  let inAuthor = false
  let description: string | undefined
  const hidden: boolean[] = []

  const say = (text: string) => {
    if (paragraphs.length > 0 && hidden.at(-1) !== true) composer.add(text)
  }

  function openList(tag: Tag) {
    const outer = lists.at(-1)
    const style = tag.attribute('text:style-name') ?? outer?.style
    let key = outer?.key
    if (key === undefined) {
      const goesOn = tag.attribute('text:continue-list')
      const known = goesOn !== undefined ? keys.get(`#${goesOn}`) : undefined
      const same = tag.attribute('text:continue-numbering') === 'true' ? keys.get(style ?? '') : undefined
      key = known ?? same ?? String(++listCount)
      keys.set(style ?? '', key)
      const id = tag.attribute('xml:id')
      if (id !== undefined) keys.set(`#${id}`, key)
    }
    lists.push({ style, key })
  }

  function labelOf(paragraph: { heading: number | undefined; style: string | undefined; numbered: boolean }): string {
    const list = lists.at(-1)
    const item = items.at(-1)
    if (list && item) {
      if (item.labelled || item.header) return ''
      item.labelled = true
      const style = list.style ?? styles.listStyle(paragraph.style)
      const levels = style === undefined ? [] : styles.levels(style)
      return counters.next(list.key, levels, Math.min(lists.length, LEVELS) - 1, item.start)
    }
    const { heading, numbered } = paragraph
    if (heading === undefined || !numbered || heading > LEVELS || styles.outline.length === 0) return ''
    return counters.next('outline', styles.outline, heading - 1)
  }

  function closeParagraph() {
    const paragraph = paragraphs.pop()
    if (!paragraph) return
    const side = beside.at(-1)
    if (side) {
      if (side === 'note' && author) composer.add('')
      composer.closeParagraph({ kind: side, ...(author && { label: `${cleanText(author)}:` }) })
      if (author && side === 'note') author = undefined
      return
    }
    const text = composer.hasText()
    const label = text || items.length > 0 ? labelOf(paragraph) : ''
    const style: ParagraphStyle =
      paragraph.heading !== undefined
        ? { kind: 'heading', level: paragraph.heading }
        : { kind: items.length > 0 ? 'list-item' : 'paragraph' }
    composer.closeParagraph({ ...style, ...(label !== '' && { label }) })
  }

  function openElement(tag: Tag) {
    switch (tag.name) {
      case 'text:p':
      case 'text:h': {
        const style = tag.attribute('text:style-name')
        const level = Number(tag.attribute('text:outline-level'))
        const heading = tag.name === 'text:h' ? level || styles.headingLevel(style) || 1 : styles.headingLevel(style)
        const numbered = tag.name === 'text:h' && tag.attribute('text:is-list-header') !== 'true'
        composer.openParagraph()
        paragraphs.push({ heading, style, numbered })
        hidden.push(styles.hidden(style))
        break
      }
      case 'text:span':
        hidden.push(hidden.at(-1) === true || styles.hidden(tag.attribute('text:style-name')))
        break
      case 'text:s':
      case 'text:tab':
      case 'text:line-break':
        say(' ')
        break
      case 'text:list':
        openList(tag)
        break
      case 'text:list-item':
      case 'text:list-header': {
        const start = tag.attribute('text:start-value')
        items.push({
          labelled: false,
          header: tag.name === 'text:list-header',
          start: start === undefined ? undefined : Number(start),
        })
        if (start !== undefined && lists.length > 0) counters.restart(lists.at(-1)!.key)
        break
      }
      case 'text:note-body':
        beside.push('footnote')
        break
      case 'office:annotation':
        beside.push('note')
        author = ''
        break
      case 'dc:creator':
        inAuthor = beside.at(-1) === 'note'
        break
      case 'text:ruby-text':
        say(' (')
        break
      case 'table:table':
        composer.openTable()
        break
      case 'table:table-header-rows':
        headerRows++
        break
      case 'table:table-row':
        composer.openRow()
        rows.push({ header: headerRows > 0 })
        break
      case 'table:table-cell':
      case 'table:covered-table-cell':
        composer.openCell()
        spans.push(Math.max(1, Number.parseInt(tag.attribute('table:number-columns-spanned') ?? '', 10) || 1))
        break
      case 'svg:title':
      case 'svg:desc':
        description = ''
        break
      case 'draw:object':
      case 'draw:object-ole':
        left('an embedded object')
    }
  }

  return {
    kind: () => kind,
    open(tag) {
      if (skipping > 0) {
        skipping++
        return
      }
      if (margins ? MARGIN.test(tag.name) : tag.name === 'office:body') {
        if (tag.attribute('style:display') === 'false') {
          skipping = 1
          return
        }
        inBody++
      }
      if (inBody === 0) return
      if (
        (margins && PAGE_NUMBERS.has(tag.name)) ||
        SKIPPED.has(tag.name) ||
        tag.name.endsWith('-source') ||
        tag.attribute('text:display') === 'none'
      ) {
        skipping = 1
        return
      }
      if (/^office:(?:text|spreadsheet|presentation|drawing|chart|image|database)$/.test(tag.name)) kind ??= tag.name
      openElement(tag)
    },
    close(name) {
      if (skipping > 0) {
        skipping--
        return
      }
      if (inBody === 0) return
      if (margins ? MARGIN.test(name) : name === 'office:body') inBody--
      switch (name) {
        case 'text:p':
        case 'text:h':
          closeParagraph()
          hidden.pop()
          break
        case 'text:span':
          hidden.pop()
          break
        case 'text:list':
          lists.pop()
          break
        case 'text:list-item':
        case 'text:list-header':
          items.pop()
          break
        case 'text:note-body':
        case 'office:annotation':
          beside.pop()
          author = undefined
          break
        case 'dc:creator':
          inAuthor = false
          break
        case 'text:ruby-text':
          say(')')
          break
        case 'table:table':
          composer.closeTable()
          break
        case 'table:table-header-rows':
          headerRows--
          break
        case 'table:table-row':
          composer.closeRow(rows.pop())
          break
        case 'table:table-cell':
          composer.closeCell({ over: spans.pop() ?? 1 })
          break
        case 'table:covered-table-cell':
          spans.pop()
          composer.closeCell({ hidden: true })
          break
        case 'svg:title':
        case 'svg:desc': {
          const text = cleanText(description ?? '')
          if (text !== '') composer.beside([{ kind: 'caption', text }])
          description = undefined
        }
      }
    },
    text(text) {
      if (skipping > 0 || inBody === 0) return
      if (description !== undefined) description += text
      else if (inAuthor) author = (author ?? '') + text
      else say(text)
    },
  }
}
