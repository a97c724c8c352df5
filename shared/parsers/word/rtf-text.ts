import type { RtfEnding } from './rtf.ts'
import { createRtfFlow, type Flow, type Properties } from './rtf-flow.ts'
import { decode, type Font, headingOf, type Style } from './rtf-styles.ts'
import type { Token } from './rtf-tokens.ts'
import { encodingOfCharset, encodingOfPage, HEADERS, SIGNS, SKIPPED, STARRED } from './rtf-words.ts'
import { symbolOf } from './symbols.ts'

// Groups in groups: those that lie deeper are read as if their braces were not there.
const MAX_DEPTH = 10_000
const NAME = 200

/** Where text goes. */
type Target = 'text' | 'nowhere' | 'fonts' | 'styles' | 'author' | 'label' | 'field'

interface Group extends Properties {
  target: Target
  /** All in it is left out, groups inside too. */
  skip: boolean
  hidden: boolean
  /** Taken out, with the mark at its end. */
  deleted: boolean
  font: number
  /** How many characters stand in for one of `\u`. */
  stand: number
  /** `\*` came first. */
  starred: boolean
  /** Of `\upr`: what comes first is the same in an older encoding. */
  older: boolean
  /** Left out as the older, unless it says it is not. */
  spare: boolean
  onClose: (() => void) | undefined
}

