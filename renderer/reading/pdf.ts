/** PDF.js, in its build for browsers that are a few years old; loaded when the first page is opened. */
import type { PDFDocumentProxy } from 'pdfjs-dist'
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
