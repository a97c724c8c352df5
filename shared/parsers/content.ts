/** What a file is by its content, where its name says something else. Names are those of `messages/kinds.ts`. */
import { open } from 'node:fs/promises'

const MAGICS: readonly (readonly [string, string])[] = [
  ['%PDF-', 'pdf'],
  ['PK\x03\x04', 'zip'],
  ['PK\x05\x06', 'zip'],
  ['{\\rtf', 'rtf'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'office-97'],
  ['\x89PNG\r\n\x1a\n', 'png'],
  ['\xff\xd8\xff', 'jpeg'],
  ['II*\0', 'tiff'],
  ['MM\0*', 'tiff'],
  ['GIF8', 'picture'],
  ['BM', 'picture'],
  ['8BPS', 'picture'],
  ['%!PS', 'xps'],
  ['AT&TFORM', 'xps'],
  ['\xffWPC', 'wordperfect'],
  ['\x1f\x8b', 'archive'],
  ['7z\xbc\xaf\x27\x1c', 'archive'],
  ['Rar!\x1a\x07', 'archive'],
  ['BZh', 'archive'],
  ['\xfd7zXZ\0', 'archive'],
  ['ID3', 'media'],
  ['OggS', 'media'],
  ['fLaC', 'media'],
  ['SQLite format 3\0', 'database'],
  ['\0\x01\0\0Standard ', 'database'],
  ['!BDN', 'database'],
  ['MZ', 'program'],
  ['\x7fELF', 'program'],
]

/** Media types of what can be read, by those names. */
export const contentTypes: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  zip: 'application/zip',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  odt: 'application/vnd.oasis.opendocument.text',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odp: 'application/vnd.oasis.opendocument.presentation',
  epub: 'application/epub+zip',
  rtf: 'application/rtf',
  html: 'text/html',
  msg: 'application/vnd.ms-outlook',
  png: 'image/png',
  jpeg: 'image/jpeg',
  tiff: 'image/tiff',
  webp: 'image/webp',
}

/** By the first bytes alone; undefined where they say nothing. */
export function contentOf(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
  const magic = MAGICS.find(([start]) => text.startsWith(start))?.[1]
  if (magic) return magic
  if (text.startsWith('RIFF')) return text.slice(8, 12) === 'WEBP' ? 'webp' : 'media'
  if (text.slice(4, 8) === 'ftyp') return /^(?:hei|mif1|avif)/.test(text.slice(8, 12)) ? 'picture' : 'media'
  const start = text.slice(0, 1024)
  if (start.includes('%PDF-')) return 'pdf'
  if (/^(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html|<head|<body)/i.test(start)) return 'html'
  return undefined
}

/** Entries by which ZIP files are told; OLE files by the names in their directory ([MS-CFB] 2.6.1), in UTF-16. */
const ENTRIES = [
  ['word/document.xml', 'docx'],
  ['xl/workbook.xml', 'xlsx'],
  ['xl/workbook.bin', 'xlsb'],
  ['ppt/presentation.xml', 'pptx'],
  ['Index/Document.iwa', 'iwork'],
  ['META-INF/container.xml', 'epub'],
  ['FixedDocumentSequence.fdseq', 'xps'],
] as const
const MEDIA_TYPES: Record<string, string> = { text: 'odt', spreadsheet: 'ods', presentation: 'odp' }
const STREAMS = [
  ['WordDocument', 'doc'],
  ['Workbook', 'xls'],
  ['Book', 'xls'],
  ['PowerPoint Document', 'ppt'],
  ['__substg1.0_', 'msg'],
] as const

/** So much of an OLE file is looked through: its directory lies anywhere. */
const mostBytes = 32 * 1024 ** 2
const headLength = 4096

/** Looks inside, where the first bytes say only what holds it. Never throws. */
export async function contentOfFile(file: string): Promise<string | undefined> {
  let outside: string | undefined
  try {
    outside = contentOf(await bytesOf(file, headLength))
    if (outside === 'office-97') return (await streamIn(file)) ?? outside
    if (outside === 'zip') return (await entryIn(file)) ?? outside
  } catch {
    // Broken as well; what it is on the outside is all that can be said.
  }
  return outside
}

async function streamIn(file: string): Promise<string | undefined> {
  const bytes = await bytesOf(file, mostBytes)
  const isEntry = (name: string) => {
    const wide = Buffer.from(name, 'utf16le')
    for (let at = bytes.indexOf(wide); at !== -1; at = bytes.indexOf(wide, at + 1)) if (at % 128 === 0) return true
    return false
  }
  return STREAMS.find(([name]) => isEntry(name))?.[1]
}

async function bytesOf(file: string, most: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, most)), 0, null, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function entryIn(file: string): Promise<string | undefined> {
  const { openArchive } = await import('./zip/archive.ts')
  const archive = await openArchive(file)
  try {
    const mimetype = archive.find('mimetype')
    const said = mimetype && !mimetype.encrypted ? (await archive.read(mimetype)).bytes.toString('latin1').trim() : ''
    const kind = /^application\/vnd\.oasis\.opendocument\.([a-z]+)/.exec(said)?.[1]
    if (kind && MEDIA_TYPES[kind]) return MEDIA_TYPES[kind]
    return ENTRIES.find(([name]) => archive.find(name))?.[1]
  } finally {
    await archive.close()
  }
}
