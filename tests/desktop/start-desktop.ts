/** What the desktop's main process does, in Node: the same server behind the same broker, its processes forks instead of utility processes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServerProcess, type ServerProcess } from '../../main/processes/server-process.ts'
import { socketPath } from '../../main/processes/socket-path.ts'
import { entries } from '../../server/process-entries.ts'
import type { Log } from '../../shared/ports.ts'
import { createForkedProcesses } from '../../shared/processes/fork.ts'
import { heap, priority } from '../../shared/processes/roles.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface StartedDesktop {
  folder: string
  data: string
  server: ServerProcess
  /** Ends all processes; the folder stays, for the next start. */
  stop(): Promise<void>
  remove(): Promise<void>
}

const ofSources = { ...entries, server: fileURLToPath(new URL('../../server/desktop.ts', import.meta.url)) }

const inProgram = (folder: string) => ({
  server: path.join(folder, 'desktop.js'),
  parser: path.join(folder, 'shared-parsers-process.js'),
  recognizer: path.join(folder, 'shared-parsers-ocr-process.js'),
  model: path.join(folder, 'shared-models-process.js'),
})

export async function startDesktop({
  folder,
  program,
  env = {},
  log = silent,
}: {
  /** Of an earlier start. */
  folder?: string
  /** A folder that `buildServer` wrote; the sources without it. */
  program?: string
  env?: Record<string, string>
  log?: Log
} = {}): Promise<StartedDesktop> {
  const own = folder ?? (await mkdtemp(path.join(tmpdir(), 'cloister-desktop-')))
  const data = path.join(own, 'data')
  const processes = createForkedProcesses({
    entries: program === undefined ? ofSources : inProgram(program),
    priority,
    execArgv: { model: [`--max-old-space-size=${heap.model}`] },
    env,
    log,
  })
  const server = createServerProcess({ processes, socket: socketPath(data, [own]), dataDirectory: data, log })
  return {
    folder: own,
    data,
    server,
    stop: () => server.stop(),
    async remove() {
      await server.stop()
      await rm(own, { recursive: true, force: true })
    },
  }
}
