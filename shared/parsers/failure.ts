import { AppError } from '../errors.ts'
import type { FromParser } from './protocol.ts'

/** What went wrong, for the host. */
export function failure(error: unknown): FromParser {
  const detail =
    error instanceof Error ? String((error.cause as Error | undefined)?.stack ?? error.stack) : String(error)
  if (error instanceof AppError) return { type: 'failed', code: error.code, values: error.values, detail }
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ENOENT') return { type: 'failed', code: 'file-missing', values: {}, detail }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EISDIR')
    return { type: 'failed', code: 'file-unreadable', values: {}, detail }
  // Whatever else a reader trips over lies in the file.
  return { type: 'failed', code: 'damaged', values: {}, detail }
}
