import path from 'node:path'
import { watch } from 'chokidar'
import { AppError } from '../errors.ts'
import type { Rules } from './rules.ts'

/** Where something may have changed. Never what: whoever looks there finds out. */
export interface Hints {
  /** Calls back once, as soon as there is something to say. */
  next(told: (hints: readonly string[]) => void): void
  close(): void
}

/** Milliseconds for which hints are gathered, and how many there are before they say no more than “everywhere”. */
const gatherTime = 100
const mostHints = 1000
const everywhere: readonly string[] = ['']

/** `failed`: nothing more will be heard, above all since the system watches no more folders. */
export function createHints(
  root: string,
  { rules, except, failed }: { rules: Rules; except: readonly string[]; failed(error: AppError): void },
): Hints {
  const pending = new Set<string>()
  let waiting: ((hints: readonly string[]) => void) | undefined
  let gathering: ReturnType<typeof setTimeout> | undefined
  const relative = (file: string) => path.relative(root, file).replaceAll(path.sep, '/')

  function tell(): void {
    gathering = undefined
    if (!waiting || pending.size === 0) return
    const hints = pending.has('') || pending.size > mostHints ? everywhere : [...pending]
    pending.clear()
    const told = waiting
    waiting = undefined
    told(hints)
  }

  function add(hint: string): void {
    // More of them say no more.
    if (pending.size <= mostHints) pending.add(hint)
    gathering ??= setTimeout(tell, gatherTime)
  }

  const excepted = new Set(except)
  const watcher = watch(root, {
    ignoreInitial: true,
    followSymlinks: false,
    // What is written anew in place of the old is found by looking.
    atomic: false,
    ignorePermissionErrors: true,
    ignored(file, stats) {
      const below = relative(file)
      if (below === '' || below.startsWith('..')) return false
      if (excepted.has(path.resolve(file))) return true
      // First asked without: what is left out as a file and as a folder needs no look at what it is.
      return stats ? rules(below, stats.isDirectory()) : rules(below, false) && rules(below, true)
    },
  })
  watcher.on('all', (_, file) => add(relative(file)))
  // What changed before it watched all of it was heard of in part.
  watcher.on('ready', () => add(''))
  watcher.on('error', error => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') failed(new AppError('watch-limit'))
    // The folder may be gone, or another one: looking tells.
    else add('')
  })
  return {
    next(told) {
      waiting = told
      if (pending.size > 0) gathering ??= setTimeout(tell, gatherTime)
    },
    close() {
      clearTimeout(gathering)
      void watcher.close()
    },
  }
}
