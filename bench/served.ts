import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Client, createClient } from '../shared/api/client.ts'
import { contract } from '../shared/api/index.ts'
import { firstLine, stopChild } from './program.ts'

const root = path.join(import.meta.dirname, '..')

/** Milliseconds by which the event loop was late. */
export interface LoopDelay {
  p99: number
  longest: number
  /** The most that its thread worked in one go: on a machine that others use too it is held up for longer than it works. */
  busiest: number
}

export interface Served {
  client: Client
  address: string
  url: string
  /** Milliseconds from the start of the command to its address. */
  started: number
  /** Resident memory of the server process alone, in MB. */
  memory(): Promise<number>
  /** Of the server's event loop since it was asked last; only where it is watched. */
  delay(): Promise<LoopDelay>
  stop(): Promise<void>
}

/** `npm start` without npm, on a free port, over a data directory. What watches the event loop costs memory of its own. */
export async function startServer(
  data: string,
  { environment = {}, watched = false }: { environment?: Record<string, string>; watched?: boolean } = {},
): Promise<Served> {
  const began = performance.now()
  const preload = watched ? ['--import', './bench/event-loop.mjs'] : []
  const command = ['scripts/start.ts', '--json', '--port', '0', '--data', data]
  const child = spawn(process.execPath, ['--import', './scripts/check-node.mjs', ...preload, ...command], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: watched ? ['ignore', 'pipe', 'inherit', 'ipc'] : ['ignore', 'pipe', 'inherit'],
  })
  const { address, url } = (await firstLine(child)) as { address: string; url: string }
  const started = performance.now() - began
  const token = new URL(url).hash.replace('#token=', '')
  return {
    client: createClient({ routes: contract, url: address, token }),
    address,
    url,
    started,
    async memory() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
    },
    async delay() {
      const told = once(child, 'message')
      child.send('delay')
      return (await told)[0] as LoopDelay
    },
    stop: () => stopChild(child),
  }
}
