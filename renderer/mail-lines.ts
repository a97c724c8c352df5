import type { Words } from './words.tsx'

/** As mails say who wrote to whom: under the heading with their subject. The names are the parsers’. */
const line = /^(From|To|Cc|Date): /

/** `2026-11-21 12:33`, as the sender's clock showed it, and behind it what the mail itself says. */
const date = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)\b/

export interface MailLine {
  /** What the line says, in the user's language. */
  label: string
  /** Where in the text the value starts. */
  at: number
  /** The value as people write it. */
  value: string
}

export function isMailLine(text: string): boolean {
  return line.test(text)
}

/** Undefined for what is none. */
export function mailLineOf(text: string, words: Words): MailLine | undefined {
  const found = line.exec(text)
  if (!found) return undefined
  const name = found[1] as 'From' | 'To' | 'Cc' | 'Date'
  const at = found[0].length
  const value = text.slice(at)
  return { label: words(`reading.mail${name}`), at, value: name === 'Date' ? writtenDate(value, words) : value }
}

/** A passage of a mail, with the lines of its head in the user's language. */
export function inWords(text: string, words: Words): string {
  if (!/^(?:From|To|Cc|Date): /m.test(text)) return text
  return text
    .split('\n')
    .map(one => {
      const known = mailLineOf(one, words)
      return known ? `${known.label}: ${known.value}` : one
    })
    .join('\n')
}

function writtenDate(value: string, words: Words): string {
  const found = date.exec(value)
  if (!found) return value
  const [year, month, day, hour, minute] = found.slice(1).map(Number) as [number, number, number, number, number]
  return words.moment(Date.UTC(year, month - 1, day, hour, minute))
}
