/** Mails as they were sent (RFC 5322, MIME), by postal-mime. */
import { open, readFile } from 'node:fs/promises'
import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime'
import { AppError } from '../../errors.ts'
import type { FoundFile, Reason } from '../../model/index.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { createTaker } from '../found.ts'
import { segmentsOf } from '../text/segments.ts'
import { blocksOfMail, tidy } from './blocks.ts'
import { asLatin, withCharset, withoutMojibake } from './charset.ts'
import { joinBase64 } from './long-lines.ts'
import { invitationName, subjectName, withEnding } from './name.ts'
import { isBroken } from './whole.ts'

/** Bytes. Read into memory as a whole: one of 195 MB, all of it an attachment, takes 840 MB. */
const limit = 200 * 1024 ** 2
/** Bytes from which on the number of lines is felt. */
const long = 16 * 1024 ** 2

/** Reading throws `too-large`, `damaged`. What cannot be opened (S/MIME, PGP) is a reason, and the headers are read. */
export async function openMail(file: string, { limits, scratch, note }: Opening): Promise<Source> {
  return {
    segments: null,
    read: (after, _state, filesAfter) => read(after, filesAfter),
    close: async () => {},
  }

  async function* read(after: number, filesAfter: number | undefined): AsyncGenerator<Reading | FoundFile, Ending> {
    // Not before: whoever goes on counts the way from here.
    const { email, plainly, reasons } = await load(file, note)
    const mail = {
      subject: email.subject ?? '',
      headers: headersOf(email),
      plain: email.text === undefined ? undefined : plainly(email.text),
      html: email.html === undefined ? undefined : plainly(email.html),
    }
    const { cut } = yield* segmentsOf(blocksOfMail(mail), after, limits.characters)
    const taker = createTaker({ after: filesAfter, scratch })
    for (const attachment of email.attachments) {
      // A signature says something about the mail, and nothing by itself.
      if (signature.test(attachment.mimeType)) continue
      const found = await taker.take({ path: nameOf(attachment, mail.subject), bytes: () => [bytesOf(attachment)] })
      if (found) yield found
    }
    return { cut, reasons }
  }
}

/** The bytes stay behind: there may be 200 MB of them. */
async function load(file: string, note: (detail: string) => void) {
  const bytes = await readMail(file)
  const email = await parse(bytes, note)
  const reasons: Reason[] = []
  const unclear = [email.subject, email.text, email.html].some(text => text?.includes('\ufffd'))
  if (unclear || isBroken(bytes)) reasons.push({ code: 'partly-damaged' })
  if (isSealed(email)) reasons.push({ code: 'mail-sealed' })
  return { email, plainly: withoutMojibake(bytes), reasons }
}

async function readMail(file: string): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    if (size > limit) throw new AppError('too-large', { limit })
    const bytes = await readFile(handle)
    return size > long ? joinBase64(bytes) : bytes
  } finally {
    await handle.close()
  }
}

async function parse(bytes: Buffer, note: (detail: string) => void): Promise<Email> {
  const email = await read(bytes)
  const before = unclearIn(email)
  if (before === 0) return email
  // Bytes that are no UTF-8, and nothing says what they are, or says it wrongly.
  const again = await read(withCharset(asLatin(bytes)))
  if (unclearIn(again) >= before) return email
  note('a mail does not say its encoding, or another: taken for Windows-1252')
  return again

  async function read(source: Buffer): Promise<Email> {
    try {
      // A view would be copied.
      const { buffer, byteLength } = source
      const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : source
      return await PostalMime.parse(whole, { forceRfc822Attachments: true, maxNestingDepth: 100 })
    } catch (error) {
      throw new AppError('damaged', {}, { cause: error })
    }
  }
}

function unclearIn({ text, html, subject, attachments }: Email): number {
  const all = [text, html, subject, ...attachments.map(({ filename }) => filename)]
  return all.reduce((sum, one) => sum + (one?.match(/\ufffd/g)?.length ?? 0), 0)
}

/** Who, to whom, when: with the names the mail gives them. */
function headersOf(email: Email): string[] {
  const lines: string[] = []
  for (const [key, addresses] of [
    ['from', email.from && [email.from]],
    ['to', email.to],
    ['cc', email.cc],
    ['bcc', email.bcc],
  ] as const) {
    const label = email.headers.find(header => header.key === key)?.originalKey
    if (label && addresses) lines.push(`${label}: ${addresses.map(addressText).join(', ')}`)
  }
  const date = email.headers.find(header => header.key === 'date')
  if (date) lines.push(`${date.originalKey}: ${dateText(date.value)}`)
  return lines
}

function addressText({ name, address, group }: Address): string {
  if (group) return `${name}: ${group.map(addressText).join(', ')}`
  return name && name !== address ? `${name} <${address}>` : address
}

/** `2026-11-21 12:33 (Sat, 21 Nov 2026 12:33:34 +0100)`: by the sender's clock, as it stands in the mail. */
export function dateText(written: string): string {
  const clean = tidy(written)
  const plain = clean.replace(/\s*\([^()]*\)\s*$/, '')
  const time = Date.parse(plain)
  if (Number.isNaN(time)) return clean
  const zone = /([+-])(\d\d):?(\d\d)$/.exec(plain)
  const shift = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0
  const local = new Date(time + shift * 60_000)
  if (Number.isNaN(local.getTime())) return clean
  return `${local.toISOString().slice(0, 16).replace('T', ' ')} (${clean})`
}

const signature = /^application\/(?:x-)?(?:pkcs7|pgp)-signature$/

/** Encrypted, or inside its signature: what it says is not to be had without the keys. */
function isSealed({ attachments, text = '' }: Email): boolean {
  const sealed = attachments.some(({ mimeType }) => /^application\/(?:(?:x-)?pkcs7-mime|pgp-encrypted)$/.test(mimeType))
  return sealed || /^\s*-----BEGIN PGP MESSAGE-----/.test(text)
}

function nameOf(attachment: Attachment, subject: string): string {
  const { filename, mimeType } = attachment
  // Mails inside mails are often called by their subject alone.
  if (mimeType === 'message/rfc822') {
    if (filename) return /\.(?:eml|msg)$/i.test(filename) ? filename : `${filename}.eml`
    return subjectName(bytesOf(attachment))
  }
  const isInvitation = !filename && mimeType === 'text/calendar'
  const event = isInvitation ? invitationName(bytesOf(attachment), subject) : ''
  // Whatever the event's name ends in.
  return event === '' ? withEnding(filename || 'unnamed', mimeType) : `${event}.ics`
}

function bytesOf({ content }: Attachment): Buffer {
  if (typeof content === 'string') return Buffer.from(content)
  return content instanceof Uint8Array
    ? Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    : Buffer.from(content)
}
