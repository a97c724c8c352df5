import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Client, createClient } from '../shared/api/client.ts'
import { contract } from '../shared/api/index.ts'

const root = path.join(import.meta.dirname, '..')

export interface Served {
  client: Client
  url: string
  /** Milliseconds from the start of the command to its address. */
  started: number
  /** Resident memory of the server process alone, in MB. */
  memory(): Promise<number>
  stop(): Promise<void>
}

/** `npm start` without npm, on a free port, over a data directory. */
export async function startServer(data: string, environment: Record<string, string> = {}): Promise<Served> {
  const began = performance.now()
  const args = ['--import', './scripts/check-node.mjs', 'scripts/start.ts', '--json', '--port', '0', '--data', data]
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { address, url } = await firstLine(child)
  const started = performance.now() - began
  const token = new URL(url).hash.replace('#token=', '')
  return {
    client: createClient({ routes: contract, url: address, token }),
    url,
    started,
    async memory() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
    },
    async stop() {
      const ended = new Promise(resolve => child.on('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

function firstLine(child: ChildProcess): Promise<{ address: string; url: string }> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', part => {
      output += part
      if (output.includes('\n')) resolve(JSON.parse(output) as { address: string; url: string })
    })
    child.on('error', reject)
    child.on('exit', code => reject(new Error(`the server ended with ${code}`)))
  })
}
