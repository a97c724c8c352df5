/** Mails as Outlook keeps them ([MS-OXMSG]), by @kenjiuno/msgreader. */
import { readFile, stat } from 'node:fs/promises'
import library, { type FieldsData } from '@kenjiuno/msgreader'
import iconv from 'iconv-lite'
import { AppError } from '../../errors.ts'
import type { FoundFile, Reason } from '../../model/index.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { createTaker, type Inside } from '../found.ts'
import { segmentsOf } from '../text/segments.ts'
import { blocksOfMail, tidy } from './blocks.ts'
import { soundCompound } from './compound.ts'
import { withEnding } from './name.ts'

// Written for CommonJS: what Node hands over as the default is the module.
const MsgReader: typeof library.default = 'default' in library ? library.default : library

/** Bytes. The library reads it as a whole. */
const limit = 200 * 1024 ** 2
const utf8 = 65001
/** The tags of subject and body in Unicode. */
const shown: ReadonlySet<number> = new Set([0x0037001f, 0x1000001f])
const latin = 'windows-1252'
/** Small letters of ASCII, one byte off: Chinese signs, of which one in 256 has such a number, and no four in a row. */
const shifted = new RegExp(
  `[${Array.from({ length: 26 }, (_, at) => String.fromCharCode((0x61 + at) << 8)).join('')}]{4}`,
)
/** Bytes of the larger of the two kinds. */
const sector = 4096

/** Throws `too-large`, `damaged`, `type-mismatch` for an OLE file that is something else. */
export async function openMsg(file: string, { limits, scratch }: Opening): Promise<Source> {
  if ((await stat(file)).size > limit) throw new AppError('too-large', { limit })
  const { reader, fields, damaged } = readFields(await readFile(file))
  if (fields.messageClass === undefined && fields.subject === undefined && fields.body === undefined)
    throw new AppError('type-mismatch', { type: 'application/vnd.ms-outlook' })
  const reasons: Reason[] = /^IPM\.Note\.SMIME(?!\.MultipartSigned)/i.test(fields.messageClass ?? '')
    ? [{ code: 'mail-sealed' }]
    : []
  return {
    segments: null,
    read: (after, _state, filesAfter) => read(after, filesAfter),
    close: async () => {},
  }

  async function* read(after: number, filesAfter: number | undefined): AsyncGenerator<Reading | FoundFile, Ending> {
    const mail = {
      subject: fields.subject ?? '',
      headers: headersOf(fields),
      plain: fields.body,
      html: htmlOf(fields),
      rtf: fields.compressedRtf,
    }
    const { cut } = yield* segmentsOf(blocksOfMail(mail), after, limits.characters)
    const taker = createTaker({ after: filesAfter, scratch })
    for (const attachment of fields.attachments ?? []) {
      const found = await taker.take(insideOf(reader, attachment))
      if (found) yield found
    }
    return { cut, reasons: [...reasons, ...(damaged || taker.damaged ? [{ code: 'partly-damaged' } as const] : [])] }
  }
}

type Reader = InstanceType<typeof MsgReader>

function readFields(bytes: Buffer): { reader: Reader; fields: FieldsData; damaged: boolean } {
  const { bytes: sound, damaged } = soundCompound(bytes)
  // The last sector is often shorter than it should be.
  const padded = Buffer.concat([sound, Buffer.alloc(sector)])
  try {
    const found = decoded(padded)
    return { ...found, damaged: damaged || found.flawed }
  } catch (error) {
    throw new AppError('damaged', {}, { cause: error })
  }
}

function decoded(bytes: Buffer): { reader: Reader; fields: FieldsData; flawed: boolean } {
  const read = (ansiEncoding?: string) => {
    const reader = new MsgReader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    let flawed = false
    reader.parserConfig = {
      ...(ansiEncoding !== undefined && { ansiEncoding }),
      // The library ends a text at the first zero in it, whatever follows.
      propertyObserver(_, tag, raw) {
        // Of eight bytes is what says where the text stands.
        if (!raw || raw.length <= 8 || !shown.has(tag)) return
        const text = Buffer.from(raw).toString('utf16le')
        // One zero may end a text.
        flawed ||= /\0[^\0]|\0\0/.test(text) || shifted.test(text)
      },
    }
    const fields = reader.getFileData()
    if (fields.error !== undefined) throw new Error(fields.error)
    for (const one of [fields, ...(fields.attachments ?? []), ...(fields.recipients ?? [])]) keepTexts(one)
    return { reader, fields, flawed }
  }
  // Texts that are no Unicode are of this code page; the mail says it only inside.
  const found = read(codepageOf(read().fields))
  const { subject, body } = found.fields
  // Some say UTF-8 and write what their system writes.
  return `${subject}${body}`.includes('\ufffd') ? read(latin) : found
}

