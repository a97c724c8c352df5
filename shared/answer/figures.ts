import type { Language } from '../model/index.ts'
import { analyze } from '../retrieve/analyze.ts'
import { numberForm } from '../retrieve/exact.ts'

/** A thing in a text that is right or wrong to the letter: a number with its unit, a date, a time, a § or a path. */
export interface Figure {
  kind: 'number' | 'day' | 'time' | 'exact'
  /** In one notation: "1000.5", "30.9" (day and month), "16:00", "§543". */
  value: string
  /** Of a number, as one word for both languages: "month", "euro", "percent". */
  unit?: string
  start: number
  end: number
}

/**
 * The figures of a text, however they are written: "1.000,50 €" and "€1,000.50", "drei Monate" and "3 months", "30. September 2026",
 * "30 September" and "30.9.2026", "16 Uhr", "16:00" and "4 pm".
 */
export function figuresOf(text: string, language: Language): Figure[] {
  const figures: Figure[] = []
  let rest = text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ')
  const take = (expression: RegExp, read: (match: RegExpExecArray) => Omit<Figure, 'start' | 'end'>[]) => {
    rest = rest.replace(expression, (...parts) => {
      const groups = parts.findIndex(part => typeof part === 'number')
      const start = parts[groups] as number
      const match = parts.slice(0, groups) as unknown as RegExpExecArray
      const found = read(match)
      if (found.length === 0) return match[0]
      for (const figure of found) figures.push({ ...figure, start, end: start + match[0].length })
      return ' '.repeat(match[0].length)
    })
  }
  for (const token of analyze(text, language))
    if (token.kind === 'exact' && /^(?:§|art\d)|[/\\=_@]/.test(token.term))
      figures.push({ kind: 'exact', value: token.term, start: token.start, end: token.end })
  // What such a token holds is not read again as numbers.
  for (const { start, end } of figures) rest = rest.slice(0, start) + ' '.repeat(end - start) + rest.slice(end)
  take(DAY_MONTH_YEAR, ([, day, month, year]) => dayOf(day, Number(month), year))
  take(YEAR_MONTH_DAY, ([, year, month, day]) => dayOf(day, Number(month), year))
  take(DAY_MONTHNAME, ([, day, name, year]) => dayOf(day, monthNumber(name), year))
  take(MONTHNAME_DAY, ([, name, day, year]) => dayOf(day, monthNumber(name), year))
  take(CLOCK, ([, hours, minutes, half]) => timeOf(hours, minutes, half))
  take(HOUR, ([, hours, half]) => timeOf(hours, '00', half))
  take(MONEY, ([, sign, number, scale]) => [numberOf(number, scale, unitOf(sign))])
  take(CALENDAR, ([name]) => [{ kind: 'exact', value: calendarWord(name) }])
  take(NUMBER, ([, number, scale]) => [numberOf(number, scale)])
  // A second pass over the words: units beside the numbers, and numbers spelled out.
  for (const figure of figures) if (figure.kind === 'number') figure.unit ??= unitAfter(text, figure.end)
  for (const match of rest.matchAll(WORD)) {
    const spelled = spelledNumber(match[0])
    if (!spelled) continue
    const end = match.index + match[0].length
    const unit = spelled.unit ?? unitAfter(text, end)
    figures.push({ kind: 'number', value: spelled.value, ...(unit && { unit }), start: match.index, end })
  }
  return figures.sort((a, b) => a.start - b.start || a.end - b.end)
}

