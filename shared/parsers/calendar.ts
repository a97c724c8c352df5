import type { Block } from '../model/index.ts'
import type { Reading, Source } from './formats.ts'
import type { ParserLimits } from './protocol.ts'
import { decodeFile, linesOf } from './text/decode.ts'
import { linesFrom, segmentsOf } from './text/segments.ts'
import { cleanText } from './word/text.ts'

const MAX_LINE = 8_000
// Nobody writes a description this long.
const MAX_VALUE = 200_000
/** What a reader sees of an event, in this order. Times are as they stand in the file, in the zone it names. */
const SHOWN = ['WHEN', 'LOCATION', 'ORGANIZER', 'ATTENDEE', 'CATEGORIES', 'DESCRIPTION', 'COMMENT', 'URL']
const TIMES = ['DTSTART', 'DTEND', 'DUE', 'DURATION', 'RRULE']

/** A calendar (iCalendar, RFC 5545): each event, task or note with its title as a heading and a paragraph for each thing it says. */
export async function openCalendar(file: string, limits: Pick<ParserLimits, 'characters'>): Promise<Source<Reading>> {
  return {
    segments: null,
    read: after => segmentsOf(blocksOf(file), after, limits.characters),
    close: async () => {},
  }
}

interface Component {
  name: string
  first: number
  values: Map<string, string[]>
}

async function* blocksOf(file: string): AsyncGenerator<Block> {
  let open: Component[] = []
  for await (const { text, first, last } of unfolded(file)) {
    const parsed = /^([\w-]+)((?:;[^:;="]*=(?:"[^"]*"|[^";:]*)(?:,"[^"]*")*)*):(.*)$/s.exec(text)
    if (!parsed) continue
    const name = parsed[1]!.toUpperCase()
    const value = parsed[3]!
    if (name === 'BEGIN') {
      if (open.length > 20) open = open.slice(1)
      open.push({ name: value.trim().toUpperCase(), first, values: new Map() })
    } else if (name === 'END') {
      const closed = open.pop()
      if (closed) yield* blocksIn(closed, last)
    } else {
      const values = open.at(-1)?.values
      const list = values?.get(name) ?? []
      if (list.length < 500) list.push(shown(name, parsed[2]!, value))
      values?.set(name, list)
    }
  }
  // A file that was cut.
  for (const rest of open.reverse()) yield* blocksIn(rest, rest.first)
}

function* blocksIn({ name, first, values }: Component, last: number): Generator<Block> {
  const span = linesFrom(first, Math.max(first, last))
  const title = values.get('SUMMARY') ?? values.get('X-WR-CALNAME') ?? []
  if (!['VEVENT', 'VTODO', 'VJOURNAL', 'VCALENDAR'].includes(name)) return
  if (title[0]) yield { kind: 'heading', level: name === 'VCALENDAR' ? 1 : 2, text: title[0], span }
  if (name === 'VCALENDAR') return
  const times = TIMES.flatMap(key => values.get(key) ?? []).join(' – ')
  for (const key of SHOWN) {
    const text = key === 'WHEN' ? times : (values.get(key) ?? []).join(', ')
    if (text !== '') yield { kind: 'paragraph', text, span }
  }
}

function shown(name: string, parameters: string, value: string): string {
  if (/^(?:DT|DUE)/.test(name)) return timeText(value)
  const text = cleanText(value.replace(/\\([\\;,nN])/g, (_, sign: string) => (/n/i.test(sign) ? ' ' : sign)))
  const person = /;CN=(?:"([^"]*)"|([^;:]*))/i.exec(parameters)
  const address = text.replace(/^mailto:/i, '')
  return person ? cleanText(`${person[1] ?? person[2] ?? ''} <${address}>`) : address
}

/** `20240301T100000Z` as `2024-03-01 10:00 UTC`. */
function timeText(value: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?/.exec(value.trim())
  if (!parts) return cleanText(value)
  const [, year, month, day, hour, minute, utc] = parts
  return `${year}-${month}-${day}${hour === undefined ? '' : ` ${hour}:${minute}`}${utc === 'Z' ? ' UTC' : ''}`
}

/** Lines as they were before they were folded: one that begins with a space goes on with the line above. */
async function* unfolded(file: string): AsyncGenerator<{ text: string; first: number; last: number }> {
  let text = ''
  let first = 1
  let number = 1
  for await (const { text: line, ends } of linesOf(decodeFile(file), MAX_LINE)) {
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
