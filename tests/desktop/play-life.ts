/** A life of the application in a folder: its windows, menus and questions are played, its processes are real and can be held. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startDesktop } from '../../main/desktop.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import type { Desktop } from '../../main/shell.ts'
import { type Client, createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import type { ChildProcess, Processes } from '../../shared/ports.ts'
import { builtProgram } from '../program.ts'
import { type Played, playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

export interface PlayedLife {
  desktop: Desktop
  played: Played
  /** All that were started. */
  children: readonly ChildProcess[]
  /** The next one that is started stands still until it is let go on; gives its number then. */
  holdNext(): Promise<number>
  /** By the page of the last window. */
  call(name: string, input?: unknown): Promise<unknown>
  client: Client
}

/** `told`: what each process is told first. `change`: what is different about the system. */
export async function playLife(
  folder: string,
  {
    answer,
    keyGiven = false,
    told = () => {},
    change = () => {},
  }: {
    answer?: Played['answer']
    keyGiven?: boolean
    told?: (message: unknown) => void
    change?: (played: Played) => void
  } = {},
): Promise<PlayedLife> {
  const played = playShell(folder)
  if (answer) played.answer = answer
  change(played)
  const { page } = played.shell.folders
  await mkdir(page, { recursive: true })
  await writeFile(path.join(page, 'index.html'), '<p nonce="__NONCE__"></p>')
  const children: ChildProcess[] = []
  let held: ((pid: number) => void) | undefined
  const real = playedProcesses({ program: builtProgram })
  const processes: Processes = {
    spawn(role) {
      const child = real.spawn(role)
      children.push(child)
      const { send } = child
      child.send = message => {
        child.send = send
        told(message)
        return send(message)
      }
      if (held && child.pid !== undefined) {
        process.kill(child.pid, 'SIGSTOP')
        held(child.pid)
        held = undefined
      }
      return child
    },
  }
  const desktop = await startDesktop({
    shell: played.shell,
    processes,
    dataDirectory: null,
    keyGiven,
    usualDirectory: path.join(folder, 'data'),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
  return {
    desktop,
    played,
    children,
    holdNext: () =>
      new Promise(resolve => {
        held = resolve
      }),
    call: (name, input) =>
      desktop.handleCall({ window: played.windows.length, url: `${pageOrigin}/`, isMainFrame: true }, { name, input }),
    client: createClient({ routes: contract, url: pageOrigin, fetch: request => desktop.handleRequest(request) }),
  }
}
