/** The module that each role runs, from the sources or as it was built beside the server. */
import { fileURLToPath } from 'node:url'
import type { ProcessRole } from '../ports.ts'

const at = (url: URL) => fileURLToPath(url)

export const entries: Record<Exclude<ProcessRole, 'server'>, string> = {
  parser: at(new URL('../parsers/process.ts', import.meta.url)),
  recognizer: at(new URL('../parsers/ocr/process.ts', import.meta.url)),
  model: at(new URL('../models/process.ts', import.meta.url)),
}
