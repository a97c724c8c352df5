import { setTimeout as pause } from 'node:timers/promises'
import { AppError, toAppError } from '../../shared/errors.ts'

/** Milliseconds to wait for the database, and in which nobody has it asked once more. */
const patience = 2000
const remembered = 500

/**
 * What keeps the database from answering, for whoever looks after the server: an answer within two seconds, also while
 * there is none to be had. However many ask, the database is asked once at a time.
 */
export function createHealthCheck(reach: () => Promise<unknown>) {
  let last: { at: number; found: Promise<AppError | undefined> } | undefined

  async function look(): Promise<AppError | undefined> {
    try {
      await reach()
      return undefined
    } catch (error) {
      return toAppError(error)
    }
  }

  return async function check(): Promise<AppError | undefined> {
    const now = performance.now()
    if (!last || now - last.at > remembered) {
      const asked = { at: Number.POSITIVE_INFINITY, found: look() }
      last = asked
      void asked.found.then(() => {
        asked.at = performance.now()
      })
    }
    const timer = new AbortController()
    const late = pause(patience, new AppError('database-busy'), { ref: false, signal: timer.signal })
    late.catch(() => {})
    return Promise.race([last.found, late]).finally(() => timer.abort())
  }
}
