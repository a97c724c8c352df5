import { open } from 'node:fs/promises'
import { AppError } from '../../errors.ts'
import type { Block } from '../../model/index.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { openOpenDocument } from '../office/odf.ts'
import { createPackage } from '../office/package.ts'
import { readXml } from '../office/xml.ts'
import { createParagraphs } from '../paragraphs.ts'
import { createTrouble, segmentsWith, type Trouble } from '../trouble.ts'
import { ARCHIVE_LIMITS } from '../zip/archive.ts'
import { createComposer } from './compose.ts'
import { createMargins } from './margins.ts'
import { createOdtBody } from './odt-body.ts'
import { createOdtStyles } from './odt-styles.ts'

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
 * A text document of OpenDocument, packed or flat: its text as a reader sees it, with all changes accepted; before it, what
 * its headers and footers say.
 */
export async function openOdt(file: string, opening: Opening): Promise<Source<Reading>> {
  const { limits, note, password } = opening
  const { partsWith, close } = (await isPacked(file)) ? await openPacked(file, password) : await openFlat(file)
  return {
    segments: null,
    async *read(after) {
      const trouble = createTrouble(note)
      const left = { objects: 0 }
      const blocks = blocksOf(partsWith(trouble), trouble, left)
      const { cut, reasons = [] } = yield* segmentsWith(blocks, after, limits.characters, trouble)
      if (left.objects === 0) return { cut, reasons }
      return { cut, reasons: [...reasons, { code: 'objects-left-out', values: { count: left.objects } }] }
    },
    close,
  }
}

/** Bytes of the styles, where they lie apart from the text, and of the text; each may be read more than once. */
interface Parts {
  styles: () => AsyncIterable<Uint8Array>
  text: () => AsyncIterable<Uint8Array>
}

interface Opened {
  partsWith(trouble: Trouble): Parts
  close(): Promise<void>
}

async function* blocksOf(parts: Parts, trouble: Trouble, left: { objects: number }): AsyncGenerator<Block> {
  const { styles, handler } = createOdtStyles()
  const numbered = createParagraphs()
  const margins = createMargins()

  async function* blocksIn(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
    const composer = createComposer()
    const margin = createComposer()
    const body = createOdtBody(composer, styles, { left: () => left.objects++ })
    const aside = createOdtBody(margin, styles, { left: () => {}, margins: true })
    const handlers = [handler, body, aside]
    const reading = readXml(
      pieces,
      {
        open(tag) {
          for (const one of handlers) one.open(tag)
        },
        close(name) {
          for (const one of handlers) one.close(name)
        },
        text(text) {
          for (const one of handlers) one.text(text)
        },
      },
      NAMESPACES,
    )
    for (;;) {
      const { value, done } = await reading.next()
      // Of a flat file they come before the text.
      for (const block of margins(margin.take())) yield* numbered(block)
      for (const block of composer.take()) yield* numbered(block)
      if (!done) continue
      if (value.damaged) trouble.damaged('a part ends early or has wrong ends')
      if (composer.tooDeep || margin.tooDeep) trouble.deep()
      const kind = body.kind()
      if (kind !== undefined && kind !== 'office:text') throw new AppError('type-mismatch', { type: ODT })
      return
    }
  }

  yield* blocksIn(parts.styles())
  yield* blocksIn(parts.text())
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

async function openPacked(file: string, password: string | undefined): Promise<Opened> {
  const archive = await openOpenDocument(file, ODT, password)
  return {
    partsWith(trouble) {
      const parts = createPackage(archive, trouble)
      return { styles: () => parts.stream('styles.xml'), text: () => parts.stream('content.xml') }
    },
    close: () => archive.close(),
  }
}

/** One XML file with everything in it. Read in pieces, and more than once. */
async function openFlat(file: string): Promise<Opened> {
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
  return { partsWith: () => ({ styles: nothing, text: pieces }), close: () => handle.close() }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

const PIECE = 64 * 1024
