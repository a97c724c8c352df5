/**
 * Thousands of requests made of the API's own description, good, bad and hostile, by the owner of a server with accounts: none may find
 * an error that is nobody's.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import path from 'node:path'
import { runFuzz } from '../tests/http/fuzz-run.ts'
import { atLeast, atMost, type Bench, told } from './figure.ts'
import { firstLine, stopChild } from './program.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const usual = 20_000
const email = 'owner@cloister.test'
const password = 'vier alte Kühe am Bach'

/** `COUNT SEED`, where others are wanted. */
export const bench: Bench = async ({ note, args }) => {
  const [count = usual, seed = 1] = args.map(Number)
  await using folder = await createTemporaryFolder('fuzz')
  const port = await freePort()
  const host = `localhost:${port}`
  const child = spawn(
    process.execPath,
    ['server/main.ts', 'serve', '--json', '--host', '127.0.0.1', '--port', String(port), '--data', folder.path],
    {
      cwd: path.join(import.meta.dirname, '..'),
      env: {
        ...process.env,
        MODE: 'server',
        PUBLIC_URL: `http://${host}`,
        AUTH_SECRET: 'of a bench, long enough and of many signs 0123456789',
        RATE_LIMIT: 'off',
        OFFLINE: 'on',
        LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  try {
    const { setUp = '' } = (await firstLine(child)) as { setUp?: string }
    let cookie = ''
    const enter = async (call: string, body: object) => {
      const response = await fetch(`http://${host}/api/v1/auth/${call}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (response.ok)
        cookie = response.headers
          .getSetCookie()
          .map(line => line.split(';', 1)[0])
          .join('; ')
      return response.status
    }
    const status = await enter('set-up', { token: setUp.split(/#[a-z-]+=/)[1] ?? '', email, password })
    if (status !== 200) throw new Error(`the first owner was not made: ${status}`)
    note(`${count} requests from seed ${seed}`)
    const began = performance.now()
    const target = { port, host, cookie: () => cookie, logIn: () => enter('login', { email, password }) }
    const { faults, requests, reached, routes, statuses } = await runFuzz({ target, count, seed, note })
    const time = (performance.now() - began) / 1000
    for (const { request, status, text } of faults.slice(0, 20))
      note(
        `${status} ${request.method} ${request.path.slice(0, 200)} ${String(request.body ?? '').slice(0, 300)}\n    ${text}`,
      )
    const share = (from: number, to: number) =>
      [...statuses].reduce((sum, [status, times]) => sum + (status >= from && status < to ? times : 0), 0) / requests
    return [
      atMost('unhandled errors of the server', faults.length, '', 0),
      atLeast('requests', requests, '', count),
      atLeast('routes that answered well at least once, of all', reached / routes, '', count >= usual ? 0.4 : 0.1),
      told('answered well', share(200, 300), ''),
      told('refused', share(400, 500), ''),
      told('requests a second', requests / time, '1/s'),
    ]
  } finally {
    await stopChild(child)
  }
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
