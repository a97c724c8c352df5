/** A Redis of the test's own, where this machine has the program. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from './free-port.ts'

const program = 'redis-server'
/** Why tests with Redis are left out, where they are. */
export const withoutRedis =
  spawnSync(program, ['--version']).status === 0 ? undefined : `there is no ${program} on this machine`

export interface TestRedis {
  url: string
  port: number
  /** As if it had crashed. */
  kill(): Promise<void>
  /** On the same port, with nothing in it. */
  start(): Promise<void>
  remove(): Promise<void>
}

export async function openTestRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    async start() {
      const options = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
      child = spawn(program, options.map(String), { stdio: 'ignore' })
      const end = Date.now() + 20_000
      while (!(await answers(port))) {
        if (Date.now() > end) throw new Error('redis does not answer')
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    },
    async kill() {
      const running = child
      child = undefined
      if (!running || running.exitCode !== null) return
      const ended = new Promise(resolve => running.once('exit', resolve))
      running.kill('SIGKILL')
      await ended
    },
    async remove() {
      await redis.kill()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
  await redis.start()
  return redis
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', data => end(String(data).includes('PONG')))
    socket.once('error', () => end(false))
  })
}
