/** Commands of ours, started as anybody starts them. */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')

export interface Program extends AsyncDisposable {
  pid: number
  /** What it said when it was ready. */
  said: Record<string, unknown>
  stop(): Promise<void>
}

/**
 * `cloister ARGS --json` until it says that it is ready. `nice`: how much it lets others go first, and with it all that it
 * starts; 0 to 19. It has a session of its own, as services have: Linux weighs sessions first, and the processes of Postgres have one each.
 * Its environment is ours without what would choose another library. Throws where it ends instead.
 */
export async function startProgram(
  args: readonly string[],
  { environment, nice = 0 }: { environment: Record<string, string>; nice?: number },
): Promise<Program> {
  const command = [process.execPath, '--import', './scripts/check-node.mjs', 'server/main.ts', ...args, '--json']
  const [file, ...rest] = nice > 0 ? ['nice', '-n', String(nice), ...command] : command
  const { PATH, HOME, TMPDIR, LANG } = process.env
  const given = { PATH, HOME, TMPDIR, LANG, ...environment }
  const child = spawn(file, rest, { cwd: root, env: given, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  // No Ctrl-C reaches it there.
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  const said = await firstLine(child)
  const stop = () => stopChild(child).finally(() => process.off('exit', end))
  // `nice` becomes the command it was given: it is the same process.
  return { pid: child.pid!, said, stop, [Symbol.asyncDispose]: stop }
}

/** The first line of its output, which is JSON. Throws where it ends without one. */
export function firstLine(child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', part => {
      output += part
      if (!output.includes('\n')) return
      try {
        resolve(JSON.parse(output.slice(0, output.indexOf('\n'))) as Record<string, unknown>)
      } catch {
        reject(new Error(`not what was expected: ${output}`))
      }
    })
    child.on('error', reject)
    child.on('exit', code => reject(new Error(`it ended with ${code}`)))
  })
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.on('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
