import { type ChildProcess as Forked, fork } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import path from 'node:path'
import type { ChildProcess, Log, Processes, ProcessRole } from '../ports.ts'
import { createInbox } from './inbox.ts'
import { keepTail, lower } from './launched.ts'

export interface ForkOptions {
  /** The module each role runs. */
  entries: Partial<Record<ProcessRole, string>>
  log: Log
  /** Options of Node, by role. */
  execArgv?: Partial<Record<ProcessRole, string[]>>
  /** How nice a role is at least, as `os.setPriority` counts: 10 is below normal, on Windows too. None is less so than this process. */
  priority?: Partial<Record<ProcessRole, number>>
  /** A child that reads strangers' files needs none of the host's environment, which may hold secrets: but where compiled code is kept. */
  env?: Record<string, string>
}

// Before the entry, whose own modules may take a second to load.
const leaveSignals = new URL('./leave-signals.ts', import.meta.url).href

/** Processes by `child_process.fork`; messages are structured clones (`serialization: 'advanced'`). */
export function createForkedProcesses(options: ForkOptions): Processes {
  return {
    spawn(role) {
      const entry = options.entries[role]
      if (!entry) throw new Error(`no module runs the role ${role}`)
      const child = fork(entry, {
        serialization: 'advanced',
        // Not the host's own: a host started under a debugger or a test runner must not hand that on.
        execArgv: ['--import', leaveSignals, ...(options.execArgv?.[role] ?? [])],
        env: { ...compiled(), ...options.env },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      const priority = options.priority?.[role]
      if (priority !== undefined && child.pid !== undefined) lower(child.pid, priority, options.log)
      return wrap(child, role, options.log)
    },
  }
}

/**
 * The folder that this process keeps compiled code in, if it does. A parser needs 0.19 s of the processor for a small text with it and
 * 0.4 s without (types are stripped anew in both of its threads), for a PDF file 0.6 instead of 0.9.
 */
function compiled(): Record<string, string> {
  const own = getCompileCacheDir()
  // What Node says is the part for this version of it, which it adds by itself.
  return own === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(own) }
}

function wrap(child: Forked, role: ProcessRole, log: Log): ChildProcess {
  const { pid } = child
  let exited = false
  let disconnected = false
  let killed = false
  const inbox = createInbox(hold)

  // An idle child keeps the host alive as little as an open file does; only while somebody waits for a message it counts.
  function hold(held: boolean) {
    if (held) {
      child.ref()
      child.channel?.ref()
    } else {
      child.unref()
      child.channel?.unref()
    }
  }

  // A message may still be in the pipe when the exit is reported: the end is when both have happened.
  function endIfOver() {
    if (exited && disconnected) inbox.end()
  }

  const exit = new Promise<{ code: number | null; signal: string | null }>(resolve => {
    const settle = (code: number | null, signal: string | null, cause?: Error) => {
      if (exited) return
      exited = true
      disconnected = disconnected || !child.connected
      if (cause) log.warn('process not started', { role, cause: cause.message })
      resolve({ code, signal })
      endIfOver()
    }
    child.on('exit', (code, signal) => settle(code, signal))
    child.on('error', error => {
      // Also reported for a failed send or kill; the process is gone only when it never got a pid.
      if (child.pid === undefined) {
        disconnected = true
        settle(null, null, error)
      }
    })
  })
  // `close` comes after the last of standard error was read, `exit` may come before.
  child.on('close', (code, signal) => {
    if (killed || (code === 0 && signal === null) || pid === undefined) return
    const tail = stderr()
    log.warn('process ended', { role, pid, code, signal, ...(tail && { stderr: tail }) })
  })
  child.on('message', inbox.deliver)
  child.on('disconnect', () => {
    disconnected = true
    endIfOver()
  })
  const stderr = keepTail(child.stderr)
  hold(false)

  return {
    pid,
    send(message) {
      return new Promise<void>((resolve, reject) => {
        if (exited || !child.connected) return reject(new Error(`process ${role} ${pid} is gone`))
        child.send(message as object, error => (error ? reject(error) : resolve()))
      })
    },
    messages: inbox.messages,
    kill() {
      killed = true
      // Whoever waits for the exit now must see it.
      if (!exited) child.ref()
      child.kill('SIGKILL')
    },
    exit,
  }
}
