import { existsSync, renameSync, statSync } from 'node:fs'
import { pino } from 'pino'
import type { Log } from '../shared/ports.ts'

const largestLog = 10 * 1024 * 1024

/** JSON lines in a file; at 10 MB the file is set aside once. Errors are written in full, with their causes. */
export function createFileLog({ file, level, name }: { file: string; level: string; name: string }): Log {
  if (existsSync(file) && statSync(file).size > largestLog) renameSync(file, `${file}.1`)
  const known = level in pino.levels.values || level === 'silent' ? level : 'info'
  const logger = pino(
    {
      name,
      level: known,
      serializers: { error: pino.stdSerializers.errWithCause },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: file, sync: true, mkdir: true, mode: 0o600 }),
  )
  const write =
    (severity: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Record<string, unknown> = {}) =>
      logger[severity](fields, message)
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
