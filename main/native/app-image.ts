/** A program in one file, which is a disk as long as it runs: what lies on that is gone with the process, also what would start it anew. */
import { spawn } from 'node:child_process'
import type { Log } from '../../shared/ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The file that `program` lies in. Programs hand these variables on, so that they may be those of a terminal which is one. */
export function appImageOf({ APPIMAGE, APPDIR }: Environment, program: string): string | undefined {
  return APPIMAGE && APPDIR && program.startsWith(`${APPDIR.replace(/\/+$/, '')}/`) ? APPIMAGE : undefined
}

/** Beside this process, and not ended with it. */
export function startAppImage(
  file: string,
  args: readonly string[],
  { env, log }: { env: Environment; log: Log },
): void {
  const { APPIMAGE: _, APPDIR: __, ARGV0: ___, OWD: ____, ...rest } = env
  const child = spawn(file, args, { detached: true, stdio: 'ignore', env: rest })
  child.on('error', error => log.error('the program was not started anew', { file, error }))
  child.unref()
}
