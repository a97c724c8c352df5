/** The module that each role runs, from the sources or as it was built beside the server. */
import { fileURLToPath } from 'node:url'
import type { ProcessRole } from '../shared/ports.ts'

const at = (url: URL) => fileURLToPath(url)

export const entries: Record<Exclude<ProcessRole, 'server'>, string> = {
  parser: at(new URL('../shared/parsers/process.ts', import.meta.url)),
  recognizer: at(new URL('../shared/parsers/ocr/process.ts', import.meta.url)),
  model: at(new URL('../shared/models/process.ts', import.meta.url)),
}

/** What stands before them where they are Electron's utility processes: built beside them, as a file of the system's own. */
export const utilityEntry = at(new URL('../shared/processes/utility-entry.ts', import.meta.url))
