import type { Block } from '../../model/index.ts'
import type { Tag, XmlHandler } from '../office/xml-reader.ts'
import type { Composer } from './compose.ts'
import { isOn, type Lists, levelOf, type Styles } from './docx-styles.ts'
import { type Counters, LEVELS } from './numbering.ts'
import { symbolOf } from './symbols.ts'

/** What a part refers to. */
export interface Surroundings {
  styles: Styles
  lists: Lists
  counters: Counters
  /** By the names of the elements that refer to them, then by id. Each is shown once. */
  notes: Map<string, Map<string, Block[]>>
  /** What diagrams, charts and inserted documents say, by the relation that leads to them. */
  figures: ReadonlyMap<string, Block[]>
  /** What is there and cannot be shown as text. */
  left(what: string): void
}

/** Text that was taken out, properties as they were before, what programs say to themselves. */
const SKIPPED = new Set([
  'w:delText',
  'w:delInstrText',
  'w:rPrChange',
  'w:pPrChange',
  'w:tblPrChange',
  'w:trPrChange',
  'w:tcPrChange',
  'w:tblPrExChange',
  'w:sectPr',
  'w:sdtPr',
  'w:tblGrid',
  'w:numberingChange',
  'w:binData',
  'w:docPartObj',
])

interface Paragraph {
  style?: string
  outline?: number
  list?: string
  level?: number
  /** The mark at its end was taken out. */
  gone: boolean
}

interface Field {
  paragraph: Paragraph | undefined
  /** What it is to show. */
  code: string
  result: boolean
  box?: string
  choices: string[]
  choice: number
}

/**
 * Reads the text of a document, a note, a header. `onNote` is told when a note or comment is through. `margin`: of a header
 * or footer, where numbers of pages say nothing.
 */
