import type { Care, FoundFile, Reason, Segment } from '../model/index.ts'
import type { ParserLimits } from './protocol.ts'
import { CODE_TYPES } from './text/code-types.ts'

/** An opened file. */
export interface Source<Item = Reading | FoundFile> {
  /** How many there are, where that is known before reading. */
  segments: number | null
  /**
   * The segments after number `after`, in order, and among them the files inside after number `filesAfter`. `state`: the
   * last that came with a segment up to `after`, from any process and any version. With it, what comes is what would have
   * come without the break.
   */
  read(after: number, state?: string, filesAfter?: number): AsyncGenerator<Item, Ending>
  close(): Promise<void>
}

export interface Reading {
  segment: Segment
  /** What was learned so far, where it is another than before. */
  state?: string
  /** It is one up to `after` that had to be read once more: a sign of life, and nothing to keep. */
  passed?: true
}

/** How the text ended. */
export interface Ending {
  /** It went on past a limit. */
  cut: boolean
  /** What else was lost, in words for the receipt. */
  reasons?: Reason[]
}

/** What a reader may know besides the file. */
export interface Opening {
  limits: ParserLimits
  note: Note
  password?: string
  /** A folder for files inside; without one they are named and not taken out. */
  scratch?: string
  careful?: Care
}

/** Tells the log what was lost on the way, and why; never text of the document. */
export type Note = (detail: string) => void

export interface Format {
  mediaType: string
  /** Lower case, without the dot. */
  extensions: readonly string[]
  paged: boolean
  /** Other files are inside, each to be a document of its own. */
  container?: boolean
  /** Do the first bytes (up to `HEAD`) look like it? */
  matches(head: Uint8Array): boolean
  /** Loads the reader only where it is needed: the host asks for names and never loads one. */
  open(file: string, opening: Opening): Promise<Source>
}

/** So many bytes from the start decide. */
export const HEAD = 4096

/** A new format is one file and one row. */
export const FORMATS: readonly Format[] = [
  {
    mediaType: 'application/pdf',
    extensions: ['pdf'],
    paged: true,
    matches: isPdf,
    open: async (file, { limits, note, password, careful }) =>
      (await import('./pdf/pdf.ts')).openPdf(file, limits, note, password, careful),
  },
  {
    mediaType: 'text/markdown',
    extensions: ['md', 'markdown', 'mdown', 'mkd', 'mdx'],
    paged: false,
    matches: isText,
    open: async (file, { limits }) => (await import('./text/markdown.ts')).openMarkdown(file, limits),
  },
  {
    mediaType: 'text/plain',
    extensions: ['txt', 'text', 'log'],
    paged: false,
    matches: isText,
    open: async (file, { limits }) => (await import('./text/plain.ts')).openPlainText(file, limits),
  },
  {
    mediaType: 'message/rfc822',
    extensions: ['eml'],
    paged: false,
    container: true,
    matches: head => mailHeaders.test(latin(head)) && !latin(head).includes('\0'),
    open: async (file, opening) => (await import('./mail/eml.ts')).openMail(file, opening),
  },
  {
    mediaType: 'application/vnd.ms-outlook',
    extensions: ['msg'],
    paged: false,
    container: true,
    matches: head => latin(head).startsWith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
    open: async (file, opening) => (await import('./mail/msg.ts')).openMsg(file, opening),
  },
  {
    mediaType: 'application/mbox',
    extensions: ['mbox'],
    paged: false,
    container: true,
    matches: head => /^(?:\xef\xbb\xbf)?From [^\n]*\n/.test(latin(head)),
    open: async (file, opening) => (await import('./mail/mbox.ts')).openMbox(file, opening),
  },
  {
    mediaType: 'application/zip',
    extensions: ['zip'],
    paged: false,
    container: true,
    // An empty one has nothing but the end of its directory; one in several parts begins with a mark of its own.
    matches: head => ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'].some(magic => latin(head).startsWith(magic)),
    open: async (file, opening) => (await import('./zip/folder.ts')).openFolder(file, opening),
  },
  {
    mediaType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    extensions: ['docx', 'docm', 'dotx', 'dotm'],
    paged: false,
    matches: isOfficePackage,
    open: async (file, opening) => (await import('./word/docx.ts')).openDocx(file, opening),
  },
  {
    mediaType: 'application/vnd.oasis.opendocument.text',
    extensions: ['odt', 'ott', 'fodt'],
    paged: false,
    matches: head => latin(head).startsWith('PK') || latin(head).includes('office:document'),
    open: async (file, opening) => (await import('./word/odt.ts')).openOdt(file, opening),
  },
  {
    mediaType: 'application/rtf',
    extensions: ['rtf'],
    paged: false,
    matches: head => /^(?:\xef\xbb\xbf)?\s*\{\\rtf/.test(latin(head)),
    open: async (file, opening) => (await import('./word/rtf.ts')).openRtf(file, opening),
  },
  {
    mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    extensions: ['xlsx', 'xlsm', 'xltx', 'xltm'],
    paged: false,
    matches: isOfficePackage,
    open: async (file, opening) => (await import('./sheet/xlsx.ts')).openXlsx(file, opening),
  },
  {
    mediaType: 'application/vnd.oasis.opendocument.spreadsheet',
    extensions: ['ods', 'ots'],
    paged: false,
    matches: isZip,
    open: async (file, opening) => (await import('./sheet/ods.ts')).openOds(file, opening),
  },
  {
    mediaType: 'text/csv',
    extensions: ['csv'],
    paged: false,
    matches: isText,
    open: async (file, opening) => (await import('./sheet/csv.ts')).openCsv(file, opening),
  },
  {
    mediaType: 'text/tab-separated-values',
    extensions: ['tsv', 'tab'],
    paged: false,
    matches: isText,
    open: async (file, opening) => (await import('./sheet/csv.ts')).openCsv(file, opening, '\t'),
  },
  {
    mediaType: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    extensions: ['pptx', 'pptm', 'ppsx', 'ppsm', 'potx', 'potm'],
    paged: false,
    matches: isOfficePackage,
    open: async (file, opening) => (await import('./slides/pptx.ts')).openPptx(file, opening),
  },
  {
    mediaType: 'application/vnd.oasis.opendocument.presentation',
    extensions: ['odp', 'otp'],
    paged: false,
    matches: isZip,
    open: async (file, opening) => (await import('./slides/odp.ts')).openOdp(file, opening),
  },
  ...(
    [
      ['image/png', ['png'], ['\x89PNG\r\n\x1a\n']],
      ['image/jpeg', ['jpg', 'jpeg', 'jpe', 'jfif'], ['\xff\xd8\xff']],
      ['image/tiff', ['tif', 'tiff'], ['II*\0', 'MM\0*']],
      ['image/webp', ['webp'], ['RIFF']],
    ] as const
  ).map(
    ([mediaType, extensions, magics]): Format => ({
      mediaType,
      extensions,
      paged: true,
      matches: head => magics.some(magic => latin(head).startsWith(magic)),
      open: async (file, opening) => (await import('./image/image.ts')).openImage(file, opening),
    }),
  ),
  {
    mediaType: 'text/html',
    extensions: ['html', 'htm', 'xhtml', 'xht'],
    paged: false,
    matches: isText,
    open: async (file, opening) => (await import('./web/html.ts')).openHtml(file, opening),
  },
  {
    mediaType: 'application/epub+zip',
    extensions: ['epub'],
    paged: false,
    matches: isZip,
    open: async (file, opening) => (await import('./web/epub.ts')).openEpub(file, opening),
  },
  {
    mediaType: 'text/vtt',
    extensions: ['vtt', 'srt'],
    paged: false,
    matches: isText,
    open: async (file, { limits }) => (await import('./text/subtitles.ts')).openSubtitles(file, limits),
  },
  ...Object.entries(CODE_TYPES).map(
    ([mediaType, extensions]): Format => ({
      mediaType,
      extensions: extensions.split(' '),
      paged: false,
      matches: isText,
      open: async (file, { limits }) => (await import('./text/code.ts')).openCode(file, limits),
    }),
  ),
  {
    mediaType: 'text/calendar',
    extensions: ['ics', 'ical', 'ifb'],
    paged: false,
    matches: head => /^(?:\xef\xbb\xbf)?\s*BEGIN:VCALENDAR/i.test(latin(head)),
    open: async (file, opening) => (await import('./calendar.ts')).openCalendar(file, opening),
  },
]

/** The format that a name's extension says. */
export function formatOf(name: string): Format | undefined {
  const extension = /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase()
  return extension === undefined ? undefined : FORMATS.find(format => format.extensions.includes(extension))
}

/** A ZIP, or the OLE file that holds one behind a password; `openOffice` tells it from a document of Word 97. */
// A ZIP, or the OLE file that one is kept in behind a password.
function isOfficePackage(head: Uint8Array): boolean {
  return isZip(head) || latin(head).startsWith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')
}

function isZip(head: Uint8Array): boolean {
  return latin(head).startsWith('PK')
}

// Readers accept a PDF whose header stands somewhere in the first kilobyte (Adobe's implementation notes, 3.4.1).
function isPdf(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 1024)).toString('latin1')
  return text.includes('%PDF-')
}

