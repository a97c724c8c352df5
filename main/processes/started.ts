/** What our processes are started with: their programs, and what they see of the environment. */
import path from 'node:path'
import { heap, priority } from '../../shared/processes/roles.ts'

/** `folder`: of the compiled server. `compiled`: where Node keeps what it has compiled; undefined: nowhere. */
export function describeProcesses(
  folder: string,
  { env, compiled }: { env: NodeJS.ProcessEnv; compiled: string | undefined },
) {
  // What Windows' own libraries look for; no other system needs any.
  const ofSystem = definedOf(
    Object.fromEntries(['SystemRoot', 'SystemDrive', 'TEMP', 'TMP'].map(name => [name, env[name]])),
  )
  return {
    entry: path.join(folder, 'shared-processes-utility-entry.js'),
    entries: {
      server: path.join(folder, 'desktop.js'),
      parser: path.join(folder, 'shared-parsers-process.js'),
      recognizer: path.join(folder, 'shared-parsers-ocr-process.js'),
      model: path.join(folder, 'shared-models-process.js'),
    },
    heap,
    priority,
    // The server reads settings there; what reads strangers' files gets none of it.
    env: {
      server: { ...definedOf(env), ...(compiled !== undefined && { NODE_COMPILE_CACHE: compiled }) },
      parser: ofSystem,
      recognizer: ofSystem,
      model: ofSystem,
    },
  }
}

const definedOf = (all: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
