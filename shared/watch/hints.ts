import { type FSWatcher, lstatSync, readdirSync, watch } from 'node:fs'
import path from 'node:path'
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
/** Milliseconds in which folders are begun to be watched before others have a turn. */
const turnTime = 40

/** Where the system tells of a folder with all in it, one is watched; on Linux each folder by itself, which tells of its files. */
const tellsOfAll = process.platform === 'win32' || process.platform === 'darwin'

/**
 * By calls of the system that wait, and no promise: those of chokidar share four threads with all files of the process, and a drive that
 * hangs takes them all.
 * `failed`: nothing more will be heard, above all since the system watches no more folders. `run`: everything that may wait is done in it.
 */
export function createHints(
  root: string,
  {
    rules,
    except,
    failed,
    run,
  }: { rules: Rules; except: readonly string[]; failed(error: AppError): void; run(work: () => void): void },
): Hints {
  const pending = new Set<string>()
  let waiting: ((hints: readonly string[]) => void) | undefined
  let gathering: ReturnType<typeof setTimeout> | undefined
  let closed = false
  const watched = new Map<string, FSWatcher>()
  const excepted = new Set(except)
  /** Folders that are not watched yet, and those with which that began. */
  const ahead: string[] = []
  const begun: string[] = []
  // Whoever asked for it hears what goes wrong from now on.
  setImmediate(() => run(() => begin('')))

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
    if (closed) return
    // More of them say no more.
    if (pending.size <= mostHints) pending.add(hint)
    gathering ??= setTimeout(tell, gatherTime)
  }

  /** A folder with all that are in it; what changed there before all were watched was heard of in part. */
  function begin(folder: string): void {
    begun.push(folder)
    ahead.push(folder)
    if (ahead.length === 1) goOn()
  }

  function goOn(): void {
    const began = performance.now()
    for (let folder = ahead.pop(); folder !== undefined; folder = ahead.pop()) {
      if (closed) return
      watchOne(folder)
      if (!tellsOfAll) ahead.push(...foldersIn(folder))
      if (performance.now() - began < turnTime || ahead.length === 0) continue
      setImmediate(() => run(goOn))
      return
    }
    for (const folder of begun.splice(0)) add(folder)
  }

  function watchOne(folder: string): void {
    try {
      // One that came while its folder is gone through already is begun twice.
      watched.get(folder)?.close()
      const watcher = watch(path.join(root, folder), { recursive: tellsOfAll })
      watcher.on('change', (kind, name) => run(() => hear(folder, kind, name)))
      watcher.on('error', error => trouble(folder, error))
      watched.set(folder, watcher)
    } catch (error) {
      trouble(folder, error)
    }
  }

  function trouble(folder: string, error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') failed(new AppError('watch-limit'))
    // It may be gone, or another one: looking tells.
    else add(folder)
  }

  function foldersIn(folder: string): string[] {
    try {
      return readdirSync(path.join(root, folder), { withFileTypes: true })
        .filter(entry => entry.isDirectory())
        .map(({ name }) => (folder === '' ? name : `${folder}/${name}`))
        .filter(below => !rules(below, true) && !excepted.has(path.join(root, below)))
    } catch {
      return []
    }
  }

  function hear(folder: string, kind: string, name: string | Buffer | null): void {
    if (closed) return
    if (name === null) {
      add(folder)
      return
    }
    const heard = String(name).replaceAll(path.sep, '/')
    // A folder says so of itself, too.
    if (folder === '' && heard === path.basename(root)) add('')
    const file = folder === '' ? heard : `${folder}/${heard}`
    if (isLeftOut(file)) return
    add(file)
    if (kind === 'rename' && !tellsOfAll) enter(file)
  }

  function isLeftOut(file: string): boolean {
    const parts = file.split('/')
    for (let depth = 1; depth <= parts.length; depth++) {
      const part = parts.slice(0, depth).join('/')
      // Whether the last one is a folder nobody knows so far.
      if (rules(part, true) && (depth < parts.length || rules(part, false))) return true
      if (excepted.has(path.join(root, part))) return true
    }
    return false
  }

  /** What was watched by this name is gone or another one. */
  function enter(file: string): void {
    if (watched.has(file))
      for (const [folder, watcher] of watched)
        if (folder === file || folder.startsWith(`${file}/`)) {
          watcher.close()
          watched.delete(folder)
        }
    if (isFolder(path.join(root, file)) && !rules(file, true)) begin(file)
  }

  return {
    next(told) {
      waiting = told
      if (pending.size > 0) gathering ??= setTimeout(tell, gatherTime)
    },
    close() {
      closed = true
      clearTimeout(gathering)
      for (const watcher of watched.values()) watcher.close()
      watched.clear()
    },
  }
}

function isFolder(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    return false
  }
}
