/** PDF.js, in its build for browsers that are a few years old; loaded when the first page is opened. */
import type { PDFDocumentProxy, PDFPageProxy, RenderTask } from 'pdfjs-dist'
import * as pdfjs from 'pdfjs-dist/legacy/build/pdf.mjs'
import worker from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url'

export type { PDFDocumentProxy, PDFPageProxy, RenderTask } from 'pdfjs-dist'
export const { TextLayer } = pdfjs

pdfjs.GlobalWorkerOptions.workerSrc = worker

export interface OpenPdf {
  document: Promise<PDFDocumentProxy>
  close(): void
}

/** Reads the parts of the file that the shown page needs. Nothing in it is run, and nothing outside is fetched. */
/** `askPassword` is called for a protected one: first, and again after a wrong one; it answers with `use`. */
export function openPdf(url: string, askPassword: (use: (password: string) => void, wrong: boolean) => void): OpenPdf {
  const data = (folder: string) => new URL(`/pdf/${folder}/`, window.location.href).href
  const task = pdfjs.getDocument({
    url,
    cMapUrl: data('cmaps'),
    standardFontDataUrl: data('standard_fonts'),
    wasmUrl: data('wasm'),
    iccUrl: data('iccs'),
    enableXfa: false,
    disableAutoFetch: true,
    stopAtErrors: false,
  })
  task.onPassword = (use: (password: string) => void, reason: number) =>
    askPassword(use, reason === pdfjs.PasswordResponses.INCORRECT_PASSWORD)
  return { document: task.promise, close: () => void task.destroy() }
}

/** What of a field says how it is drawn. */
interface Field {
  id: string
  fieldType?: string | null
  fieldValue?: unknown
  hasAppearance?: boolean
}

/**
 * With what was filled in, as it is read: also values that the file has no picture of, which pdf.js draws only where they were
 * typed into it. Nothing of a form is run.
 */
export async function drawPage(
  pdf: PDFDocumentProxy,
  page: PDFPageProxy,
  canvas: HTMLCanvasElement,
  scale: number,
): Promise<RenderTask> {
  const fields: readonly Field[] = await page.getAnnotations().catch(() => [])
  for (const { id, fieldType, fieldValue, hasAppearance } of fields) {
    if (hasAppearance || (fieldType !== 'Tx' && fieldType !== 'Ch')) continue
    const value: unknown = Array.isArray(fieldValue) && fieldValue.length === 1 ? fieldValue[0] : fieldValue
    if (value) pdf.annotationStorage.setValue(id, { value })
  }
  return page.render({
    canvas,
    viewport: page.getViewport({ scale }),
    background: '#ffffff',
    annotationMode: pdfjs.AnnotationMode.ENABLE_STORAGE,
  })
}
