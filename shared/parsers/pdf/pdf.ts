import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getDocument, type PDFDocumentProxy, type PDFPageProxy, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { AppError } from '../../errors.ts'
import type { Segment } from '../../model/index.ts'
import type { Note, Source } from '../formats.ts'
import type { ParserLimits } from '../protocol.ts'
import { markContinuation } from './continuation.ts'
import { layoutPage } from './page.ts'
import type { TextItem } from './piece.ts'
import { createTypography, type Typography } from './typography.ts'

const PACKAGE = join(dirname(fileURLToPath(import.meta.resolve('pdfjs-dist/package.json'))), '/')

/**
 * PDF by pdf.js: text only, no operator list (pages per CPU-second are what a library of thousands of pages feels).
 * Throws `password-protected`, `damaged`, `too-many-pages`. A page that cannot be read becomes a segment that says so.
 */
export async function openPdf(file: string, limits: Pick<ParserLimits, 'pages'>, note: Note): Promise<Source> {
  const task = getDocument({
    data: new Uint8Array(await readFile(file)),
    cMapUrl: join(PACKAGE, 'cmaps/'),
    cMapPacked: true,
    standardFontDataUrl: join(PACKAGE, 'standard_fonts/'),
    wasmUrl: join(PACKAGE, 'wasm/'),
    useSystemFonts: false,
    verbosity: VerbosityLevel.ERRORS,
  })
  let document: PDFDocumentProxy
  try {
    document = await task.promise
  } catch (cause) {
    throw opened(cause)
  }
  if (document.numPages > limits.pages) {
    await task.destroy()
    throw new AppError('too-many-pages', { pages: document.numPages, limit: limits.pages })
  }
  return {
    segments: document.numPages,
    read: after => pagesOf(document, after, note),
    close: () => task.destroy(),
  }
}

function opened(cause: unknown): AppError {
  const name = cause instanceof Error ? cause.name : ''
  return new AppError(name === 'PasswordException' ? 'password-protected' : 'damaged', {}, { cause })
}

async function* pagesOf(document: PDFDocumentProxy, after: number, note: Note): AsyncGenerator<Segment, boolean> {
  const typography = createTypography()
  // The last known page is laid out again, not yielded: whether its paragraph runs on is told by the page after it.
  let before = after > 0 && after < document.numPages ? await readPage(document, after, typography, note) : undefined
  for (let number = after + 1; number <= document.numPages; number++) {
    const segment = await readPage(document, number, typography, note)
    markContinuation(before, segment)
    yield segment
    before = segment
  }
  return false
}

async function readPage(
  document: PDFDocumentProxy,
  number: number,
  typography: Typography,
  note: Note,
): Promise<Segment> {
  let page: PDFPageProxy | undefined
  try {
    page = await document.getPage(number)
    // The user unit is left out, as poppler does: places are relative to the page's own width and height anyway.
    const view = page.getViewport({ scale: 1 / (page.userUnit || 1) })
    const text = await page.getTextContent({ disableNormalization: true })
    const geometry = { toPage: view.transform, width: round(view.width), height: round(view.height) }
    return layoutPage(number, { items: text.items as TextItem[], styles: text.styles }, geometry, typography)
  } catch (error) {
    note(`page ${number}: ${error instanceof Error ? error.stack : error}`)
    return { number, blocks: [], problem: 'unreadable' }
  } finally {
    page?.cleanup()
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
