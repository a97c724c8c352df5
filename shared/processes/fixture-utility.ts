/** Electron's utility processes as far as Node goes: forks that look like them from both sides. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { UtilityOptions, UtilityProcess } from './utility.ts'

const at = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** A fork with the looks of a utility process, on both sides. */
export const asUtility: UtilityOptions['fork'] = (module, args, options) => play(module, args, options, 0)

/** One whose messages take so many milliseconds; what has not come when its end is told does not come any more. Electron may do that. */
export const asLateUtility =
  (late: number): UtilityOptions['fork'] =>
  (module, args, options) =>
    play(module, args, options, late)

function play(module: string, args: string[], { env }: { env: Record<string, string> }, late: number): UtilityProcess {
  const child = fork(module, args, {
    serialization: 'advanced',
    execArgv: ['leave-signals', 'fixture-electron', 'fixture-parent-port'].flatMap(name => [
      '--import',
      at(`./${name}.ts`),
    ]),
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const on = (event: string, hear: (value: never) => void) => {
    if (event === 'message')
      child.on('message', message => {
        const tell = () => hear((message as { port: never }).port)
        if (late === 0) return tell()
        setTimeout(() => child.exitCode === null && child.signalCode === null && tell(), late)
      })
    // Its last message may still be under way when it has ended: without the loss that is played, it comes first.
    else if (event === 'exit') child.on(late === 0 ? 'close' : 'exit', code => hear((code ?? 1) as never))
    else child.on(event, hear as () => void)
  }
  return {
    get pid() {
      return child.pid
    },
    stderr: child.stderr,
    postMessage: (message: unknown) => void child.send({ port: message }, () => {}),
    on,
  } as UtilityProcess
}
