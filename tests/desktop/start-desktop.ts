/**
 * What the desktop's main process does, in Node: the same server behind the same broker, all of its processes begun by the entry of utility
 * processes, which here are forks with the looks of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServerProcess, type ServerProcess } from '../../main/processes/server-process.ts'
import { entries, utilityEntry } from '../../server/process-entries.ts'
import type { Log, Processes } from '../../shared/ports.ts'
import { asUtility } from '../../shared/processes/fixture-utility.ts'
import { heap, priority } from '../../shared/processes/roles.ts'
import { createUtilityProcesses, type UtilityOptions } from '../../shared/processes/utility.ts'

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

/** As with the real one: of the server alone it is kept what was compiled (`main/processes/compiled.ts`). */
function compiled(): Record<string, string> {
  const folder = process.env.NODE_COMPILE_CACHE
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder }
}

/** As `main/index.ts` has them made by Electron. */
export function playedProcesses({
  program,
  env = {},
  log = silent,
  fork = asUtility,
}: {
  /** A folder that `buildServer` wrote; the sources without it. */
  program?: string
  env?: Record<string, string>
  log?: Log
  fork?: UtilityOptions['fork']
} = {}): Processes {
  return createUtilityProcesses({
    fork,
    entry: program === undefined ? utilityEntry : path.join(program, 'shared-processes-utility-entry.js'),
    entries: program === undefined ? ofSources : inProgram(program),
    heap,
    priority,
    env: { server: { ...compiled(), ...env } },
    log,
  })
}

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
  const processes = playedProcesses({ ...(program !== undefined && { program }), env, log })
  const server = createServerProcess({ processes, socketFolders: [own], dataDirectory: data, log })
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