/** Takes tokens and gives blocks. */
export function createRtfText() {
  const fonts = new Map<number, Font>()
  const styles = new Map<number, Style>()
  const flow: Flow = createRtfFlow(properties => headingOf(properties, styles))
  const groups: Group[] = []
  let group: Group = {
    target: 'text',
    skip: false,
    hidden: false,
    deleted: false,
    font: -1,
    stand: 1,
    starred: false,
    older: false,
    spare: false,
    onClose: undefined,
    style: 0,
    outline: undefined,
    inTable: false,
    depth: 0,
    list: 0,
  }
  let deeper = 0
  let tooDeep = false
  let damaged = false
  let left = 0
  let page = 'cp1252'
  let defaultFont = -1
  // Bytes that wait for those that follow: a character may take two.
  let pending: Uint8Array[] = []
  let pass = 0
  // Behind the last brace there may be anything. After a brace too many it is text, as its control words tell.
  let outside: Uint8Array[] | undefined
  let style: Style & { number: number } = { number: 0, name: '', outline: undefined, basedOn: undefined }
  let author = ''
  let label = ''
  let field = ''
  let margins = 0
  let form = { type: -1, result: 25, fallback: 0 }

  function fontNow(): Font | undefined {
    return fonts.get(group.font === -1 ? defaultFont : group.font)
  }

  function flush() {
    if (pending.length === 0) return
    const bytes = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
    pending = []
    const font = group.target === 'fonts' || group.target === 'styles' ? undefined : fontNow()
    if (font?.symbols) {
      let text = ''
      for (const byte of bytes) text += byte < 0x20 ? '' : (symbolOf(font.name, 0xf000 + byte) ?? '')
      write(text)
    } else write(decode(bytes, font?.encoding ?? page))
  }

  function write(text: string) {
    switch (group.target) {
      case 'text':
        if (!group.hidden && !group.deleted) flow.add(text, group)
        break
      case 'label':
        label += text
        break
      case 'author':
        author += text
        break
      case 'field':
        if (field.length < NAME) field += text
        break
      case 'fonts': {
        const font = fonts.get(group.font)
        if (font && font.name.length < NAME) {
          font.name += text.replace(/;.*/s, '')
          if (/symbol|wingdings|webdings/i.test(font.name) && font.encoding === undefined) font.symbols = true
        }
        break
      }
      case 'styles':
        if (style.name.length < NAME) style.name += text.replace(/;.*/s, '')
    }
  }

  function openGroup() {
    flush()
    pass = 0
    if (groups.length >= MAX_DEPTH) {
      deeper++
      tooDeep = true
      return
    }
    const inner: Group = { ...group, starred: false, older: false, spare: false, onClose: undefined }
    // The text of `\upr` comes twice; the group inside without `\ud` is the older.
    if (group.older && !group.skip) {
      inner.skip = true
      inner.spare = true
    }
    groups.push(group)
    group = inner
    if (group.target === 'styles' && !group.skip) {
      style = { number: 0, name: '', outline: undefined, basedOn: undefined }
      group.onClose = () => {
        if (style.name !== '') styles.set(style.number, style)
      }
    }
  }

  function closeGroup() {
    flush()
    pass = 0
    if (deeper > 0) {
      deeper--
      return
    }
    group.onClose?.()
    const outer = groups.pop()
    if (outer) group = outer
    else damaged = true
    if (groups.length === 0) outside ??= []
  }

  /** A group that goes beside the text. */
  function beside(kind: 'footnote' | 'note' | 'box' | 'margin') {
    flow.enter(kind, group, kind === 'note' ? author : '')
    if (kind === 'margin') margins++
    if (kind === 'note') author = ''
    Object.assign(group, {
      target: 'text',
      style: 0,
      outline: undefined,
      inTable: false,
      depth: 0,
      list: 0,
      hidden: false,
      onClose: () => {
        if (kind === 'margin') margins--
        flow.leave()
      },
    })
  }

  /** A word that says what its group is; whether it was one. */
  function destination(word: string): boolean {
    if (HEADERS.has(word)) {
      beside('margin')
      return true
    }
    if (SKIPPED.has(word)) {
      if (word === 'objdata') left++
      group.skip = true
      return true
    }
    switch (word) {
      case 'fonttbl':
        group.target = 'fonts'
        return true
      case 'stylesheet':
        group.target = 'styles'
        return true
      case 'fldinst':
        field = ''
        group.target = 'field'
        return true
      case 'fldrslt':
        // Of the numbers of pages, which say nothing beside the text.
        group.skip = margins > 0 && /^\s*(?:PAGE|NUMPAGES|SECTIONPAGES|SECTION)\b/i.test(field)
        field = ''
        return true
      case 'shpinst':
      case 'do':
        group.target = 'nowhere'
        return true
      case 'formfield':
        form = { type: -1, result: 25, fallback: 0 }
        group.onClose = () => {
          if (form.type === 1) flow.add((form.result === 25 ? form.fallback : form.result) > 0 ? '☒' : '☐', group)
        }
        return true
      case 'footnote':
        beside('footnote')
        return true
      case 'annotation':
        beside('note')
        return true
      case 'shptxt':
      case 'dptxbxtext':
        beside('box')
        return true
      case 'atnauthor':
        author = ''
        group.target = 'author'
        return true
      case 'listtext':
      case 'pntext':
        label = ''
        group.target = 'label'
        group.onClose = () => flow.label(label, group)
        return true
      case 'upr':
        group.older = true
        return true
      case 'ud':
        if (group.spare) group.skip = false
        return true
    }
    return false
  }

  function control(word: string, value: number | undefined) {
    const on = value !== 0
    switch (word) {
      case 'par':
      case 'sect':
        if (group.target === 'text' && !group.deleted) flow.endParagraph(group)
        return
      case 'pard':
        Object.assign(group, { style: 0, outline: undefined, inTable: false, depth: 0, list: 0 })
        return
      case 'plain':
        group.hidden = false
        group.deleted = false
        group.font = -1
        return
      case 's':
        group.style = value ?? 0
        if (group.target === 'styles') style.number = value ?? 0
        return
      case 'cs':
      case 'ts':
      case 'ds':
        // Styles of characters, tables and sections count by themselves.
        if (group.target === 'styles') group.skip = true
        return
      case 'sbasedon':
        if (value !== undefined && value !== 222) style.basedOn = value
        return
      case 'outlinelevel':
        if (group.target === 'styles') style.outline = value
        else group.outline = value
        return
      case 'v':
        group.hidden = on
        return
      case 'deleted':
        group.deleted = on
        return
      case 'intbl':
        group.inTable = on
        return
      case 'itap':
        group.depth = Math.max(0, value ?? 1)
        return
      case 'ls':
        group.list = value ?? 0
        return
      case 'trowd':
        if (group.target === 'text') flow.startRow(group)
        return
      case 'trhdr':
        flow.markHeader()
        return
      case 'cell':
      case 'nestcell':
        if (group.target === 'text') flow.endCell(group, word === 'nestcell')
        return
      case 'row':
      case 'nestrow':
        if (group.target === 'text') flow.endRow(word === 'nestrow')
        return
      case 'f':
        group.font = value ?? -1
        if (group.target === 'fonts' && !fonts.has(group.font))
          fonts.set(group.font, { name: '', encoding: undefined, symbols: false })
        return
      case 'fcharset': {
        const font = group.target === 'fonts' ? fonts.get(group.font) : undefined
        if (font) font.encoding = encodingOfCharset(value ?? 0)
        if (font && value === 2) font.symbols = true
        return
      }
      case 'cpg': {
        const font = group.target === 'fonts' ? fonts.get(group.font) : undefined
        if (font) font.encoding = encodingOfPage(value ?? 0)
        return
      }
      case 'deff':
        defaultFont = value ?? -1
        return
      case 'ansicpg':
        page = encodingOfPage(value ?? 0) ?? page
        return
      case 'mac':
        page = 'macintosh'
        return
      case 'pc':
        page = 'cp437'
        return
      case 'pca':
        page = 'cp850'
        return
      case 'uc':
        group.stand = Math.min(Math.max(value ?? 1, 0), 10)
        return
      case 'u':
        unicode(value ?? 0)
        return
      case 'fftype':
        form.type = value ?? -1
        return
      case 'ffres':
        form.result = value ?? 25
        return
      case 'ffdefres':
        form.fallback = value ?? 0
        return
      case '~':
        write(' ')
        return
      case '_':
        write('-')
    }
    const sign = SIGNS[word]
    if (sign !== undefined) write(sign)
  }

  function unicode(value: number) {
    const code = value < 0 ? value + 0x10000 : value
    const font = fontNow()
    const text = code > 0 && code <= 0xffff ? String.fromCharCode(code) : ''
    write(font?.symbols && code >= 0xf000 && code <= 0xf0ff ? (symbolOf(font.name, code) ?? '') : text)
    pass = group.stand
  }

  return {
    take(token: Token) {
      if (token.type === 'open') return openGroup()
      if (token.type === 'close') return closeGroup()
      if (token.type === 'broken' || token.type === 'stray') {
        // Outside of all braces there may be anything.
        damaged ||= token.type === 'broken' || groups.length > 0
        return
      }
      if (token.type === 'bytes') {
        if (group.skip) return
        if (outside) {
          outside.push(token.bytes)
          return
        }
        const skipped = Math.min(pass, token.bytes.length)
        pass -= skipped
        group.starred = false
        if (token.bytes.length > skipped) pending.push(skipped > 0 ? token.bytes.subarray(skipped) : token.bytes)
        return
      }
      const { word, value } = token
      if (outside && /^(?:par|pard|cell|row|rtf)$/.test(word)) {
        pending = outside
        outside = undefined
        damaged = true
      }
      flush()
      if (word === '*') {
        group.starred = true
        return
      }
      if (group.skip && word !== 'ud') return
      if (pass > 0 && word !== 'u') {
        pass--
        return
      }
      const starred = group.starred
      group.starred = false
      if (destination(word)) return
      if (starred && !STARRED.has(word)) group.skip = true
      else control(word, value)
    },
    blocks: () => flow.take(),
    end(): RtfEnding {
      flush()
      if (groups.length > 0) damaged = true
      flow.end()
      return { damaged, tooDeep: tooDeep || flow.tooDeep(), left }
    },
  }
}
