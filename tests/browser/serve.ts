import { type ChildProcess, spawn } from 'node:child_process'
import { buildScreen } from '../../scripts/build-screen.ts'
import { program } from '../program.ts'
import { root } from '../run-cli.ts'

export interface Served {
  address: string
  /** With the key behind its `#`. */
  url: string
  /** The link that makes the first owner, of a server with accounts that has none. */
  setUp: string | undefined
  pid: number
  /** At once, as a power cut would. */
  kill(): Promise<void>
  stop(): Promise<void>
}

const asStarted = ['--import', './scripts/check-node.mjs', 'scripts/start.ts']

/** Serves the screen, which is built where it is older than its sources. `started`: by `npm start`, from the sources and not the built program. */
export async function serve(
  data: string,
  {
    port = 0,
    environment = {},
    started = false,
  }: { port?: number; environment?: Record<string, string>; started?: boolean } = {},
): Promise<Served> {
  if (!started && (await buildScreen()) !== 0) throw new Error('the screen could not be built')
  const child = spawn(
    process.execPath,
    [...(started ? asStarted : [...program, 'serve']), '--json', '--data', data, '--port', String(port)],
    {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: data, CLOISTER_TOKEN: 'the-key-of-the-browser-test', ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const { address, url, setUp } = await firstLine(child)
  const exit = new Promise<void>(resolve => child.on('exit', () => resolve()))
  const end = (signal: NodeJS.Signals) => async () => {
    child.kill(signal)
    await exit
  }
  return { address, url, setUp, pid: child.pid ?? 0, kill: end('SIGKILL'), stop: end('SIGTERM') }
}

function firstLine(child: ChildProcess): Promise<{ address: string; url: string; setUp?: string }> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.on('error', reject)
    child.on('exit', code => reject(new Error(`the server ended with ${code}: ${text}`)))
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more
      const line = text.split('\n').find(one => one.startsWith('{') && one.endsWith('}'))
      if (line) resolve(JSON.parse(line))
    })
  })
}
