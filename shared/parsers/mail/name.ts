import { decodeWords } from 'postal-mime'
import { FORMATS, formatOf } from '../formats.ts'
import { harmlessName } from '../found.ts'

/** Bytes of a mail in which its subject stands. */
export const subjectReach = 64 * 1024
/** Letters of a subject that make a name. */
const longest = 120

/** A name for a mail that has none: its subject. */
export function subjectName(head: Uint8Array): string {
  return mailName(headersIn(head).subject)
}

export function mailName(subject: string): string {
  return `${nameFrom(subject) || 'mail'}.eml`
}

/** A name for an invitation that has none: what it calls the event, else what the mail is about; empty where neither says. */
export function invitationName(calendar: Uint8Array, subject: string): string {
  const event = decoded(calendar.subarray(0, subjectReach)).replace(/\r?\n[ \t]/g, '')
  const summary = /^SUMMARY(?:;[^:\r\n]*)?:(.*)$/im.exec(event)?.[1] ?? ''
  return nameFrom(summary.replace(/\\n/gi, ' ').replace(/\\([\\;,])/g, '$1')) || nameFrom(subject)
}

function nameFrom(words: string): string {
  const clean = harmlessName(words.replace(/[<>:"|?*]/g, '_')).replace(/^[.\s]+|[.\s]+$/g, '')
  return [...clean].slice(0, longest).join('').trim()
}

/** What a list of mails shows of one, read from its first bytes. */
export function headersIn(head: Uint8Array): { subject: string; from: string; date: string } {
  const raw = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, subjectReach))
  const end = raw.indexOf('\n\n')
  const wide = raw.indexOf('\r\n\r\n')
  const ends = [end, wide].filter(at => at !== -1)
  const top = raw.subarray(0, ends.length > 0 ? Math.min(...ends) : raw.length)
  const text = decoded(top).replace(/\r?\n[ \t]+/g, ' ')
  const of = (name: string) =>
    decodeWords(new RegExp(`^${name}[ \\t]*:[ \\t]*(.*)$`, 'im').exec(text)?.[1] ?? '').trim()
  return { subject: of('subject'), from: of('from'), date: of('date') }
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** A name by which a reader is found for it: with the ending of its media type, where it has none that says what it is. */
export function withEnding(name: string, mediaType: string): string {
  if (formatOf(name)) return name
  const ending = endingOf(mediaType)
  // Many programs' own files are archives, and called so; and mailers call text whatever they do not know.
  const isOwn = (ending === '.zip' || ending === '.txt') && /\.[a-z]\w{0,9}$/i.test(name)
  return isOwn ? name : `${name}${ending}`
}

/** Empty where no reader knows the type. */
function endingOf(mediaType: string): string {
  const type = mediaType.toLowerCase().replace(/\s*;.*$/s, '')
  const known = ALIASES[type] ?? FORMATS.find(format => format.mediaType === type)?.extensions[0]
  return known === undefined ? '' : `.${known}`
}

const ALIASES: Readonly<Record<string, string>> = {
  'text/rtf': 'rtf',
  'text/x-vcalendar': 'ics',
  'application/ics': 'ics',
  'application/csv': 'csv',
  'application/xhtml+xml': 'html',
  'application/x-zip-compressed': 'zip',
  'application/x-zip': 'zip',
  'application/x-subrip': 'srt',
  'application/x-pdf': 'pdf',
  'image/jpg': 'jpg',
}
