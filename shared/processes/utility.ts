/** Electron's utility processes behind the port `Processes`. The means to start them is handed in: `main/index.ts` alone knows Electron. */
import type { Readable } from 'node:stream'
import type { ChildProcess, Log, Processes, ProcessRole } from '../ports.ts'
import { createInbox } from './inbox.ts'
import { keepTail, lower } from './launched.ts'

/** What is used of Electron's `UtilityProcess`. */
export interface UtilityProcess {
  readonly pid: number | undefined
  readonly stderr: Readable | NodeJS.ReadableStream | null
  postMessage(message: unknown): void
  on(event: 'message', hear: (message: unknown) => void): unknown
  on(event: 'spawn', hear: () => void): unknown
  on(event: 'exit', hear: (code: number) => void): unknown
}

export interface UtilityOptions {
  /** `utilityProcess.fork`, with what it is to be called and what its environment is. */
  fork(module: string, args: string[], options: { name: string; env: Record<string, string> }): UtilityProcess
  /** `utility-entry.ts`, which runs before a role's own module and gives it the means of speech of a forked process. */
  entry: string
  /** The module each role runs, as a path. */
  entries: Partial<Record<ProcessRole, string>>
  /** Megabytes that V8 may take, by role. */
  heap?: Partial<Record<ProcessRole, number>>
  /** As `ForkOptions.priority`. */
  priority?: Partial<Record<ProcessRole, number>>
  /** By role; a role that is not named gets none of ours. */
  env?: Partial<Record<ProcessRole, Record<string, string>>>
  log: Log
}

export function createUtilityProcesses(options: UtilityOptions): Processes {
  const { fork, entry: entryOfAll, entries, heap, priority, env, log } = options
  return {
    spawn(role): ChildProcess {
      const entry = entries[role]
      if (!entry) throw new Error(`no module runs the role ${role}`)
      const child = fork(entryOfAll, [entry, String(heap?.[role] ?? 0)], {
        name: `Cloister ${role}`,
        // Electron takes an empty one for none, and hands on the whole of its own.
        env: { CLOISTER_ROLE: role, ...env?.[role] },
      })
      const inbox = createInbox()
      const stderr = keepTail(child.stderr)
      // What is said before the process has begun would be lost in some versions of Electron.
      let begun = false
      let waiting: unknown[] = []
      let gone = false
      let killed = false

      const end = () => {
        // It may end by itself in this very moment.
        try {
          if (!gone && child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
        } catch {}
      }
      child.on('message', inbox.deliver)
      child.on('spawn', () => {
        begun = true
        const least = priority?.[role]
        if (least !== undefined && child.pid !== undefined) lower(child.pid, least, log)
        for (const message of waiting) child.postMessage(message)
        waiting = []
        if (killed) end()
      })
      const exit = new Promise<{ code: number | null; signal: string | null }>(resolve => {
        child.on('exit', code => {
          gone = true
          const tail = stderr()
          if (!killed && code !== 0) log.warn('process ended', { role, code, ...(tail && { stderr: tail }) })
          // Electron tells no signal: what was killed says so by a code of failure.
          resolve({ code: killed && code === 0 ? null : code, signal: killed ? 'SIGKILL' : null })
          inbox.end()
        })
      })
      return {
        get pid() {
          return child.pid
        },
        async send(message) {
          if (gone) throw new Error(`process ${role} ${child.pid} is gone`)
          if (begun) child.postMessage(message)
          else waiting.push(message)
        },
        messages: inbox.messages,
        kill() {
          killed = true
          end()
        },
        exit,
      }
    },
  }
}
