import type { XmlHandler } from '../office/xml-reader.ts'
import type { Level } from './numbering.ts'

interface Style {
  name: string
  basedOn?: string
  outline?: number
  list?: string
  level?: number
  hidden?: boolean
}

export interface Styles {
  /** 1 for the highest; undefined for body text. */
  headingLevel(style: string | undefined): number | undefined
  list(style: string | undefined): { list: string; level: number | undefined } | undefined
  hidden(style: string | undefined): boolean
}

// Styles that refer to one another in a circle end here.
const CHAIN = 20

/** Names of built-in headings as programs in other languages write them; Word itself keeps the English ones. */
const HEADING =
  /^(?:heading|überschrift|berschrift|uberschrift|titre|título|titulo|ttulo|titolo|kop|rubrik|overskrift|otsikko|nagłówek|nadpis|címsor|заголовок|başlık|标题|標題|見出し|제목)\s*([1-9])$/i
const TITLE = /^(?:title|titel)$/i

export function headingOfName(name: string): number | undefined {
  const digit = HEADING.exec(name.trim())?.[1]
  if (digit !== undefined) return Number(digit)
  return TITLE.test(name.trim()) ? 1 : undefined
}

/** Reads `styles.xml`; `styles` knows what has come so far. */
export function createStyles(): { handler: XmlHandler; styles: Styles } {
  const all = new Map<string, Style>()
  let current: Style | undefined

  function* chain(id: string | undefined): Generator<Style> {
    let style = id === undefined ? undefined : all.get(id)
    for (let steps = 0; style && steps < CHAIN; steps++) {
      yield style
      style = style.basedOn === undefined ? undefined : all.get(style.basedOn)
    }
  }

  return {
    handler: {
      open(tag) {
        if (tag.name === 'w:style') {
          current = { name: '' }
          const id = tag.attribute('w:styleId')
          if (id !== undefined) all.set(id, current)
          return
        }
        if (!current) return
        const value = tag.attribute('w:val')
        switch (tag.name) {
          case 'w:name':
            current.name = value ?? ''
            break
          case 'w:basedOn':
            if (value !== undefined) current.basedOn = value
            break
          case 'w:outlineLvl':
            current.outline = Number(value)
            break
          case 'w:numId':
            if (value !== undefined) current.list = value
            break
          case 'w:ilvl':
            current.level = Number(value)
            break
          case 'w:vanish':
            current.hidden = isOn(value)
        }
      },
      close(name) {
        if (name === 'w:style') current = undefined
      },
      text() {},
    },
    styles: {
      headingLevel(id) {
        for (const { name, outline } of chain(id)) {
          if (outline !== undefined) return levelOf(outline)
          const level = headingOfName(name)
          if (level !== undefined) return level
        }
        return id !== undefined && !all.has(id) ? headingOfName(id) : undefined
      },
      list(id) {
        for (const { list, level } of chain(id)) if (list !== undefined) return { list, level }
        return undefined
      },
      hidden(id) {
        for (const { hidden } of chain(id)) if (hidden !== undefined) return hidden
        return false
      },
    },
  }
}

/** From an outline level, 0 to 8; 9 is body text. */
export function levelOf(outline: number): number | undefined {
  return outline >= 0 && outline <= 8 ? outline + 1 : undefined
}

/** Of a switch such as `w:b`: on unless it says otherwise. */
export function isOn(value: string | undefined): boolean {
  return value === undefined || !/^(?:0|false|off)$/i.test(value)
}

export interface Lists {
  /** The abstract list it counts in, and its levels. */
  of(list: string): { counts: string; levels: (Level | undefined)[]; starts: (number | undefined)[] } | undefined
  /** The level that belongs to a style. */
  levelOfStyle(list: string, style: string | undefined): number | undefined
}

interface Abstract {
  levels: (Level & { style?: string })[]
  /** A list style stands for the levels. */
  link?: string
}

interface Numbered {
  abstract: string
  levels: (Level | undefined)[]
  starts: (number | undefined)[]
}

/** Reads `numbering.xml`. `listOfStyle`: what a list style says. */
export function createLists(listOfStyle: (style: string) => string | undefined): { handler: XmlHandler; lists: Lists } {
  const abstracts = new Map<string, Abstract>()
  const numbered = new Map<string, Numbered>()
  let abstract: Abstract | undefined
  let own: Numbered | undefined
  let level: (Level & { style?: string }) | undefined
  let index = 0

  function levelsOf(id: string, steps = 0): (Level & { style?: string })[] {
    const found = abstracts.get(id)
    if (!found) return []
    const other = found.link === undefined || found.levels.length > 0 ? undefined : listOfStyle(found.link)
    const target = other === undefined ? undefined : numbered.get(other)?.abstract
    return target !== undefined && steps < CHAIN ? levelsOf(target, steps + 1) : found.levels
  }

  return {
    handler: {
      open(tag) {
        const value = tag.attribute('w:val')
        switch (tag.name) {
          case 'w:abstractNum':
            abstract = { levels: [] }
            abstracts.set(tag.attribute('w:abstractNumId') ?? '', abstract)
            break
          case 'w:num':
            own = { abstract: '', levels: [], starts: [] }
            numbered.set(tag.attribute('w:numId') ?? '', own)
            break
          case 'w:abstractNumId':
            if (own) own.abstract = value ?? ''
            break
          case 'w:numStyleLink':
            if (abstract && value !== undefined) abstract.link = value
            break
          case 'w:lvlOverride':
            index = indexOf(tag.attribute('w:ilvl'))
            break
          case 'w:startOverride':
            if (own) own.starts[index] = Number(value) || 0
            break
          case 'w:lvl':
            index = indexOf(tag.attribute('w:ilvl'))
            level = { format: 'decimal', pattern: '', start: 0, legal: false }
            if (own) own.levels[index] = level
            else if (abstract) abstract.levels[index] = level
            break
          case 'w:numFmt':
            if (level) level.format = value ?? 'decimal'
            break
          case 'w:lvlText':
            if (level) level.pattern = value ?? ''
            break
          case 'w:start':
            if (level) level.start = Number(value) || 0
            break
          case 'w:isLgl':
            if (level) level.legal = isOn(value)
            break
          case 'w:pStyle':
            if (level && value !== undefined) level.style = value
        }
      },
      close(name) {
        if (name === 'w:abstractNum') abstract = undefined
        else if (name === 'w:num') own = undefined
        else if (name === 'w:lvl') level = undefined
      },
      text() {},
    },
    lists: {
      of(list) {
        const found = numbered.get(list)
        if (!found) return undefined
        const levels: (Level | undefined)[] = [...levelsOf(found.abstract)]
        for (const [at, other] of found.levels.entries()) if (other) levels[at] = other
        return { counts: found.abstract, levels, starts: found.starts }
      },
      levelOfStyle(list, style) {
        const found = numbered.get(list)
        if (!found || style === undefined) return undefined
        const at = levelsOf(found.abstract).findIndex(candidate => candidate?.style === style)
        return at === -1 ? undefined : at
      },
    },
  }
}

function indexOf(value: string | undefined): number {
  const index = Number(value)
  return index >= 0 && index < 9 ? Math.floor(index) : 0
}
