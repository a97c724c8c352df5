import { AppError, toAppError } from '../errors.ts'
import type { FromParser } from './protocol.ts'

/** What went wrong, for the host. */
export function failure(error: unknown): FromParser {
  const detail =
    error instanceof Error ? String((error.cause as Error | undefined)?.stack ?? error.stack) : String(error)
  if (error instanceof AppError) return { type: 'failed', code: error.code, values: error.values, detail }
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ENOENT') return { type: 'failed', code: 'file-missing', values: {}, detail }
  if (code === 'EISDIR') return { type: 'failed', code: 'file-unreadable', values: {}, detail }
  const known = machineError(error)
  // A fresh process may have more of it.
  if (known?.code === 'out-of-memory') return { type: 'failed', code: 'parser-memory', values: {}, detail }
  if (known) return { type: 'failed', code: known.code, values: known.values, detail }
  // Whatever else a reader trips over lies in the file.
  return { type: 'failed', code: 'damaged', values: {}, detail }
}

/** What the system says of its disk and memory while a file is read or taken out: nothing is wrong with the file then. */
export function machineError(error: unknown): AppError | undefined {
  const known = toAppError(error)
  return ofTheMachine.has(known.code) ? known : undefined
}

const ofTheMachine: ReadonlySet<string> = new Set(['disk-full', 'disk-error', 'data-unwritable', 'out-of-memory'])