export function createBody(
  composer: Composer,
  around: Surroundings,
  { onNote = () => {}, margin = false }: { onNote?: (id: string, author: string) => void; margin?: boolean } = {},
): XmlHandler {
  let skipping = 0
  // `mc:AlternateContent`: whether one of the choices was taken.
  const alternatives: boolean[] = []
  const paragraphs: Paragraph[] = []
  // Ended with a mark that was taken out: what follows goes on with it.
  let carried: Paragraph | undefined
  const fields: Field[] = []
  let inParagraphProperties = false
  let inRun = 0
  let inRunProperties = 0
  let hidden = false
  let font = ''
  let inText = false
  let inFieldCode = false
  let pageNumbers = 0
  let inRowProperties = false
  const rows: { header: boolean; dropped: boolean }[] = []
  const cells: { hidden: boolean; wide: number }[] = []
  let note: { id: string; author: string } | undefined

  const inCode = () => fields.some(field => !field.result && field.paragraph === paragraphs.at(-1))
  // What stands above the signs of a language that needs it; shown behind them.
  let above = ''
  let inAbove = false
  const say = (text: string) => {
    if (hidden || inCode() || (margin && (pageNumbers > 0 || fields.some(isPageNumber)))) return
    if (inAbove) above += text
    else composer.add(text)
  }

  function openProperty(tag: Tag, paragraph: Paragraph) {
    const value = tag.attribute('w:val')
    if (tag.name === 'w:pStyle' && value !== undefined) paragraph.style = value
    else if (tag.name === 'w:outlineLvl') paragraph.outline = Number(value)
    else if (tag.name === 'w:numId' && value !== undefined) paragraph.list = value
    else if (tag.name === 'w:ilvl') paragraph.level = Math.min(Math.max(Number(value) || 0, 0), LEVELS - 1)
  }

  function closeParagraph() {
    settle()
    const paragraph = paragraphs.pop()
    if (paragraph?.gone) carried = paragraph
    else if (paragraph) finish(paragraph)
  }

  /** Nothing follows that it could go on with. */
  function settle() {
    const paragraph = carried
    carried = undefined
    if (paragraph) finish(paragraph)
  }

  function finish(paragraph: Paragraph) {
    const { styles, lists, counters } = around
    const ofStyle = styles.list(paragraph.style)
    const list = paragraph.list ?? ofStyle?.list
    const numbered = list === undefined || list === '0' ? undefined : lists.of(list)
    let label = ''
    if (list !== undefined && numbered && !(paragraph.gone && !composer.hasText())) {
      const level = paragraph.level ?? lists.levelOfStyle(list, paragraph.style) ?? ofStyle?.level ?? 0
      // A list that begins with a number of its own begins anew when it comes for the first time.
      const start = numbered.starts[level]
      if (start !== undefined) {
        counters.restart(numbered.counts)
        numbered.starts[level] = undefined
      }
      label = counters.next(numbered.counts, numbered.levels, level, start)
    }
    const heading = paragraph.outline === undefined ? styles.headingLevel(paragraph.style) : levelOf(paragraph.outline)
    composer.closeParagraph({
      kind: heading !== undefined ? 'heading' : numbered ? 'list-item' : 'paragraph',
      ...(heading !== undefined && { level: heading }),
      ...(label !== '' && { label }),
    })
  }

  function refer(kind: string, tag: Tag) {
    const notes = around.notes.get(kind)
    const id = tag.attribute('w:id') ?? ''
    const blocks = notes?.get(id)
    if (!notes || !blocks || hidden) return
    notes.delete(id)
    composer.beside(blocks)
  }

  function fieldChar(tag: Tag) {
    const type = tag.attribute('w:fldCharType')
    const field = fields.at(-1)
    if (type === 'begin') fields.push({ paragraph: paragraphs.at(-1), code: '', result: false, choices: [], choice: 0 })
    else if (type === 'separate' && field) field.result = true
    else if (type === 'end' && field) {
      fields.pop()
      // Boxes to tick and lists to choose from have no result of their own.
      const shown = field.box ?? field.choices[field.choice]
      if (shown !== undefined && (field.box !== undefined || !field.result)) say(shown)
    }
  }

  function describe(tag: Tag, ...names: string[]) {
    for (const name of names) {
      const text = tag.attribute(name)?.trim()
      if (!text || isFileName(text)) continue
      composer.beside([{ kind: 'caption', text: text.replace(/\s+/g, ' ') }])
      return
    }
  }

  function openElement(tag: Tag) {
    switch (tag.name) {
      case 'w:p':
        if (carried) carried = undefined
        else composer.openParagraph()
        paragraphs.push({ gone: false })
        break
      case 'w:pPr':
        inParagraphProperties = true
        break
      case 'w:r':
        inRun++
        hidden = false
        font = ''
        break
      case 'w:rPr':
        inRunProperties++
        break
      case 'w:t':
      case 'm:t':
        inText = true
        break
      case 'w:tab':
        if (!inParagraphProperties) say(' ')
        break
      case 'w:br':
      case 'w:cr':
      case 'w:ptab':
        say(' ')
        break
      case 'w:noBreakHyphen':
        say('-')
        break
      case 'w:sym': {
        const sign = symbolOf(tag.attribute('w:font') ?? '', Number.parseInt(tag.attribute('w:char') ?? '', 16) || 0)
        if (sign === undefined) around.left('a sign of a font of signs')
        say(sign ?? ' ')
        break
      }
      case 'w:rt':
        inAbove = true
        above = ''
        break
      case 'w:fldChar':
        fieldChar(tag)
        break
      case 'w:instrText':
        inFieldCode = true
        break
      case 'w:fldSimple':
        if (pageNumbers > 0 || PAGE_NUMBER.test(tag.attribute('w:instr') ?? '')) pageNumbers++
        break
      case 'w:tbl':
        settle()
        composer.openTable()
        break
      case 'w:tr':
        composer.openRow()
        rows.push({ header: false, dropped: false })
        break
      case 'w:tc':
        composer.openCell()
        cells.push({ hidden: false, wide: 1 })
        break
      case 'w:footnoteReference':
      case 'w:endnoteReference':
      case 'w:commentReference':
        refer(tag.name, tag)
        break
      case 'w:footnote':
      case 'w:endnote':
      case 'w:comment':
        note = { id: tag.attribute('w:id') ?? '', author: tag.attribute('w:author') ?? '' }
        if (/separator|notice/i.test(tag.attribute('w:type') ?? '')) note = undefined
        break
      case 'wp:docPr':
        describe(tag, 'descr', 'title')
        break
      case 'v:shape':
      case 'v:rect':
        describe(tag, 'alt')
        break
      case 'v:textpath':
        say(` ${tag.attribute('string') ?? ''} `)
        break
      case 'dgm:relIds':
        composer.beside(around.figures.get(tag.attribute('r:dm') ?? '') ?? [])
        break
      case 'c:chart':
        composer.beside(around.figures.get(tag.attribute('r:id') ?? '') ?? [])
        break
      case 'o:OLEObject':
        around.left(`an embedded object, ${tag.attribute('ProgID') ?? 'of no known kind'}`)
        break
      case 'w:altChunk': {
        const blocks = around.figures.get(tag.attribute('r:id') ?? '')
        if (blocks) composer.beside(blocks)
        else around.left('an inserted document')
        break
      }
      case 'mc:AlternateContent':
        alternatives.push(false)
        break
      default:
        openDetail(tag)
    }
  }

  /** What is said in properties. */
  function openDetail(tag: Tag) {
    const value = tag.attribute('w:val')
    const paragraph = paragraphs.at(-1)
    if (inParagraphProperties && paragraph) {
      openProperty(tag, paragraph)
      return
    }
    const field = fields.at(-1)
    const row = rows.at(-1)
    const cell = cells.at(-1)
    if (tag.name === 'w:vanish' && inRun > 0 && inRunProperties > 0) hidden = isOn(value)
    else if (tag.name === 'w:rStyle') hidden = around.styles.hidden(value)
    else if (tag.name === 'w:rFonts') font = tag.attribute('w:ascii') ?? ''
    else if (tag.name === 'w:tblHeader' && row) row.header = isOn(value)
    else if (tag.name === 'w:hidden' && row) row.dropped = isOn(value)
    else if ((tag.name === 'w:vMerge' || tag.name === 'w:hMerge') && cell) cell.hidden = value !== 'restart'
    else if (tag.name === 'w:gridSpan' && cell)
      cell.wide = Math.min(Math.max(Number.parseInt(value ?? '', 10) || 1, 1), 256)
    else if (tag.name === 'w:cellDel' && cell) cell.hidden = true
    else if (field) {
      if (tag.name === 'w:checkBox') field.box = '☐'
      else if (field.box !== undefined && (tag.name === 'w:checked' || tag.name === 'w:default'))
        field.box = isOn(value) ? '☒' : '☐'
      else if (tag.name === 'w:listEntry') field.choices.push(value ?? '')
      else if (tag.name === 'w:result') field.choice = Number(value) || 0
    }
  }

  /** Whether the element and all in it are left out. */
  function skips(tag: Tag): boolean {
    if (tag.name === 'mc:Choice' || tag.name === 'mc:Fallback') {
      const taken = alternatives.pop() ?? false
      alternatives.push(true)
      return taken
    }
    if (tag.name === 'w:del' || tag.name === 'w:moveFrom') {
      const paragraph = paragraphs.at(-1)
      const row = rows.at(-1)
      if (inParagraphProperties && paragraph) paragraph.gone = true
      else if (inRowProperties && row) row.dropped = true
      return true
    }
    return SKIPPED.has(tag.name)
  }

  return {
    open(tag) {
      if (skipping > 0) skipping++
      else if (skips(tag)) skipping = 1
      else {
        if (tag.name === 'w:trPr') inRowProperties = true
        openElement(tag)
      }
    },
    close(name) {
      if (skipping > 0) {
        skipping--
        return
      }
      switch (name) {
        case 'w:p':
          closeParagraph()
          break
        case 'w:pPr':
          inParagraphProperties = false
          break
        case 'w:r':
          inRun--
          hidden = false
          break
        case 'w:rPr':
          inRunProperties--
          break
        case 'w:t':
        case 'm:t':
          inText = false
          break
        case 'w:instrText':
          inFieldCode = false
          break
        case 'w:fldSimple':
          if (pageNumbers > 0) pageNumbers--
          break
        case 'w:rt':
          inAbove = false
          break
        case 'w:ruby':
          if (above !== '') say(` (${above})`)
          above = ''
          break
        case 'w:trPr':
          inRowProperties = false
          break
        case 'w:tbl':
          composer.closeTable()
          break
        case 'w:tr':
          composer.closeRow(rows.pop())
          break
        case 'w:tc':
          settle()
          composer.closeCell(cells.pop())
          break
        case 'w:footnote':
        case 'w:endnote':
        case 'w:comment':
          settle()
          if (note) onNote(note.id, note.author)
          else composer.take()
          note = undefined
          break
        case 'w:txbxContent':
        case 'w:body':
        case 'w:hdr':
        case 'w:ftr':
          settle()
          break
        case 'mc:AlternateContent':
          alternatives.pop()
      }
    },
    text(text) {
      if (skipping > 0) return
      const field = fields.at(-1)
      if (inFieldCode && field && field.code.length < 100) field.code += text
      if (inText) say(font !== '' && /[\uf000-\uf0ff]/.test(text) ? signsOf(text, font) : text)
    },
  }
}

const PAGE_NUMBER = /^\s*(?:PAGE|NUMPAGES|SECTIONPAGES|SECTION)\b/i

const isPageNumber = ({ code, result }: Field) => result && PAGE_NUMBER.test(code)

function signsOf(text: string, font: string): string {
  return text.replace(/[\uf000-\uf0ff]/g, sign => symbolOf(font, sign.charCodeAt(0)) ?? sign)
}

// What programs put where nobody described the picture.
function isFileName(text: string): boolean {
  return (
    /\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)$/i.test(text) || /^(?:picture|image|bild|grafik|logo)\s*\d*$/i.test(text)
  )
}
