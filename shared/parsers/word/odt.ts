import { open } from 'node:fs/promises'
import { AppError } from '../../errors.ts'
import type { Block, Reason } from '../../model/index.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { segmentsOf } from '../text/segments.ts'
import { ARCHIVE_LIMITS, type Archive, type ArchiveEntry, openArchive } from '../zip/archive.ts'
import { unlockOpenDocument } from '../zip/odf-password.ts'
import { createComposer, createNumbering } from './compose.ts'
import { readPieces } from './docx-package.ts'
import { createOdtBody } from './odt-body.ts'
import { createOdtStyles } from './odt-styles.ts'
import { createXmlReader, decodeXml, type XmlHandler } from './xml.ts'

export const ODT = 'application/vnd.oasis.opendocument.text'

const OASIS = 'urn:oasis:names:tc:opendocument:xmlns:'

/** Namespaces of OpenDocument 1.0 to 1.4 and of OpenOffice.org 1, by the prefixes used here. */
const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ...['office', 'style', 'text', 'table', 'meta', 'manifest', 'script', 'form'].map(
    name => [`${OASIS}${name}:1.0`, name] as const,
  ),
  [`${OASIS}drawing:1.0`, 'draw'],
  [`${OASIS}svg-compatible:1.0`, 'svg'],
  ['http://purl.org/dc/elements/1.1/', 'dc'],
  ['http://www.w3.org/1998/Math/MathML', 'math'],
  ...['office', 'style', 'text', 'table'].map(name => [`http://openoffice.org/2000/${name}`, name] as const),
  ['http://openoffice.org/2000/drawing', 'draw'],
])

/**
 * A text document of OpenDocument, packed or flat: its text as a reader sees it, with all changes accepted. Headers and
 * footers are read only where there is no other text.
 */
export async function openOdt(file: string, { limits, note, password }: Opening): Promise<Source<Reading>> {
  const parts = (await isPacked(file)) ? await openPacked(file, password) : await openFlat(file)
  return {
    segments: null,
    async *read(after) {
      const reasons: Reason[] = []
      const { cut }: Ending = yield* segmentsOf(blocksOf(parts, reasons, note), after, limits.characters)
      return { cut, reasons }
    },
    close: () => parts.close(),
  }
}

/** Where styles and text come from. */
interface Parts {
  damaged: boolean
  /** Hands styles that lie apart from the text to a handler. */
  styles(handler: XmlHandler): AsyncGenerator<undefined, boolean>
  text(handler: XmlHandler): AsyncGenerator<undefined, boolean>
  close(): Promise<void>
}

async function* blocksOf(parts: Parts, reasons: Reason[], note: Opening['note']): AsyncGenerator<Block> {
  const { styles, handler } = createOdtStyles()
  await drain(parts.styles(handler))
  let damaged = parts.damaged
  let left = 0
  let tooDeep = false
  const numbered = createNumbering()

  async function* blocksIn(source: Parts['text'], margins: boolean): AsyncGenerator<Block> {
    const composer = createComposer()
    const body = createOdtBody(composer, styles, { margins, left: () => left++ })
    const reading = source({
      open(tag) {
        handler.open(tag)
        body.open(tag)
      },
      close(name) {
        handler.close(name)
        body.close(name)
      },
      text: body.text,
    })
    for (;;) {
      const { value, done } = await reading.next()
      for (const block of composer.take()) yield* numbered(block)
      if (!done) continue
      if (value) damaged = true
      if (composer.tooDeep) tooDeep = true
      const kind = body.kind()
      if (kind !== undefined && kind !== 'office:text') throw new AppError('type-mismatch', { type: ODT })
      return
    }
  }

  let empty = true
  for await (const block of blocksIn(parts.text, false)) {
    empty = false
    yield block
  }
  if (empty) yield* blocksIn(parts.styles, true)
  if (damaged) reasons.push({ code: 'partly-damaged' })
  if (tooDeep) reasons.push({ code: 'too-deep' })
  if (left > 0) note(`left out ${left} times: an embedded object`)
}

async function drain(reading: AsyncGenerator<undefined, boolean>): Promise<boolean> {
  for (;;) {
    const { value, done } = await reading.next()
    if (done) return value
  }
}

async function isPacked(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return buffer.toString('latin1') === 'PK'
  } finally {
    await handle.close()
  }
}

async function openPacked(file: string, password: string | undefined): Promise<Parts> {
  let archive = await openArchive(file)
  try {
    const content = archive.find('content.xml')
    await checkMimeType(archive)
    if (await isEncrypted(archive)) {
      if (password === undefined) throw new AppError('password-protected')
      archive = await unlockOpenDocument(archive, password)
    }
    if (!content) {
      const other = archive.find('[Content_Types].xml') ?? archive.find('META-INF/container.xml')
      throw other ? new AppError('type-mismatch', { type: ODT }) : new AppError('damaged', { what: 'content.xml' })
    }
    const styles = archive.find('styles.xml')
    const read = (entry: ArchiveEntry, handler: XmlHandler) => readPieces(archive, entry, handler, NAMESPACES)
    return {
      damaged: archive.damaged,
      styles: handler => (styles ? read(styles, handler) : nothing()),
      text: handler => read(content, handler),
      close: () => archive.close(),
    }
  } catch (error) {
    await archive.close()
    throw error
  }
}

// biome-ignore lint/correctness/useYield: there is nothing to read
async function* nothing(): AsyncGenerator<undefined, boolean> {
  return false
}

const KIND = /^application\/(?:vnd\.oasis\.opendocument|vnd\.sun\.xml)\.([\w.-]+)/

async function checkMimeType(archive: Archive) {
  const entry = archive.find('mimetype')
  if (!entry || entry.size > 200) return
  const kind = KIND.exec((await archive.read(entry)).bytes.toString('latin1').trim())?.[1]
  if (kind !== undefined && !/^(?:text|writer)/.test(kind)) throw new AppError('type-mismatch', { type: ODT })
}

/** The manifest says which parts are encrypted (OpenDocument 1.3, part 2, 4.8). */
async function isEncrypted(archive: Archive): Promise<boolean> {
  const entry = archive.find('META-INF/manifest.xml')
  if (!entry) return archive.find('encrypted-package') !== undefined
  let path = ''
  let encrypted = false
  const handler: XmlHandler = {
    open(tag) {
      if (tag.name === 'manifest:file-entry') path = tag.attribute('manifest:full-path') ?? ''
      else if (tag.name === 'manifest:encryption-data' && /^(?:content\.xml|encrypted-package)$/.test(path))
        encrypted = true
    },
    close() {},
    text() {},
  }
  await drain(readPieces(archive, entry, handler, NAMESPACES))
  return encrypted
}

/** One XML file with everything in it. Read in pieces, and more than once. */
async function openFlat(file: string): Promise<Parts> {
  const handle = await open(file, 'r')
  const { size } = await handle.stat()
  if (size > ARCHIVE_LIMITS.bytes) {
    await handle.close()
    throw new AppError('too-large', { limit: Math.round(ARCHIVE_LIMITS.bytes / 1024 ** 2) })
  }
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; ; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(PIECE), 0, PIECE, at)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
  }
  async function* read(handler: XmlHandler): AsyncGenerator<undefined, boolean> {
    const reader = createXmlReader(NAMESPACES, handler)
    for await (const piece of decodeXml(pieces())) {
      reader.write(piece)
      yield
    }
    return reader.end().damaged
  }
  return { damaged: false, styles: () => nothing(), text: read, close: () => handle.close() }
}

const PIECE = 64 * 1024
