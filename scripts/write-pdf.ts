import { createHash } from 'node:crypto'
import { glyphWidth, MONO, SANS, SERIF } from '../shared/parsers/pdf/glyph-widths.ts'
import { addFields, type Group, groupObject, literal, type PdfField, textString } from './pdf-fields.ts'

/** The standard fonts every reader knows: nothing is embedded. */
export type PdfFont =
  | 'Helvetica'
  | 'Helvetica-Bold'
  | 'Helvetica-Oblique'
  | 'Times-Roman'
  | 'Times-Bold'
  | 'Times-Italic'
  | 'Courier'
  | 'Courier-Bold'

export interface PdfText {
  /** Where the baseline begins, in points from the upper left of the media box (before rotation and crop). */
  x: number
  y: number
  /** Characters of Windows-1252 only. */
  text: string
  font?: PdfFont
  /** Points; 10 by default. */
  size?: number
  /** Degrees counter-clockwise. */
  angle?: number
  /** Extra points after every character, after every space. */
  characterSpacing?: number
  wordSpacing?: number
}

/** A filled rectangle, in points from the upper left; lies under the texts. */
export interface PdfBox {
  x: number
  y: number
  width: number
  height: number
  /** 0 is black, 1 is white. */
  grey: number
}

/** An entry of the outline that a reader shows beside the pages. */
export interface PdfBookmark {
  title: string
  /** From 1. */
  page: number
}

export interface PdfPage {
  texts: PdfText[]
  boxes?: PdfBox[]
  /** Points; A4 by default. */
  width?: number
  height?: number
  /** Degrees clockwise the page is shown turned. */
  rotate?: 0 | 90 | 180 | 270
  /** In user space: lower left and upper right corner, origin lower left. */
  cropBox?: [number, number, number, number]
  /** Raw page operators, instead of `texts`: for broken pages. */
  content?: string
  /** Not together with a password: their texts are not encrypted. */
  fields?: readonly PdfField[]
}

export interface PdfOptions {
  pages: PdfPage[]
  title?: string
  /** Not together with a password: their titles are not encrypted. */
  bookmarks?: readonly PdfBookmark[]
  /** Asked for before the file opens (RC4, 40 bits: for tests, it protects nothing). */
  password?: string
  /** Refers to the pages this many times, so that a small file claims many. */
  repeat?: number
  /** More entries of the form, in PDF's own words. */
  form?: string
}

const A4 = { width: 595.28, height: 841.89 }

