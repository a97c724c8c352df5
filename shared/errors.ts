import type { ErrorCode, Reason } from './model/index.ts'

export class AppError extends Error {
  readonly code: ErrorCode
  readonly values: Record<string, string | number>

  constructor(code: ErrorCode, values: Record<string, string | number> = {}, options?: { cause?: unknown }) {
    super(Object.keys(values).length > 0 ? `${code} ${JSON.stringify(values)}` : code, options)
    this.name = 'AppError'
    this.code = code
    this.values = values
  }
}

/** The error as the border shows it: an `AppError` as it is, an abort as `cancelled`, everything else as `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof Error && error.name === 'AbortError') return new AppError('cancelled', {}, { cause: error })
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL')
    return new AppError('disk-full', {}, { cause: error })
  if (code.startsWith('SQLITE_BUSY')) return new AppError('database-busy', {}, { cause: error })
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return new AppError('data-damaged', {}, { cause: error })
  return new AppError('internal', {}, { cause: error })
}

export function reasonOf(error: AppError): Reason {
  return Object.keys(error.values).length > 0 ? { code: error.code, values: error.values } : { code: error.code }
}
