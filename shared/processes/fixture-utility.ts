/** Electron's utility processes as far as Node goes: forks that look like them from both sides. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { UtilityOptions, UtilityProcess } from './utility.ts'

const at = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** A fork with the looks of a utility process, on both sides. */
export const asUtility: UtilityOptions['fork'] = (module, args, { env }) => {
  const child = fork(module, args, {
    serialization: 'advanced',
    execArgv: ['--import', at('./leave-signals.ts'), '--import', at('./fixture-parent-port.ts')],
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const on = (event: string, hear: (value: never) => void) => {
    if (event === 'message') child.on('message', message => hear((message as { port: never }).port))
    // Its last message may still be under way when it has ended; Electron tells them in order.
    else if (event === 'exit') child.on('close', code => hear((code ?? 1) as never))
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
