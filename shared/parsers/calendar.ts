import type { Block } from '../model/index.ts'
import { cleanText } from './clean-text.ts'
import type { Opening, Reading, Source } from './formats.ts'
import { decodeFile, linesOf } from './text/decode.ts'
import { linesFrom } from './text/segments.ts'
import { createTrouble, segmentsWith, type Trouble } from './trouble.ts'

const MAX_LINE = 8_000
// Nobody writes a description this long.
const MAX_VALUE = 200_000
/** What a reader sees of an event besides what, when and where, in this order. Times are as they stand in the file, with the zone it names. */
const SHOWN = ['ORGANIZER', 'ATTENDEE', 'CATEGORIES', 'DESCRIPTION', 'COMMENT', 'URL']
/** Of those who do not simply come, and of what does not simply take place (RFC 5545, 3.2.12, 3.8.1.11). */
const STATES: Record<string, string | undefined> = {
  CANCELLED: 'cancelled, abgesagt',
  DECLINED: 'declined, abgelehnt',
  TENTATIVE: 'tentative, unter Vorbehalt',
  COMPLETED: 'completed, erledigt',
}

/**
 * A calendar (iCalendar, RFC 5545): each event, task or note with its title as a heading, a paragraph of what, when and where, and one for
 * each other thing it says.
 * One that ends early, or holds what no text does, is damaged.
 */
export async function openCalendar(
  file: string,
  { limits, note }: Pick<Opening, 'limits' | 'note'>,
): Promise<Source<Reading>> {
  return {
    segments: null,
    read(after) {
      const trouble = createTrouble(note)
      return segmentsWith(blocksOf(file, trouble), after, limits.characters, trouble)
    },
    close: async () => {},
  }
}

interface Value {
  text: string
  zone: string
}

interface Component {
  name: string
  first: number
  values: Map<string, Value[]>
}

