/** What one user may use, where nothing else was said for that one. */
import type { NumberOf } from './config.ts'

interface Quotas {
  /** Bytes of one file. */
  maxFileSize: number
  /** Documents a user may keep; null: no limit. */
  maxFiles: number | null
  /** Bytes of them; null: no limit. Undefined with one user alone, of whom nothing is counted. */
  maxBytes?: number | null
  /** Questions of a user a day; null: no limit. */
  maxQuestions: number | null
}

export interface QuotaConfig extends Quotas {
  /** What holds for whoever has an account, also in a process that was not told of accounts: a worker, a command. */
  ofAccounts: Quotas
}

const megabyte = 1024 * 1024

/** `quietly`: without a note of what is ignored. */
export function quotasOf(number: NumberOf, mode: 'local' | 'server', quietly: NumberOf): QuotaConfig {
  return { ...read(number, mode === 'server'), ofAccounts: read(quietly, true) }
}

/** Many who share a machine get less each than one who owns it. 0 is how people write that there is no limit. */
function read(number: NumberOf, many: boolean): Quotas {
  const count = (variable: string, otherwise = 0) =>
    number(variable, { otherwise, least: 0, most: 1e9, whole: true }) || null
  const room = count('MAX_STORAGE_PER_USER_MB')
  return {
    maxFileSize: number('MAX_FILE_SIZE_MB', { otherwise: many ? 100 : 2048, least: 0.001, most: 1e9 }) * megabyte,
    maxFiles: count('MAX_FILES_PER_USER', many ? 1000 : 0),
    ...(many && { maxBytes: room === null ? null : room * megabyte }),
    maxQuestions: count('MAX_QUESTIONS_PER_DAY'),
  }
}
