/** A program in one file, which is a disk as long as it runs: what lies on that is gone with the process, also what would start it anew. */
import { spawn } from 'node:child_process'
import type { Log } from '../../shared/ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The file that `program` lies in. Programs hand these variables on, so that they may be those of a terminal which is one. */
export function appImageOf({ APPIMAGE, APPDIR }: Environment, program: string): string | undefined {
  return APPIMAGE && APPDIR && program.startsWith(`${APPDIR.replace(/\/+$/, '')}/`) ? APPIMAGE : undefined
}

/** Milliseconds: one that is still there then has found its disk and its sandbox. */
const settled = 2000

/** Beside this process, and not ended with it. False where nothing came of it: the file is gone, may not be run, or ended at once. */
export function startAppImage(
  file: string,
  args: readonly string[],
  { env, log }: { env: Environment; log: Log },
): Promise<boolean> {
  const { APPIMAGE: _, APPDIR: __, ARGV0: ___, OWD: ____, ...rest } = env
  const child = spawn(file, args, { detached: true, stdio: 'ignore', env: rest })
  child.unref()
  return new Promise(resolve => {
    const fail = (why: Record<string, unknown>) => {
      log.error('the program was not started anew', { file, ...why })
      resolve(false)
    }
    child.once('error', error => fail({ error }))
    child.once('exit', (code, signal) => (code === 0 ? resolve(true) : fail({ code, signal })))
    setTimeout(() => resolve(true), settled)
  })
}