async function* blocksOf(file: string, trouble: Trouble): AsyncGenerator<Block> {
  let open: Component[] = []
  for await (const { text, first, last } of unfolded(
    decodeFile(file, undefined, () => trouble.damaged('bytes that are no text')),
  )) {
    const parsed = /^([\w-]+)((?:;[^:;="]*=(?:"[^"]*"|[^";:]*)(?:,"[^"]*")*)*):(.*)$/s.exec(text)
    if (!parsed) continue
    const name = parsed[1]!.toUpperCase()
    const value = parsed[3]!
    if (name === 'BEGIN') {
      if (open.length > 20) open = open.slice(1)
      open.push({ name: value.trim().toUpperCase(), first, values: new Map() })
    } else if (name === 'END') {
      const closed = open.pop()
      if (closed?.name !== value.trim().toUpperCase()) trouble.damaged('what ends was not begun')
      if (closed) yield* blocksIn(closed, last)
    } else {
      const values = open.at(-1)?.values
      const list = values?.get(name) ?? []
      const zone = /;TZID=(?:"([^"]*)"|([^;:]*))/i.exec(parsed[2]!)
      const text = shown(name, parsed[2]!, value)
      if (list.length < 500) list.push({ text, zone: cleanText(zone?.[1] ?? zone?.[2] ?? '') })
      values?.set(name, list)
    }
  }
  if (open.length > 0) trouble.damaged('the calendar ends early')
  for (const rest of open.reverse()) yield* blocksIn(rest, rest.first)
}

function* blocksIn({ name, first, values }: Component, last: number): Generator<Block> {
  const span = linesFrom(first, Math.max(first, last))
  const title = values.get('SUMMARY') ?? values.get('X-WR-CALNAME') ?? []
  if (!['VEVENT', 'VTODO', 'VJOURNAL', 'VCALENDAR'].includes(name)) return
  if (title[0]?.text) yield { kind: 'heading', level: name === 'VCALENDAR' ? 1 : 2, text: title[0].text, span }
  if (name === 'VCALENDAR') return
  const said = (key: string) => (values.get(key) ?? []).map(value => value.text).join(', ')
  // Together: a quote is one paragraph, and who asks when names the event.
  const facts = [whenOf(values), said('LOCATION')].filter(text => text !== '')
  if (facts.length > 0)
    yield { kind: 'paragraph', text: [title[0]?.text ?? '', ...facts].filter(Boolean).join(' · '), span }
  for (const key of SHOWN) {
    const text = said(key)
    if (text !== '') yield { kind: 'paragraph', text, span }
  }
}

/** Its time, how it comes again, and whether it takes place, which belongs beside it: a quote is one paragraph. */
function whenOf(values: Component['values']): string {
  const of = (key: string) => values.get(key) ?? []
  const [begin] = of('DTSTART')
  const [end] = of('DTEND')
  const last = begin && end && DAY.test(begin.text) && DAY.test(end.text) ? lastDay(begin.text, end.text) : end?.text
  const to = [last, ...of('DUE').map(({ text }) => text), ...of('DURATION').map(({ text }) => text)]
  const zone = [begin, end, ...of('DUE')].find(value => value && value.zone !== '')?.zone
  const times = [begin?.text, ...to].filter(Boolean).join(' – ')
  const rules = of('RRULE').map(({ text }) => text)
  const left = of('EXDATE').map(({ text }) => text)
  if (left.length > 0) rules.push(`EXDATE=${left.join(',')}`)
  const when = [zone === undefined ? times : `${times} ${zone}`, ...rules].filter(Boolean).join(' – ')
  const state = STATES[of('STATUS')[0]?.text.toUpperCase() ?? '']
  return state === undefined ? when : `${when} (${state})`.trim()
}

const DAY = /^\d{4}-\d\d-\d\d$/

/** An end without a time is the day after (RFC 5545, 3.6.1); nothing where that is the day itself. */
function lastDay(first: string, end: string): string {
  const last = new Date(Date.parse(end) - 86_400_000).toISOString().slice(0, 10)
  return last > first ? last : ''
}

function shown(name: string, parameters: string, value: string): string {
  if (/^(?:DT|DUE|EXDATE)/.test(name)) return value.split(',').map(timeText).join(',')
  const text = cleanText(value.replace(/\\([\\;,nN])/g, (_, sign: string) => (/n/i.test(sign) ? ' ' : sign)))
  const person = /;CN=(?:"([^"]*)"|([^;:]*))/i.exec(parameters)
  const address = text.replace(/^mailto:/i, '')
  const state = STATES[/;PARTSTAT=([\w-]+)/i.exec(parameters)?.[1]?.toUpperCase() ?? '']
  const named = person ? cleanText(`${person[1] ?? person[2] ?? ''} <${address}>`) : address
  return state === undefined ? named : `${named} (${state})`
}

/** `20240301T100000Z` as `2024-03-01 10:00 UTC`. */
function timeText(value: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?/.exec(value.trim())
  if (!parts) return cleanText(value)
  const [, year, month, day, hour, minute, utc] = parts
  return `${year}-${month}-${day}${hour === undefined ? '' : ` ${hour}:${minute}`}${utc === 'Z' ? ' UTC' : ''}`
}

/** Lines as they were before they were folded: one that begins with a space goes on with the line above. */
async function* unfolded(pieces: AsyncIterable<string>): AsyncGenerator<{ text: string; first: number; last: number }> {
  let text = ''
  let first = 1
  let number = 1
  for await (const { text: line, ends } of linesOf(pieces, MAX_LINE)) {
    const goesOn = /^[ \t]/.test(line)
    if (goesOn) {
      if (text.length < MAX_VALUE) text += line.slice(1)
    } else {
      if (text !== '') yield { text, first, last: number - 1 }
      text = line
      first = number
    }
    if (ends) number++
  }
  if (text !== '') yield { text, first, last: number }
}
