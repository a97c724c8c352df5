import { decodeWords } from 'postal-mime'
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
  const clean = harmlessName(subject.replace(/[<>:"|?*]/g, '_')).replace(/^[.\s]+|[.\s]+$/g, '')
  const short = [...clean].slice(0, longest).join('').trim()
  return `${short || 'mail'}.eml`
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

/** The ending a part without one gets from its media type, so that a reader is found for it; empty for the others. */
export function endingOf(mediaType: string): string {
  return endings[mediaType] ?? ''
}

const office = 'application/vnd.openxmlformats-officedocument.'
const endings: Readonly<Record<string, string>> = {
  'application/pdf': '.pdf',
  'text/plain': '.txt',
  'text/html': '.html',
  'text/csv': '.csv',
  'text/markdown': '.md',
  'text/rtf': '.rtf',
  'application/rtf': '.rtf',
  'application/zip': '.zip',
  'application/x-zip-compressed': '.zip',
  'application/epub+zip': '.epub',
  'message/rfc822': '.eml',
  'application/vnd.ms-outlook': '.msg',
  'image/png': '.png',
  'image/jpeg': '.jpg',
  'image/tiff': '.tif',
  [`${office}wordprocessingml.document`]: '.docx',
  [`${office}spreadsheetml.sheet`]: '.xlsx',
  [`${office}presentationml.presentation`]: '.pptx',
  'application/vnd.oasis.opendocument.text': '.odt',
  'application/vnd.oasis.opendocument.spreadsheet': '.ods',
  'application/vnd.oasis.opendocument.presentation': '.odp',
}
