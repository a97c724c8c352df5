import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Log } from './ports.ts'

const largestLog = 10 * 1024 * 1024

/** JSON lines in a file; at 10 MB the file is set aside once. Errors are written in full, with their causes. */
export function createFileLog({ file, level, name }: { file: string; level: string; name: string }): Log {
  const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino')
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  if (existsSync(file) && statSync(file).size > largestLog) renameSync(file, `${file}.1`)
  const known = level in pino.levels.values || level === 'silent' ? level : 'info'
  const destination = pino.destination({ dest: file, sync: true, mode: 0o600 })
  // A full disk must not turn a log line into a crash.
  destination.on('error', () => {})
  const logger = pino(
    {
      name,
      level: known,
      serializers: { error: pino.stdSerializers.errWithCause },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  )
  const write =
    (severity: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Record<string, unknown> = {}) =>
      logger[severity](fields, message)
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/**
 * The same, opened with the first line that is written: most runs write none, and loading pino takes as long as starting
 * Node. A log that cannot be opened goes to standard error from `error` on.
 */
export function createLazyLog(settings: { file: string; level: string; name: string }): Log {
  let opened: Log | undefined
  function open(): Log {
    try {
      opened ??= createFileLog(settings)
    } catch {
      opened = { debug() {}, info() {}, warn() {}, error: writeToStandardError }
    }
    return opened
  }
  return {
    debug(message, fields) {
      if (settings.level === 'debug' || settings.level === 'trace') open().debug(message, fields)
    },
    info: (message, fields) => open().info(message, fields),
    warn: (message, fields) => open().warn(message, fields),
    error: (message, fields) => open().error(message, fields),
  }
}

function writeToStandardError(message: string, fields: Record<string, unknown> = {}): void {
  const cause = fields.error instanceof Error ? (fields.error.stack ?? fields.error.message) : JSON.stringify(fields)
  process.stderr.write(`${message}: ${cause}\n`)
}

/** Only what went wrong: for a library that leaves nothing behind. */
export function onlyErrors(log: Log): Log {
  return { debug() {}, info() {}, warn() {}, error: log.error }
}