const texts = [
  'subject',
  'body',
  'bodyHtml',
  'messageClass',
  'senderName',
  'senderEmail',
  'creatorSMTPAddress',
  'name',
  'email',
  'smtpAddress',
  'fileName',
  'fileNameShort',
  'extension',
  'attachMimeTag',
  'clientSubmitTime',
  'messageDeliveryTime',
  'creationTime',
] as const

/** A property may be of any type, whatever it is meant to be. */
function keepTexts(fields: FieldsData): void {
  for (const key of texts) if (typeof fields[key] !== 'string') delete fields[key]
  for (const key of ['html', 'compressedRtf'] as const) if (!(fields[key] instanceof Uint8Array)) delete fields[key]
}

/** Windows-1252 where nothing else is said. */
function codepageOf(fields: FieldsData): string {
  const { messageCodepage, internetCodepage } = fields as { messageCodepage?: unknown; internetCodepage?: unknown }
  for (const page of [messageCodepage, internetCodepage]) {
    if (page === utf8) return 'utf8'
    if (typeof page === 'number' && iconv.encodingExists(`cp${page}`)) return `cp${page}`
  }
  return latin
}

function htmlOf(fields: FieldsData): string | undefined {
  if (fields.bodyHtml) return fields.bodyHtml
  const { html } = fields
  if (!html || html.length === 0) return undefined
  const { internetCodepage } = fields as { internetCodepage?: unknown }
  const bytes = Buffer.from(html)
  const named = /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(bytes.toString('latin1', 0, 2048))?.[1]
  const page = typeof internetCodepage === 'number' ? `cp${internetCodepage}` : ''
  for (const encoding of internetCodepage === utf8 ? ['utf8'] : [page, named ?? '']) {
    if (encoding !== '' && iconv.encodingExists(encoding)) return iconv.decode(bytes, encoding)
  }
  return bytes.toString('utf8')
}

/** From, to, cc and when, in the words of a mail's headers. */
function headersOf(fields: FieldsData): string[] {
  const { senderSmtpAddress } = fields as { senderSmtpAddress?: unknown }
  const known = typeof senderSmtpAddress === 'string' ? senderSmtpAddress : undefined
  const sender = person(fields.senderName, known, fields.creatorSMTPAddress, fields.senderEmail)
  const lines = sender === '' ? [] : [`From: ${sender}`]
  for (const [label, kind] of [
    ['To', 'to'],
    ['Cc', 'cc'],
    ['Bcc', 'bcc'],
  ] as const) {
    const people = (fields.recipients ?? [])
      .filter(({ recipType = 'to' }) => recipType === kind)
      .map(({ name, smtpAddress, email }) => person(name, smtpAddress, email))
      .filter(text => text !== '')
    if (people.length > 0) lines.push(`${label}: ${people.join(', ')}`)
  }
  const written = fields.clientSubmitTime ?? fields.messageDeliveryTime ?? fields.creationTime
  const time = written === undefined ? Number.NaN : Date.parse(written)
  if (!Number.isNaN(time))
    lines.push(`Date: ${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} (${written})`)
  return lines
}

/** A name with its address; addresses of Exchange's own directory say nothing to anybody. */
function person(name: string | undefined, ...addresses: (string | undefined)[]): string {
  const address = addresses.find(text => /^[^\s/]+@/.test(text ?? '')) ?? ''
  const clean = tidy(name ?? '').replace(/^'(.*)'$/, '$1')
  if (clean === '' || clean.toLowerCase() === address.toLowerCase()) return address
  return address === '' ? clean : `${clean} <${address}>`
}

function insideOf(reader: Reader, attachment: FieldsData): Inside {
  const { innerMsgContent, fileName, fileNameShort, name, extension, dataId } = attachment
  if (innerMsgContent === true) {
    const subject = name ?? attachment.innerMsgContentFields?.subject ?? 'mail'
    return { path: `${subject.replace(/[/\\:]/g, '_')}.msg`, bytes: () => [contentOf(reader, attachment)] }
  }
  const written = fileName || name || fileNameShort || `unnamed${extension ?? ''}`
  const called = withEnding(written, attachment.attachMimeTag ?? '').replace(/[/\\]/g, '_')
  // Objects of other programs, and links to files that are not in here.
  if (dataId === undefined)
    return { path: called, reason: { code: 'unsupported-type', values: { name: called } }, bytes: () => [] }
  return { path: called, bytes: () => [contentOf(reader, attachment)] }
}

function contentOf(reader: Reader, attachment: FieldsData): Buffer {
  try {
    return Buffer.from(reader.getAttachment(attachment).content)
  } catch (error) {
    throw new AppError('damaged', {}, { cause: error })
  }
}
