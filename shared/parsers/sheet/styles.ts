import type { Package } from '../office/package.ts'
import { attributeOf, childOf, childrenOf, type Element } from '../office/xml.ts'
import { builtInPattern, createNumberFormat, type NumberFormat, type SheetLocale } from './number-formats.ts'

export interface CellStyle {
  format: NumberFormat
  bold: boolean
}

/** Of a cell by its style's index. */
export type Styles = (index: number) => CellStyle

/**
 * Reads how cells look. Excel shows numbers and built-in dates as the system wants, which the file does not say; it does
 * say in which language the program wrote it: German Excel calls the normal style “Standard”. Then, or where the formats or
 * the document's properties name German and no other language, numbers are shown the German way, else the English.
 */
export async function readStyles(parts: Package, styles: string | undefined, language: string, from1904: boolean) {
  const root = styles === undefined ? undefined : await parts.root(styles)
  const patterns = new Map<number, string>()
  for (const element of childrenOf(childOf(root, 'numFmts'), 'numFmt'))
    patterns.set(Number(element.attributes.numFmtId), element.attributes.formatCode ?? 'General')
  const locale = localeOf(root, [...patterns.values()], language)
  const bold = childrenOf(childOf(root, 'fonts'), 'font').map(isBold)
  const formats = new Map<number, NumberFormat>()

  function formatOf(id: number): NumberFormat {
    const known = formats.get(id)
    if (known) return known
    const made = createNumberFormat(patterns.get(id) ?? builtInPattern(id, locale), locale, from1904)
    formats.set(id, made)
    return made
  }

  const cells = childrenOf(childOf(root, 'cellXfs'), 'xf').map(({ attributes }) => ({
    format: formatOf(Number(attributes.numFmtId ?? 0)),
    bold: bold[Number(attributes.fontId ?? 0)] ?? false,
  }))
  const usual: CellStyle = { format: formatOf(0), bold: false }
  const of: Styles = index => cells[index] ?? usual
  return { of, locale }
}

function isBold(font: Element): boolean {
  const bold = childOf(font, 'b')
  return bold !== undefined && !/^(?:0|false)$/.test(attributeOf(bold, 'val') ?? '1')
}

function localeOf(root: Element | undefined, patterns: readonly string[], language: string): SheetLocale {
  const normal = childrenOf(childOf(root, 'cellStyles'), 'cellStyle').find(
    ({ attributes }) => attributes.builtinId === '0',
  )
  if (normal?.attributes.name === 'Standard' || /^de\b/i.test(language)) return 'de'
  // The primary language of a Windows language identifier is in its low ten bits; German's is 7 ([MS-LCID] 2.2).
  const named = patterns.flatMap(pattern =>
    [...pattern.matchAll(/\[\$[^\]-]*-([0-9a-fA-F]{3,8})\]/g)].map(match => Number.parseInt(match[1]!, 16) & 0x3ff),
  )
  const languages = named.filter(code => code !== 0)
  return languages.length > 0 && languages.every(code => code === 7) ? 'de' : 'en'
}
