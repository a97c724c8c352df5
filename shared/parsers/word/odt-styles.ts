import type { Tag, XmlHandler } from '../office/xml-reader.ts'
import { headingOfName } from './docx-styles.ts'
import { LEVELS, type Level } from './numbering.ts'

interface Style {
  name: string
  parent?: string
  outline?: number
  list?: string
  hidden?: boolean
}

export interface OdtStyles {
  headingLevel(style: string | undefined): number | undefined
  /** The list style that a paragraph style brings along. */
  listStyle(style: string | undefined): string | undefined
  levels(listStyle: string): readonly (Level | undefined)[]
  /** How headings are numbered. */
  readonly outline: readonly (Level | undefined)[]
  hidden(style: string | undefined): boolean
}

// Styles that refer to one another in a circle end here.
const CHAIN = 20

const FORMATS: Record<string, string | undefined> = {
  '1': 'decimal',
  a: 'lowerLetter',
  A: 'upperLetter',
  i: 'lowerRoman',
  I: 'upperRoman',
  '': 'none',
}

/** Reads styles wherever they stand: in `styles.xml`, before the text, in a flat file. */
export function createOdtStyles(): { handler: XmlHandler; styles: OdtStyles } {
  const all = new Map<string, Style>()
  const lists = new Map<string, (Level | undefined)[]>()
  const outline: (Level | undefined)[] = []
  let current: Style | undefined
  let list: (Level | undefined)[] | undefined

  function* chain(name: string | undefined): Generator<Style> {
    let style = name === undefined ? undefined : all.get(name)
    for (let steps = 0; style && steps < CHAIN; steps++) {
      yield style
      style = style.parent === undefined ? undefined : all.get(style.parent)
    }
  }

  return {
    handler: {
      open(tag) {
        switch (tag.name) {
          case 'style:style': {
            const family = tag.attribute('style:family')
            const name = tag.attribute('style:name') ?? ''
            if (family !== 'paragraph' && family !== 'text') break
            current = { name: tag.attribute('style:display-name') ?? name.replaceAll('_20_', ' ') }
            const parent = tag.attribute('style:parent-style-name')
            const level = tag.attribute('style:default-outline-level')
            const listStyle = tag.attribute('style:list-style-name')
            if (parent !== undefined) current.parent = parent
            if (level !== undefined) current.outline = Number(level) || 0
            if (listStyle !== undefined) current.list = listStyle
            all.set(name, current)
            break
          }
          case 'style:text-properties':
            if (current && tag.attribute('text:display') === 'none') current.hidden = true
            break
          case 'text:list-style':
            list = []
            lists.set(tag.attribute('style:name') ?? '', list)
            break
          case 'text:outline-style':
            list = outline
            break
          case 'text:list-level-style-number':
          case 'text:outline-level-style':
            if (list) readLevel(tag, list)
            break
          case 'text:list-level-style-bullet':
          case 'text:list-level-style-image': {
            const at = Number(tag.attribute('text:level')) - 1
            if (list && at >= 0 && at < LEVELS) list[at] = { format: 'bullet', pattern: '', start: 1, legal: false }
          }
        }
      },
      close(name) {
        if (name === 'style:style') current = undefined
        else if (name === 'text:list-style' || name === 'text:outline-style') list = undefined
      },
      text() {},
    },
    styles: {
      headingLevel(name) {
        for (const style of chain(name)) {
          if (style.outline !== undefined) return style.outline > 0 ? style.outline : undefined
          const level = headingOfName(style.name)
          if (level !== undefined) return level
        }
        return undefined
      },
      listStyle(name) {
        for (const style of chain(name)) if (style.list !== undefined) return style.list
        return undefined
      },
      levels: name => lists.get(name) ?? [],
      outline,
      hidden(name) {
        for (const style of chain(name)) if (style.hidden !== undefined) return style.hidden
        return false
      },
    },
  }
}

function readLevel(tag: Tag, list: (Level | undefined)[]) {
  const at = Number(tag.attribute('text:level')) - 1
  if (!(at >= 0 && at < LEVELS)) return
  const format = FORMATS[tag.attribute('style:num-format') ?? ''] ?? 'decimal'
  const shown = Math.min(Math.max(Number(tag.attribute('text:display-levels')) || 1, 1), at + 1)
  const numbers = Array.from({ length: shown }, (_, index) => `%${at + 2 - shown + index}`).join('.')
  list[at] = {
    format,
    pattern: `${tag.attribute('style:num-prefix') ?? ''}${numbers}${tag.attribute('style:num-suffix') ?? ''}`,
    start: Number(tag.attribute('text:start-value') ?? 1) || 0,
    legal: false,
  }
}
