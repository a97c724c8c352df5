import { format, getFormatFromId, isDateFormat, isTextFormat } from 'numfmt'
import { cleanText } from '../clean-text.ts'

/** How cells of one format show what they hold. */
export interface NumberFormat {
  kind: 'number' | 'date'
  /** `raw` is the number as the file writes it. */
  number(raw: string): string
  text(text: string): string
  truth(value: boolean): string
}

export type SheetLocale = 'en' | 'de'

/** Texts kept for each format: a column has few dates. */
const KEPT = 10_000
/** Days between the two systems of dates (ECMA-376 part 1, 18.17.4.1). */
const DAYS_TO_1904 = 1_462

export function builtInPattern(id: number, locale: SheetLocale): string {
  return getFormatFromId(id, locale) ?? 'General'
}

/**
 * What numfmt gives, which costs 2.5 µs a number; numbers under patterns of one plain section are written here instead,
 * in a tenth of that.
 */
export function createNumberFormat(code: string, locale: SheetLocale, from1904: boolean): NumberFormat {
  const general = /^(?:general|standard|@)?$/i.test(code)
  const isDate = !general && safely(() => isDateFormat(code), false)
  // A slash in a date stands for whatever the language puts there.
  const pattern = isDate && locale === 'de' ? code.replace(/(?<=[dmy])\/(?=[dmy])/gi, '.') : code
  // A time or a length of time is the same in both systems.
  const shift = isDate && from1904 && hasDays(code) ? DAYS_TO_1904 : 0
  const texts = !general && pattern.includes('@') && safely(() => !isTextFormat(pattern) || pattern !== '@', false)
  const plain = createPlain(pattern, locale)
  const point = locale === 'de' ? ',' : '.'
  let kept = new Map<string, string>()

  function shown(raw: string): string {
    const value = Number(raw)
    if (raw === '' || !Number.isFinite(value)) return raw
    if (general) return format('General', value, { locale })
    const serial = value + shift
    // A date out of bounds shows as its number, an unknown pattern as if there were none.
    return safely(() => format(pattern, serial, { locale }), format('General', value, { locale }))
  }

  return {
    kind: isDate ? 'date' : 'number',
    number(raw) {
      // Excel shows 4.00638E+12 from 12 digits on, LibreOffice all of them: it is a number of an article, so all.
      if (general && /^-?(?:0|[1-9]\d{0,14})$/.test(raw)) return raw
      if (general && raw.length < 10 && /^-?(?:0|[1-9]\d*)\.\d*[1-9]$/.test(raw)) return raw.replace('.', point)
      const quick = plain?.(raw)
      if (quick !== undefined) return quick
      const known = kept.get(raw)
      if (known !== undefined) return known
      const text = cleanText(shown(raw))
      if (kept.size >= KEPT) kept = new Map()
      kept.set(raw, text)
      return text
    },
    text: text => (texts ? cleanText(safely(() => format(pattern, text, { locale }), text)) : text),
    truth: value => (locale === 'de' ? (value ? 'WAHR' : 'FALSCH') : value ? 'TRUE' : 'FALSE'),
  }
}

/** An `m` beside hours or seconds is a minute; three of them are a month's name. */
function hasDays(code: string): boolean {
  const signs = code.replace(/"[^"]*"|\\.|\[[^\]]*\]/g, match => (/^\[[hms]+\]$/i.test(match) ? 'h' : ''))
  return /[dyeg]/i.test(signs) || /m{3}/i.test(signs) || (/m/i.test(signs) && !/[hs]/i.test(signs))
}

const LITERAL = String.raw`(?:"[^"]*"|\\.|\[\$[^\]-]+(?:-[0-9A-Fa-f]+)?\]|[ €$£])*`
const PLAIN = new RegExp(`^(${LITERAL})(#,##)?0(?:\\.(0{1,9}))?(%)?(${LITERAL})$`)

/** Writes numbers under patterns such as `#,##0.00 "€"` and `0%`; undefined for patterns and numbers of any other kind. */
function createPlain(pattern: string, locale: SheetLocale): ((raw: string) => string | undefined) | undefined {
  const match = PLAIN.exec(pattern)
  if (!match) return undefined
  const [, before = '', groups, zeros = '', percent = '', behind = ''] = match
  const [prefix, suffix] = [literal(before), percent + literal(behind)]
  const [point, separator] = locale === 'de' ? [',', '.'] : ['.', ',']
  const decimals = zeros.length
  const scale = 10 ** (decimals + (percent ? 2 : 0))
  return raw => {
    const value = Number(raw)
    const scaled = Math.abs(value) * scale
    if (raw === '' || !(scaled < 1e14)) return undefined
    // Excel rounds the 15 digits it shows, not the binary number: 1.005 gives 1.01.
    const rounded = Math.round(Number.isInteger(scaled) ? scaled : Number(scaled.toPrecision(15)))
    const digits = String(rounded).padStart(decimals + 1, '0')
    let whole = decimals === 0 ? digits : digits.slice(0, -decimals)
    if (groups && whole.length > 3) whole = whole.replace(/\B(?=(?:\d{3})+$)/g, separator)
    const number = decimals === 0 ? whole : whole + point + digits.slice(-decimals)
    return cleanText((value < 0 && rounded > 0 ? '-' : '') + prefix + number + suffix)
  }
}

function literal(text: string): string {
  return text.replace(/"([^"]*)"|\\(.)|\[\$([^\]-]+)(?:-[0-9A-Fa-f]+)?\]/g, (_, quoted, escaped, currency) => {
    return quoted ?? escaped ?? currency
  })
}

function safely<T>(run: () => T, otherwise: T): T {
  try {
    return run()
  } catch {
    return otherwise
  }
}