/** Does the text with these figures say this one too? `context` is what stands above it: a unit may be told only there. */
export function saysFigure(figure: Figure, figures: readonly Figure[], text: string, context: string): boolean {
  for (const other of figures) {
    if (figure.kind === 'time' && other.kind === 'number') {
      // "zwischen 13 und 15 Uhr" says 13:00.
      if (figure.value === `${other.value.padStart(2, '0')}:00` && !other.unit) return true
      continue
    }
    if (figure.kind === 'number' && other.kind === 'time') {
      if (!figure.unit && other.value === `${figure.value.padStart(2, '0')}:00`) return true
      continue
    }
    // A date says its day, as "am 30." does.
    if (figure.kind === 'number' && other.kind === 'day' && !figure.unit && other.value.startsWith(`${figure.value}.`))
      return true
    if (other.kind === 'day' && figure.value === `month ${other.value.split('.')[1]}`) return true
    if (figure.kind !== other.kind || figure.value !== other.value) continue
    if (figure.kind !== 'number' || figure.unit === undefined || figure.unit === other.unit) return true
    // "sechs … und neun Monate": the unit follows later, or stands in the table's head.
    if (other.unit === undefined && (mentions(text, figure.unit) || mentions(context, figure.unit))) return true
  }
  return false
}

function dayOf(day: string | undefined, month: number, year: string | undefined): Omit<Figure, 'start' | 'end'>[] {
  if (month < 1 || month > 12 || !day || Number(day) < 1 || Number(day) > 31) return []
  const figures: Omit<Figure, 'start' | 'end'>[] = [{ kind: 'day', value: `${Number(day)}.${month}` }]
  if (year) figures.push({ kind: 'number', value: year.length === 2 ? `20${year}` : year })
  return figures
}

/** A month or a weekday by itself, as one word for both languages. */
function calendarWord(name: string): string {
  const month = monthNumber(name)
  return month > 0 ? `month ${month}` : `weekday ${WEEKDAYS.findIndex(day => day.test(name))}`
}

function timeOf(hours = '', minutes = '', half = ''): Omit<Figure, 'start' | 'end'>[] {
  const afternoon = /^p/i.test(half) && Number(hours) < 12
  const hour = Number(hours) + (afternoon ? 12 : 0) - (/^a/i.test(half) && Number(hours) === 12 ? 12 : 0)
  if (hour > 24 || Number(minutes) > 59) return []
  return [{ kind: 'time', value: `${String(hour).padStart(2, '0')}:${minutes}` }]
}