// What begins like this is no text, whatever it is called: ZIP (and all office files), gzip, PNG, JPEG, GIF, OLE, ELF,
// 7z, RAR, SQLite, PostScript keeps being text.
const BINARY = [
  'PK\x03\x04',
  '\x1f\x8b',
  '\x89PNG',
  '\xff\xd8\xff',
  'GIF8',
  '\xd0\xcf\x11\xe0',
  '\x7fELF',
  '7z\xbc\xaf',
  'Rar!',
  'SQLite format 3\0',
  '%PDF-',
]

function isText(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1')
  if (BINARY.some(magic => text.startsWith(magic))) return false
  if (['\xff\xfe', '\xfe\xff', '\0\0\xfe\xff'].some(mark => text.startsWith(mark))) return true
  // UTF-16 without a mark: every second byte of ordinary text is zero.
  if (wideOrder(head) !== undefined) return true
  if (text.includes('\0')) return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what tells binary data
  const controls = text.match(/[\x01-\x08\x0e-\x1a\x1c-\x1f]/g)?.length ?? 0
  return controls <= text.length / 50
}

/** The byte order of UTF-16 without a mark, told by where the zeros are. */
export function wideOrder(head: Uint8Array): 'le' | 'be' | undefined {
  const pairs = Math.floor(head.length / 2)
  if (pairs < 4) return undefined
  let even = 0
  let odd = 0
  for (let index = 0; index < pairs; index++) {
    if (head[2 * index] === 0) even++
    if (head[2 * index + 1] === 0) odd++
  }
  if (odd > 0.6 * pairs && even < 0.05 * pairs) return 'le'
  if (even > 0.6 * pairs && odd < 0.05 * pairs) return 'be'
  return undefined
}

function latin(head: Uint8Array): string {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
}

// A mail begins with headers; what a mailbox puts before them may still be there.
const mailHeaders = /^(?:\xef\xbb\xbf)?\s*(?:>?From [^\n]*\n)?[!-9;-~]{1,76}[ \t]*:/
