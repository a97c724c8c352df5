/**
 * Folders of this machine, looked at and read in threads: those of a drive that hangs keep nobody else waiting.
 *
 * Folders on disks of this machine share one thread. One on another machine's drive, and one that ever hung, has its own: a thread costs
 * 12 MB. Who does not get on for a while is taken for silent: the thread it hangs in is its own from then on, and the others of that
 * thread go on in a new one. When its call comes back, it answers again; until then it is tried anew now and then, in another thread,
 * since a call to a drive that was taken away by force may never come back.
 */
import { accessSync, constants, realpathSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import { AppError } from '../errors.ts'
import type { FolderEntry } from '../model/index.ts'
import type { FolderWatch, Log } from '../ports.ts'
import { type Line, openLine } from './line.ts'

/** Milliseconds. */
export interface SilentTimes {
  /** One call of the system, or the turn of one, may take so long; more, each time it turned out that it came back. */
  patience: number
  /** Before a silent one is tried anew, doubled each time. */
  again: number
  /** Between two looks at the threads. */
  look: number
}

const usualTimes: SilentTimes = { patience: 10_000, again: 300_000, look: 1000 }
const mostPatience = 300_000
/** Threads of one folder that may hang beside the last one. */
const mostLost = 2
/** Milliseconds after which a thread nobody uses ends, that the end of all is waited for, and that the end of the process is. */
const idleTime = 60_000
const endTime = 1000
const lastTime = 200

interface Place {
  number: number
  path: string
  /** Has a thread of its own, also before it is known where it lies. */
  alone: boolean
  line: Line | undefined
  /** Since when nothing is heard of it. */
  silent: number | undefined
  hung: boolean
  patience: number
  again: number
  lost: Line[]
}

/** `except`: folders that are never looked at: our own. */
export function createFolderWatch({
  except,
  log,
  times = usualTimes,
  thread = new URL('./thread.ts', import.meta.url),
}: {
  except: readonly string[]
  log: Log
  times?: SilentTimes
  /** What the threads run. */
  thread?: URL
}): FolderWatch {
  const own = except.map(folder => {
    try {
      return realpathSync.native(folder)
    } catch {
      return path.resolve(folder)
    }
  })
  const places = new Map<string, Place>()
  const lines = new Set<Line>()
  let shared: Line | undefined
  let closed = false
  let last = 0
  let watching: ReturnType<typeof setInterval> | undefined

  function open(): Line {
    if (closed) throw new AppError('cancelled')
    if (lines.size === 0) process.on('exit', leaveHard)
    watching ??= setInterval(lookAtLines, times.look).unref()
    const line = openLine(thread, own, error => {
      lines.delete(line)
      if (error !== undefined && !closed) log.error('a thread that looks at folders is gone', { error })
      if (lines.size === 0) process.off('exit', leaveHard)
    })
    lines.add(line)
    return line
  }

  function placeOf(folder: string): Place {
    const known = places.get(folder)
    if (known) return known
    const place: Place = {
      number: ++last,
      path: folder,
      alone: true,
      line: undefined,
      silent: undefined,
      hung: false,
      patience: times.patience,
      again: times.again,
      lost: [],
    }
    places.set(folder, place)
    return place
  }

  function lineOf(place: Place): Line {
    if (closed) throw new AppError('cancelled')
    if (place.silent !== undefined) throw silentError(place)
    if (place.alone) {
      if (!place.line || place.line.isGone) place.line = open()
      return place.line
    }
    if (!shared || shared.isGone) shared = open()
    return shared
  }

  function lookAtLines(): void {
    for (const place of places.values()) {
      const { line, silent } = place
      const stuck = line?.stuck()
      if (line && silent === undefined && stuck && stuck.time > place.patience) fallSilent(place, line)
      else if (silent !== undefined && (!stuck || stuck.time === 0)) answersAgain(place)
      else if (silent !== undefined && performance.now() - silent > place.again && place.lost.length < mostLost) {
        if (line) place.lost.push(line)
        place.line = undefined
        place.silent = undefined
        place.again *= 2
      }
      place.lost = place.lost.filter(lost => {
        if (lost.stuck()) return true
        void lost.end()
        return false
      })
      if (line && !line.isUsed && line.unused > idleTime && !stuck) dismiss(place)
    }
    const stuck = shared?.stuck()
    const place = stuck && [...places.values()].find(({ number }) => number === stuck.folder)
    if (!shared || !stuck || !place || stuck.time <= place.patience) return
    const line = shared
    shared = undefined
    dismiss(place)
    place.alone = true
    place.line = line
    fallSilent(place, line)
  }

  function dismiss(place: Place): void {
    void place.line?.end()
    place.line = undefined
  }

  function fallSilent(place: Place, line: Line): void {
    log.warn('a folder does not answer', { folder: place.path })
    place.silent = performance.now()
    place.hung = true
    line.letGo(folder => (folder === place.number ? silentError(place) : new AppError('cancelled')))
  }

  function answersAgain(place: Place): void {
    log.info('a folder answers again', { folder: place.path })
    place.silent = undefined
    // What was only slow is not given up again for the same.
    place.patience = Math.min(place.patience * 2, mostPatience)
    place.again = times.again
  }

  /** The end of a process waits for its threads, and one in a call of the system that hangs ends with the process alone. */
  function leaveHard(code: number): void {
    const end = performance.now() + lastTime
    const nothing = new Int32Array(new SharedArrayBuffer(4))
    while ([...lines].some(line => line.stuck())) {
      if (performance.now() > end) endAtOnce(code)
      Atomics.wait(nothing, 0, 0, 10)
    }
  }

  return {
    async find(named) {
      const place = placeOf(named)
      const reply = await lineOf(place).find(place.number, named)
      if (!('found' in reply)) throw new AppError('internal')
      const { found } = reply
      const there = placeOf(found.path)
      there.alone = found.network || there.hung
      // Beside a thread that others use, too, it needs none.
      if (!there.alone) for (const one of [place, there]) if (!one.line?.isUsed) dismiss(one)
      return found
    },
    async *scan(folder, { ignore, at }, signal): AsyncGenerator<readonly FolderEntry[]> {
      const place = placeOf(folder)
      for await (const reply of lineOf(place).stream(place.number, { op: 'scan', path: folder, ignore, at }, signal)) {
        if (!('entries' in reply)) throw new AppError('internal')
        if (reply.entries.length > 0) yield reply.entries
        if (reply.done) return
      }
    },
    async *hints(folder, { ignore }, signal): AsyncGenerator<readonly string[]> {
      const place = placeOf(folder)
      for await (const reply of lineOf(place).stream(place.number, { op: 'hints', path: folder, ignore }, signal)) {
        if ('hints' in reply) yield reply.hints
      }
    },
    async *read(folder, file): AsyncGenerator<Uint8Array> {
      const place = placeOf(folder)
      for await (const reply of lineOf(place).stream(place.number, { op: 'read', path: folder, file })) {
        if (!('bytes' in reply)) throw new AppError('internal')
        if (reply.bytes.length > 0) yield reply.bytes
        if (reply.done) return
      }
    },
    async close() {
      closed = true
      clearInterval(watching)
      const ending = Promise.all([...lines].map(line => line.end()))
      // A call of the system that hangs cannot be ended: the process does not wait for it, see `leaveHard`.
      await Promise.race([ending, pause(endTime, undefined, { ref: false })])
    },
  }
}

const shell = '/bin/sh'

/**
 * Another program in place of this one takes its threads away as a kill does, and ends with the code that is wanted. A kill alone would
 * look like a failure to whoever started it, and in a container like one of memory.
 */
function endAtOnce(code: number): void {
  // A program that is not there would abort the process; Electron's parent has its own view of how a process ends.
  if (isMainThread && process.execve && process.versions.electron === undefined && isRunnable(shell))
    process.execve(shell, ['sh', '-c', `exit ${code}`], {})
  process.kill(process.pid, 'SIGKILL')
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const silentError = ({ path: folder }: Place) => new AppError('folder-silent', { folder })