/** A PDF 1.4 file of our own making: text at positions, rectangles, fields, an outline, nothing else. For fixtures and samples. */
export function writePdf(options: PdfOptions): Uint8Array {
  const objects: (string | { dictionary: string; stream: Buffer })[] = []
  const add = (object: string | { dictionary: string; stream: Buffer }) => objects.push(object)
  const fonts = new Map<PdfFont, number>()
  // 1 is the catalog, 2 the page tree; both are filled in at the end.
  add('')
  add('')
  const fontOf = (font: PdfFont) => {
    const known = fonts.get(font)
    if (known !== undefined) return known
    const number = add(`<< /Type /Font /Subtype /Type1 /BaseFont /${font} /Encoding /WinAnsiEncoding >>`)
    fonts.set(font, number)
    return number
  }
  const kids: number[] = []
  const fields: number[] = []
  const groups = new Map<string, Group>()
  for (const page of options.pages) {
    const width = page.width ?? A4.width
    const height = page.height ?? A4.height
    const stream = Buffer.from(page.content ?? contentOf(page, height, fontOf), 'latin1')
    if (page.content !== undefined) fontOf('Helvetica')
    const content = add({ dictionary: '', stream })
    const resources = [...fonts].map(([name, number]) => `/${name} ${number} 0 R`).join(' ')
    const crop = page.cropBox ? ` /CropBox [${page.cropBox.join(' ')}]` : ''
    const rotate = page.rotate ? ` /Rotate ${page.rotate}` : ''
    const number = add('')
    kids.push(number)
    const onPage = page.fields
      ? addFields(page.fields, { page: number, height, font: fontOf('Helvetica'), add, groups })
      : { annotations: [], fields: [] }
    fields.push(...onPage.fields)
    const annotations = onPage.annotations.map(each => `${each} 0 R`).join(' ')
    objects[number - 1] =
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}]${crop}${rotate} ` +
      `/Resources << /Font << ${resources} >> >> /Contents ${content} 0 R` +
      `${annotations === '' ? '' : ` /Annots [${annotations}]`} >>`
  }
  for (const group of groups.values()) objects[group.number - 1] = groupObject(group)
  const all = Array.from({ length: options.repeat ?? 1 }, () => kids).flat()
  const root = objects.length + 1
  if (options.bookmarks?.length) addOutline(options.bookmarks, kids, root, add)
  const outline = objects.length >= root ? ` /Outlines ${root} 0 R` : ''
  const helvetica = fonts.get('Helvetica')
  const form = [
    `/Fields [${fields.map(field => `${field} 0 R`).join(' ')}]`,
    ...(helvetica === undefined ? [] : [`/DR << /Font << /Helvetica ${helvetica} 0 R >> >>`]),
    ...(options.form === undefined ? [] : [options.form]),
  ]
  const isForm = fields.length > 0 || options.form !== undefined
  objects[0] = `<< /Type /Catalog /Pages 2 0 R${outline}${isForm ? ` /AcroForm << ${form.join(' ')} >>` : ''} >>`
  objects[1] = `<< /Type /Pages /Kids [${all.map(kid => `${kid} 0 R`).join(' ')}] /Count ${all.length} >>`
  return assemble(objects, options)
}

/** Adds the root, which gets the number `root`, and its entries behind it. */
function addOutline(
  bookmarks: readonly PdfBookmark[],
  pages: readonly number[],
  root: number,
  add: (object: string) => number,
): void {
  const last = bookmarks.length
  add(`<< /Type /Outlines /First ${root + 1} 0 R /Last ${root + last} 0 R /Count ${last} >>`)
  const entry = (at: number) => `${root + at} 0 R`
  for (const [index, { title, page }] of bookmarks.entries()) {
    const at = index + 1
    const text = textString(title)
    const links = `${at > 1 ? ` /Prev ${entry(at - 1)}` : ''}${at < last ? ` /Next ${entry(at + 1)}` : ''}`
    add(`<< /Title ${text} /Parent ${entry(0)}${links} /Dest [${pages[page - 1]} 0 R /Fit] >>`)
  }
}

function contentOf(page: PdfPage, height: number, fontOf: (font: PdfFont) => number): string {
  const parts: string[] = []
  for (const box of page.boxes ?? []) {
    const corner = `${box.x.toFixed(2)} ${(height - box.y - box.height).toFixed(2)}`
    parts.push(`${box.grey} g ${corner} ${box.width.toFixed(2)} ${box.height.toFixed(2)} re f`)
  }
  if (parts.length > 0) parts.push('0 g')
  for (const text of page.texts) {
    const font = text.font ?? 'Helvetica'
    fontOf(font)
    const angle = ((text.angle ?? 0) * Math.PI) / 180
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)].map(value => value.toFixed(5))
    const origin = `${text.x.toFixed(2)} ${(height - text.y).toFixed(2)}`
    parts.push(
      `BT /${font} ${text.size ?? 10} Tf ${text.characterSpacing ?? 0} Tc ${text.wordSpacing ?? 0} Tw ` +
        `${cos} ${sin} ${-Number(sin)} ${cos} ${origin} Tm (${literal(text.text)}) Tj ET`,
    )
  }
  return parts.join('\n')
}

function assemble(objects: (string | { dictionary: string; stream: Buffer })[], options: PdfOptions): Uint8Array {
  const id = createHash('md5')
    .update(options.title ?? 'cloister')
    .digest()
  const security = options.password === undefined ? undefined : secure(options.password, id)
  const chunks: Buffer[] = [Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n', 'latin1')]
  const offsets: number[] = []
  let length = chunks[0]!.length
  const push = (bytes: Buffer) => {
    chunks.push(bytes)
    length += bytes.length
  }
  const all = [...objects]
  if (security) all.push(security.dictionary)
  for (const [index, object] of all.entries()) {
    offsets.push(length)
    const number = index + 1
    if (typeof object === 'string') {
      push(Buffer.from(`${number} 0 obj\n${object}\nendobj\n`, 'latin1'))
      continue
    }
    const stream = security ? security.encrypt(number, object.stream) : object.stream
    push(Buffer.from(`${number} 0 obj\n<< ${object.dictionary}/Length ${stream.length} >>\nstream\n`, 'latin1'))
    push(stream)
    push(Buffer.from('\nendstream\nendobj\n', 'latin1'))
  }
  const start = length
  const rows = offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const encrypt = security ? ` /Encrypt ${all.length} 0 R` : ''
  const hex = id.toString('hex')
  push(
    Buffer.from(
      `xref\n0 ${all.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${all.length + 1} /Root 1 0 R` +
        ` /ID [<${hex}> <${hex}>]${encrypt} >>\nstartxref\n${start}\n%%EOF\n`,
      'latin1',
    ),
  )
  return Buffer.concat(chunks)
}

// PDF 1.4, section 3.5: the standard security handler, revision 2.
const PADDING = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex')

function secure(password: string, id: Buffer) {
  const padded = Buffer.concat([Buffer.from(password, 'latin1'), PADDING]).subarray(0, 32)
  const permissions = -4
  const owner = rc4(md5(padded).subarray(0, 5), padded)
  const flags = Buffer.alloc(4)
  flags.writeInt32LE(permissions)
  const key = md5(Buffer.concat([padded, owner, flags, id])).subarray(0, 5)
  const user = rc4(key, PADDING)
  return {
    dictionary:
      `<< /Filter /Standard /V 1 /R 2 /P ${permissions} ` +
      `/O <${owner.toString('hex')}> /U <${user.toString('hex')}> >>`,
    encrypt(number: number, bytes: Buffer): Buffer {
      const salt = Buffer.from([number & 0xff, (number >> 8) & 0xff, (number >> 16) & 0xff, 0, 0])
      return rc4(md5(Buffer.concat([key, salt])).subarray(0, 10), bytes)
    },
  }
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest()
}

// OpenSSL 3 has RC4 only behind its legacy provider.
function rc4(key: Buffer, bytes: Buffer): Buffer {
  const state = Array.from({ length: 256 }, (_, index) => index)
  const swap = (i: number, j: number) => {
    const kept = state[i]!
    state[i] = state[j]!
    state[j] = kept
  }
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + state[i]! + key[i % key.length]!) & 0xff
    swap(i, j)
  }
  const result = Buffer.alloc(bytes.length)
  for (let n = 0, i = 0, j = 0; n < bytes.length; n++) {
    i = (i + 1) & 0xff
    j = (j + state[i]!) & 0xff
    swap(i, j)
    result[n] = bytes[n]! ^ state[(state[i]! + state[j]!) & 0xff]!
  }
  return result
}

// Helvetica-Bold from space to tilde (Adobe's font metrics of the standard 14 fonts), in thousandths of an em.
const BOLD = (
  '278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 ' +
  '556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 975 ' +
  '722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 ' +
  '333 278 333 584 556 333 ' +
  '556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 ' +
  '389 280 389 584'
)
  .split(' ')
  .map(Number)

/** How wide a text is set, in points. */
export function widthOf(text: string, font: PdfFont, size: number): number {
  if (font === 'Helvetica-Bold') {
    // An accented letter is as wide as its base letter; what has none is about as wide as ß.
    const bold = (character: string) => BOLD[character.normalize('NFD').charCodeAt(0) - 0x20] ?? 611
    return ([...text].reduce((sum, character) => sum + bold(character), 0) * size) / 1000
  }
  const widths = font.startsWith('Courier') ? MONO : font.startsWith('Times') ? SERIF : SANS
  let width = 0
  for (let index = 0; index < text.length; index++) width += glyphWidth(widths, text.charCodeAt(index))
  return (width * size) / 1000
}

/** Breaks a text into lines no wider than `width`; soft hyphens (U+00AD) are where a word may be cut. */
export function wrapText(text: string, width: number, font: PdfFont = 'Helvetica', size = 10): string[] {
  const lines: string[] = []
  let line = ''
  const fits = (candidate: string) => widthOf(candidate, font, size) <= width
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const parts = word.split('\u00ad')
    const before = line === '' ? '' : `${line} `
    if (fits(before + parts.join(''))) {
      line = before + parts.join('')
      continue
    }
    let taken = 0
    while (taken < parts.length - 1 && fits(`${before}${parts.slice(0, taken + 1).join('')}-`)) taken++
    const cut = parts.slice(0, taken).join('')
    if (taken > 0) lines.push(before + (cut.endsWith('-') ? cut : `${cut}-`))
    else if (line !== '') lines.push(line)
    line = parts.slice(taken).join('')
  }
  if (line !== '') lines.push(line)
  return lines
}

/** A paragraph as texts, one a line, from `y` downwards. */
export function paragraph(
  text: string,
  at: { x: number; y: number; width: number; font?: PdfFont; size?: number; leading?: number },
): PdfText[] {
  const size = at.size ?? 10
  const leading = at.leading ?? size * 1.2
  return wrapText(text, at.width, at.font, size).map((line, index) => ({
    x: at.x,
    y: at.y + index * leading,
    text: line,
    size,
    ...(at.font && { font: at.font }),
  }))
}