function numberOf(number = '', scale = '', unit?: string): Omit<Figure, 'start' | 'end'> {
  let value = numberForm(number.replaceAll(/(?<=\d)[ '’](?=\d{3})/g, '')).term
  if (/^\d+\.\d+$/.test(value)) value = value.replace(/\.?0+$/, '')
  const power = scale ? SCALES.find(([name]) => name.test(scale))?.[1] : undefined
  if (power && /^\d+(?:\.\d+)?$/.test(value)) value = String(Math.round(Number(value) * power * 1000) / 1000)
  return { kind: 'number', value, ...(unit && { unit }) }
}

function monthNumber(name = ''): number {
  const lower = name.toLowerCase()
  return MONTHS.findIndex(month => month.test(lower)) + 1
}

/** The unit right after a number, or one word further: "drei volle Monate", "3-monatig". */
function unitAfter(text: string, end: number): string | undefined {
  const after = /^(?:[ -]?)(%|€|\$|£|°C|m²|\p{L}+)(?: +(\p{L}+))?/u.exec(
    text.slice(end, end + 60).replace(/^[\u00a0\u202f]/, ' '),
  )
  if (!after) return undefined
  return unitOf(after[1]) ?? (/^\p{Ll}/u.test(after[1]) ? unitOf(after[2]) : undefined)
}

export function unitOf(word: string | undefined): string | undefined {
  return word === undefined ? undefined : UNITS.find(([, expression]) => expression.test(word))?.[0]
}

const mentions = (text: string, unit: string) =>
  [...text.matchAll(/%|€|\$|£|\p{L}+/gu)].some(([word]) => unitOf(word) === unit)

/** "drei" is 3, "dreimonatig" 3 months. "Ein" and "one" count nothing by themselves. */
function spelledNumber(word: string): { value: string; unit?: string } | undefined {
  const lower = word.toLowerCase().replaceAll('ü', 'ue').replaceAll('ö', 'oe').replaceAll('ß', 'ss')
  const known = SPELLED.get(lower)
  if (known !== undefined) return { value: String(known) }
  const ordinal = ORDINALS.get(lower) ?? ORDINALS.get(lower.replace(/[nrsm]$/, ''))
  if (ordinal !== undefined) return { value: String(ordinal) }
  const glued = /^([a-z]+?)(monat|woech|woche|jaehr|jahr|taeg|tag|stuend|minuet|mal|fach)/.exec(
    lower.replaceAll('ä', 'ae'),
  )
  const count = glued && SPELLED.get(glued[1])
  if (!count) return undefined
  const unit = unitOf(GLUED[glued[2]])
  return unit ? { value: String(count), unit } : { value: String(count) }
}

const DAY_MONTH_YEAR = /(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2}(?!\d))?(?![\d.]*\d)/g
const YEAR_MONTH_DAY = /(?<!\d)((?:19|20)\d\d)-(\d\d)-(\d\d)(?!\d)/g
const MONTH_NAMES =
  'januar|jänner|february|februar|märz|maerz|april|mai|juni|juli|august|september|oktober|november|dezember|january|march|may|june|july|october|december|jan|feb|mär|mar|apr|jun|jul|aug|sept?|okt|oct|nov|dez|dec'
const DAY_MONTHNAME = new RegExp(
  `(?<![\\d.,])(\\d{1,2})(?:\\.|st|nd|rd|th)?\\s?(?:day )?(?:of )?(?<!\\p{L})(${MONTH_NAMES})(?!\\p{L})\\.?(?:,? ?((?:1[5-9]|20)\\d\\d))?`,
  'giu',
)
const MONTHNAME_DAY = new RegExp(
  `(?<!\\p{L})(${MONTH_NAMES})\\.? (\\d{1,2})(?:st|nd|rd|th)?(?![\\d.:])(?:,? ((?:1[5-9]|20)\\d\\d))?`,
  'giu',
)
const CLOCK =
  /(?<![\d.,:])(\d{1,2})[:.](\d\d)(?![\d.,:]\d)(?= ?(?:Uhr|h\b)|(?<=:\d\d)) ?(?:Uhr|h\b)?(?: ?([ap])\.?m\b\.?)?/giu
const HOUR = /(?<![\d.,:])(\d{1,2}) ?(?:Uhr(?!\p{L})|o['’]clock|(?=[ap]\.?m\b))(?: ?([ap])\.?m\b\.?)?/giu
const MONEY =
  /(£|\$|€|EUR ?|USD ?|GBP ?)\s?(\d{1,3}(?:[ '’]\d{3})+(?![\d])|\d+(?:[.,]\d+)*)(?:\s?(million|billion|thousand|Mio|Mrd|Tsd|Millionen?|Milliarden?|[mk](?!\p{L}))\.?)?/giu
const NUMBER =
  /(?<![\p{L}\d])(\d{1,3}(?:[ '’]\d{3})+(?!\d)|\d+(?:[.,]\d+)*)(?: (million|billion|thousand|tausend|Mio|Mrd|Tsd|Millionen?|Milliarden?)(?!\p{L}))?/giu
const CALENDAR =
  /(?<!\p{L})(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|January|February|March|May|June|July|October|December|(?:Mon|Diens|Donners|Frei|Sams|Sonn)tags?|(?:mon|diens|donners|frei|sams|sonn)tags|[Mm]ittwochs|Mittwoch|Sonnabends?|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)(?!\p{L})/gu
const WEEKDAYS = [/^Mon/i, /^(?:Di|Tu)/i, /^(?:Mi|We)/i, /^(?:Do|Th)/i, /^Fr/i, /^Sa|^Sonnabend/i, /^S[ou]n/i]
const WORD = /\p{L}+/gu
const SCALES: [RegExp, number][] = [
  [/^(?:thousand|tausend|tsd|k$)/i, 1e3],
  [/^(?:million|mio|m$)/i, 1e6],
  [/^(?:milliarde|mrd|billion)/i, 1e9],
]
const MONTHS = [
  /^j[aä]n/,
  /^feb/,
  /^m(?:är|ae?r)/,
  /^apr/,
  /^ma[iy]/,
  /^jun/,
  /^jul/,
  /^aug/,
  /^sep/,
  /^o[kc]t/,
  /^nov/,
  /^de[zc]/,
]
/** One name for a unit in both languages; the first that fits. */
const UNITS: [unit: string, expression: RegExp][] = [
  ['workday', /^(?:werktag|arbeitstag|workday)/i],
  ['second', /^(?:sekunde|second|sek$|sec$)/i],
  ['minute', /^(?:minute|min$)/i],
  ['hour', /^(?:stunde|hour|std$)/i],
  ['day', /^(?:tag(?:e[ns]?|s)?$|days?$)/i],
  ['week', /^(?:woche|weeks?$)/i],
  ['month', /^(?:monat|months?$|monthly)/i],
  ['year', /^(?:jahr(?:e[ns]?|s)?$|years?$)/i],
  ['euro', /^(?:€|euros?$|eur$)/i],
  ['dollar', /^(?:\$|dollars?$|usd$)/i],
  ['pound', /^(?:£|pounds?$|pfund$|gbp$)/i],
  ['percent', /^(?:%|prozent|percent$|vom$)/i],
  ['square metre', /^(?:quadratmeter|qm$|m²|sqm$)/i],
  ['kilometre', /^(?:kilometer|kilometre|km$)/i],
  ['centimetre', /^(?:zentimeter|centimet|cm$)/i],
  ['millimetre', /^(?:millimet|mm$)/i],
  ['metre', /^(?:meters?n?$|metres?$|m$)/i],
  ['kilogram', /^(?:kilo(?:gramm?)?s?$|kg$)/i],
  ['gram', /^(?:gramm?s?$|g$)/i],
  ['millilitre', /^(?:millilit|ml$)/i],
  ['litre', /^(?:liters?n?$|litres?$|l$)/i],
  ['kilobyte', /^(?:kilobytes?|k[iI]?B)$/],
  ['megabyte', /^(?:megabytes?|M[i]?B)$/i],
  ['gigabyte', /^(?:gigabytes?|G[i]?B)$/i],
  ['terabyte', /^(?:terabytes?|T[i]?B)$/i],
  ['degree', /^(?:°C|grad$|degrees?$)/i],
  ['room', /^(?:zimmer|rooms?$)/i],
  ['person', /^(?:personen?$|persons?$|people$|leute$)/i],
  ['time', /^(?:mal$|times$)/i],
  ['page', /^(?:seiten?$|pages?$)/i],
]
const GLUED: Record<string, string> = {
  monat: 'Monat',
  woech: 'Woche',
  woche: 'Woche',
  jaehr: 'Jahr',
  jahr: 'Jahr',
  taeg: 'Tag',
  tag: 'Tag',
  stuend: 'Stunde',
  minuet: 'Minute',
  mal: 'mal',
}
const SPELLED = new Map<string, number>()
const ORDINALS = new Map<string, number>()
const spell = (map: Map<string, number>, list: string, from: number, step = 1) => {
  for (const [at, word] of list.split(' ').entries()) map.set(word, from + at * step)
}
spell(
  SPELLED,
  'zwei drei vier fuenf sechs sieben acht neun zehn elf zwoelf dreizehn vierzehn fuenfzehn sechzehn siebzehn achtzehn neunzehn',
  2,
)
spell(
  SPELLED,
  'two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
  2,
)
spell(SPELLED, 'zwanzig dreissig vierzig fuenfzig sechzig siebzig achtzig neunzig hundert', 20, 10)
spell(SPELLED, 'twenty thirty forty fifty sixty seventy eighty ninety hundred', 20, 10)
spell(SPELLED, 'zwo', 2)
spell(ORDINALS, 'zweite dritte vierte fuenfte sechste siebte achte neunte zehnte elfte zwoelfte', 2)
spell(ORDINALS, 'second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth', 2)
