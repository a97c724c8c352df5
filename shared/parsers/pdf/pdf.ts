import { setImmediate } from 'node:timers/promises'
import type { PDFDocumentLoadingTask, PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { AppError } from '../../errors.ts'
import type { Care, Reason, Segment } from '../../model/index.ts'
import type { Ending, Note, Reading, Source } from '../formats.ts'
import type { ParserLimits } from '../protocol.ts'
import { type Annotations, annotationsIn } from './annotations.ts'
import { hearComplaints } from './complaints.ts'
import { endingOf, markContinuation } from './continuation.ts'
import { filledIn } from './filled.ts'
import { loadPdf, opened } from './load.ts'
import { fontsOf, layoutPage, type PageText } from './page.ts'
import type { TextItem } from './piece.ts'
import { readState, type State, writeState } from './state.ts'
import { createTypography, type Learned, type Typography } from './typography.ts'

// Milliseconds for a second look at pages known already: far less than a reader may keep silent.
const RESTORE_TIME = 10_000

/**
 * PDF by pdf.js: text only, no operator list but where something was filled in (pages per CPU-second are what a library of
 * thousands of pages feels).
 * Throws `password-protected`, `damaged`, `too-many-pages`. A page that cannot be read becomes a segment that says so.
 */
export async function openPdf(
  file: string,
  limits: Pick<ParserLimits, 'pages'>,
  note: Note,
  password?: string,
  careful?: Care,
): Promise<Source<Reading>> {
  const heard: Complaints = { page: 0, damaged: new Map() }
  const stop = hearComplaints(complaint => {
    if (!heard.damaged.has(heard.page)) heard.damaged.set(heard.page, complaint)
  })
  let task: PDFDocumentLoadingTask | undefined
  let document: PDFDocumentProxy
  try {
    task = await loadPdf(file, password, true)
    document = await task.promise
  } catch (cause) {
    stop()
    throw task ? opened(cause) : cause
  }
  const close = async () => {
    await task.destroy()
    stop()
  }
  if (document.numPages > limits.pages) {
    await close()
    throw new AppError('too-many-pages', { pages: document.numPages, limit: limits.pages })
  }
  // Its tree of pages says it has none (or fewer): nobody writes such a file.
  if (document.numPages < 1) {
    await close()
    throw new AppError('damaged', { what: 'pages' })
  }
  return {
    segments: document.numPages,
    read: (after, state) => pagesOf(document, after, stateFor(after, state), heard, note, careful),
    close,
  }
}

/** What was lost, by the page that was read meanwhile: 0 before any. */
interface Complaints {
  page: number
  damaged: Map<number, string>
}

/** A state from further on would know what was not read yet. */
function stateFor(after: number, text: string | undefined): State | undefined {
  const state = readState(text)
  return state && state.page <= after ? state : undefined
}

async function* pagesOf(
  document: PDFDocumentProxy,
  after: number,
  before: State | undefined,
  heard: Complaints,
  note: Note,
  careful: Care | undefined,
): AsyncGenerator<Reading, Ending> {
  const typography = await restore(document, before?.learned, note)
  const annotations = annotationsIn(document, careful !== undefined)
  // A page between the two was given up: nothing goes on with it.
  let ending = before?.page === after ? before.ending : 'closed'
  let damaged = before?.damaged
  let fields = before?.fields
  const look = async (page: PDFPageProxy) => {
    const found = await annotations(page)
    if (found.fields) fields = true
    return found
  }
  for (let page = after + 1; page <= document.numPages; page++) {
    heard.page = page
    const lost = (what: string) => heard.damaged.set(page, what)
    const isBare = careful === 'bare' && page === after + 1
    const segment = await readPage(document, page, typography, note, lost, isBare ? undefined : look)
    // Promises that nobody waited for are told now.
    await setImmediate()
    const complaint = heard.damaged.get(page)
    // A page that cannot be read at all says so itself.
    if (complaint !== undefined && segment.problem !== 'unreadable') {
      damaged = true
      note(`page ${page}: ${complaint}`)
    }
    markContinuation(ending, segment)
    ending = endingOf(segment)
    const state = {
      page,
      ending,
      learned: typography.learned(),
      ...(damaged && { damaged }),
      ...(fields && { fields }),
    }
    yield { segment, state: writeState(state) }
  }
  const reasons: Reason[] = damaged ? [{ code: 'partly-damaged' }] : []
  if (!fields && (await isXfa(document, note))) reasons.push({ code: 'xfa-form' })
  return { cut: false, ...(reasons.length > 0 && { reasons }) }
}

/** A form: one without fields on its pages other programs than Adobe's do not show, and its pages say no more than that. */
async function isXfa(document: PDFDocumentProxy, note: Note): Promise<boolean> {
  try {
    const { info } = await document.getMetadata()
    return 'IsXFAPresent' in info && info.IsXFAPresent === true
  } catch (error) {
    note(`XFA: ${error instanceof Error ? error.stack : error}`)
    return false
  }
}

/**
 * What was learned, with the names that fonts have in this process: a look at the pages they stand on tells. These were
 * read before without harm, and are few (one, once the body text is known).
 */
async function restore(document: PDFDocumentProxy, learned: Learned | undefined, note: Note): Promise<Typography> {
  const names = new Map<number, string[]>()
  const started = performance.now()
  // The most frequent first, should the time not last.
  for (const [page] of learned?.fonts.toSorted((a, b) => b[2] - a[2]) ?? []) {
    if (names.has(page)) continue
    if (performance.now() - started > RESTORE_TIME) {
      note(`page ${page}: no time to look at its fonts again`)
      break
    }
    try {
      names.set(page, await withText(document, page, async (_, text) => fontsOf(text)))
    } catch (error) {
      note(`page ${page}: ${error instanceof Error ? error.stack : error}`)
      names.set(page, [])
    }
  }
  return createTypography(learned, (page, index) => names.get(page)?.[index])
}

async function readPage(
  document: PDFDocumentProxy,
  number: number,
  typography: Typography,
  note: Note,
  lost: (what: string) => void,
  annotations: ((page: PDFPageProxy) => Promise<Annotations>) | undefined,
): Promise<Segment> {
  try {
    return await withText(document, number, async (page, text) => {
      const { filled, cut } = annotations
        ? await filledIn(page, await annotations(page), note)
        : { filled: [], cut: true }
      if (cut) lost('more fields, or longer ones, than are read')
      // The user unit is left out, as poppler does: places are relative to the page's own width and height anyway.
      const view = page.getViewport({ scale: 1 / (page.userUnit || 1) })
      const geometry = { toPage: view.transform, width: round(view.width), height: round(view.height) }
      return layoutPage(number, { ...text, filled }, geometry, typography)
    })
  } catch (error) {
    note(`page ${number}: ${error instanceof Error ? error.stack : error}`)
    return { number, blocks: [], problem: 'unreadable' }
  }
}

async function withText<T>(
  document: PDFDocumentProxy,
  number: number,
  run: (page: PDFPageProxy, text: PageText) => Promise<T>,
): Promise<T> {
  const page = await document.getPage(number)
  try {
    const { items, styles } = await page.getTextContent({ disableNormalization: true })
    return await run(page, { items: items as TextItem[], styles })
  } finally {
    page.cleanup()
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
