import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  getDocument,
  PasswordResponses,
  type PDFDocumentLoadingTask,
  VerbosityLevel,
} from 'pdfjs-dist/legacy/build/pdf.mjs'
import { AppError } from '../../errors.ts'
import { bearOrphans } from './complaints.ts'

const PACKAGE = join(dirname(fileURLToPath(import.meta.resolve('pdfjs-dist/package.json'))), '/')

// Pixels of a picture that is decoded where only text is wanted: the letters of some fonts are small pictures, whose height
// is then known.
const LETTER = 250_000

/**
 * What pdf.js needs besides the file lies in its package: nothing is fetched. `text`: for whom wants nothing else, and
 * listens to what is lost.
 */
export async function loadPdf(file: string, password?: string, text = false): Promise<PDFDocumentLoadingTask> {
  bearOrphans()
  return getDocument({
    data: new Uint8Array(await readFile(file)),
    cMapUrl: join(PACKAGE, 'cmaps/'),
    cMapPacked: true,
    standardFontDataUrl: join(PACKAGE, 'standard_fonts/'),
    wasmUrl: join(PACKAGE, 'wasm/'),
    useSystemFonts: false,
    verbosity: text ? VerbosityLevel.INFOS : VerbosityLevel.ERRORS,
    ...(text && { maxImageSize: LETTER }),
    ...(password !== undefined && { password }),
  })
}

/** Why a file could not be opened. */
export function opened(cause: unknown): AppError {
  if (!(cause instanceof Error) || cause.name !== 'PasswordException') return new AppError('damaged', {}, { cause })
  const wrong = 'code' in cause && cause.code === PasswordResponses.INCORRECT_PASSWORD
  return new AppError(wrong ? 'password-wrong' : 'password-protected', {}, { cause })
}
