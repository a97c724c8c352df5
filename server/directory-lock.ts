/**
 * Who may have a data directory open: one server, or any number of commands, never both. The system holds the locks and
 * frees them with the process, however it ends: nothing has to be judged from a file that lies there.
 *
 * They are the locks of empty SQLite files, since SQLite has them on every system. On POSIX a process loses all its
 * locks of a file when it closes any descriptor of it: nothing else of ours may ever open these.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { AppError } from '../shared/errors.ts'
import { usersOf } from '../shared/queue/owner.ts'

/** As long as somebody refers to it: what is collected as garbage is released. */
export interface DirectoryLock {
  release(): void
}

/** Milliseconds that a server waits for commands to end, and between two looks. */
const patience = 5000
const lookTime = 50

/**
 * For a server: the only one, and no command is at work. Waits some seconds for commands; undefined where there is another
 * server. Throws `commands-running` with their processes, errors of the system.
 */
export async function claimDirectory(folder: string, signal?: AbortSignal): Promise<DirectoryLock | undefined> {
  // Reserved, not exclusive: of any number that ask for it at once, exactly one gets it.
  const server = await open(folder, 'server.lock')
  const commands = await open(folder, 'commands.lock').catch(error => {
    server.release()
    throw error
  })
  const release = () => {
    commands.release()
    server.release()
  }
  try {
    if (!server.take('begin immediate')) {
      release()
      return undefined
    }
    for (let waited = 0; !commands.take('begin exclusive'); waited += lookTime) {
      // A command that has just begun may have no mark yet.
      if (waited >= patience) throw new AppError('commands-running', { processes: (await usersOf(folder)) || '?' })
      await pause(lookTime, undefined, signal && { signal })
    }
    return { release }
  } catch (error) {
    release()
    throw error
  }
}

/** For a command that opens the library itself, beside others; undefined while a server has it. Throws the system's errors. */
export async function shareDirectory(folder: string): Promise<DirectoryLock | undefined> {
  const commands = await open(folder, 'commands.lock')
  if (commands.take('begin', 'select 1 from sqlite_schema')) return commands
  commands.release()
  return undefined
}

/** A folder of backups, for whoever works in it alone; undefined while somebody else does. Throws the system's errors. */
export async function claimBackups(folder: string): Promise<DirectoryLock | undefined> {
  const lock = await open(folder, 'backup.lock')
  if (lock.take('begin immediate')) return lock
  lock.release()
  return undefined
}

async function open(folder: string, name: string): Promise<DirectoryLock & { take(...sql: string[]): boolean }> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Never waits: that would be on the event loop.
  const database = new Sqlite(path.join(folder, name), { timeout: 0 })
  try {
    // Nothing is ever written: no journal that somebody had to look after.
    database.pragma('journal_mode = memory')
  } catch (error) {
    if (!isBusy(error)) throw error
  }
  return {
    take(...sql) {
      try {
        for (const statement of sql) database.exec(statement)
        return true
      } catch (error) {
        if (isBusy(error)) return false
        throw error
      }
    },
    release: () => void database.close(),
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')
}
