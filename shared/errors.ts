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

/** The last is what SQLite says where there is no room for the index of its log. */
const full = /^(?:ENOSPC|EDQUOT|SQLITE_FULL|SQLITE_IOERR_SHMSIZE)$/
/** What the system and SQLite say of a disk or a data directory that does not do its work. */
const ofTheDisk = /^(?:EIO|EMFILE|ENFILE|ENXIO|ENODEV|ESTALE|SQLITE_IOERR.*|SQLITE_PROTOCOL|SQLITE_NOLFS)$/
const notPermitted = /^(?:EACCES|EPERM|EROFS|SQLITE_(?:READONLY|PERM|CANTOPEN|AUTH).*)$/
const noMemory = /^(?:ENOMEM|SQLITE_NOMEM|SQLITE_IOERR_NOMEM|ERR_MEMORY_ALLOCATION_FAILED)$/

/** The error as the border shows it: an `AppError` as it is, an abort as `cancelled`, everything else as `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof Error && error.name === 'AbortError') return new AppError('cancelled', {}, { cause: error })
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (full.test(code)) return new AppError('disk-full', {}, { cause: error })
  if (code.startsWith('SQLITE_BUSY')) return new AppError('database-busy', {}, { cause: error })
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return new AppError('data-damaged', {}, { cause: error })
  if (noMemory.test(code)) return new AppError('out-of-memory', {}, { cause: error })
  if (ofTheDisk.test(code)) return new AppError('disk-error', { detail: code }, { cause: error })
  if (notPermitted.test(code)) return new AppError('data-unwritable', {}, { cause: error })
  return new AppError('internal', {}, { cause: error })
}

export function reasonOf(error: AppError): Reason {
  return Object.keys(error.values).length > 0 ? { code: error.code, values: error.values } : { code: error.code }
}
