import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryOfUpload } from '../../bench/upload-memory.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { createSocketFetch } from '../../shared/processes/socket-fetch.ts'
import { makePlace, type Place, type Running, type RunOptions } from '../run-cli.ts'
import { until } from '../until.ts'

let place: Place
let running: Running[]
beforeEach(async () => {
  place = await makePlace()
  running = []
})
afterEach(async () => {
  for (const { child, finished } of running) {
    child.kill('SIGKILL')
    await finished
  }
  await place.remove()
})

interface Told {
  address: string | null
  url: string | null
  socket: string | null
  pid: number
}

const data = () => path.join(place.folder, 'data')

const serve = (...args: string[]) => serveAs({}, ...args)

async function serveAs(options: RunOptions, ...args: string[]): Promise<Running & { told: Told; token: string }> {
  const server = place.start(['serve', '--data', data(), '--json', ...args], options)
  running.push(server)
  let text = ''
  server.child.stdout?.on('data', (part: string) => {
    text += part
  })
  await Promise.race([until(() => text.includes('}\n'), 'it serves'), server.finished])
  if (!text.includes('}\n')) throw new Error((await server.finished).stdout)
  const { token } = JSON.parse(await readFile(path.join(data(), 'server.json'), 'utf8')) as { token: string }
  return { ...server, told: JSON.parse(text) as Told, token }
}

describe('serve', () => {
  it('says where it is, keeps the token to its owner, and ends in order', async () => {
    const { child, finished, told, token, leftOver } = await serve('--socket', path.join(place.folder, 's'))
    expect(told.url).toBe(`${told.address}/#token=${token}`)
    expect(token.length).toBeGreaterThanOrEqual(43)
    const file = path.join(data(), 'server.json')
    for (const secret of [file, told.socket!]) expect((await stat(secret)).mode & 0o777).toBe(0o600)
    const overSocket = createClient({
      routes: contract,
      url: 'http://localhost',
      token,
      fetch: createSocketFetch(told.socket!),
    })
    const overTcp = createClient({ routes: contract, url: told.address!, token })
    expect(await overSocket.projects.list()).toEqual(await overTcp.projects.list())
    const events = await overTcp.jobs.events()
    const began = Date.now()
    child.kill('SIGTERM')
    for await (const _ of events);
    expect(await finished).toMatchObject({ code: 0, stderr: '' })
    expect(Date.now() - began).toBeLessThan(9000)
    expect([existsSync(file), existsSync(told.socket!), leftOver()]).toEqual([false, false, false])
  })

  it('is the only one on its data directory, also after one that was killed', async () => {
    const first = await serve()
    const second = await place.run(['serve', '--data', data()], { language: 'de' })
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`läuft schon ein Server: ${first.told.address}`),
    })
    first.child.kill('SIGKILL')
    await first.finished
    const third = await serve()
    expect(third.token).not.toBe(first.token)
    const stale = { headers: { authorization: `Bearer ${first.token}` } }
    expect((await fetch(`${third.told.address}/api/v1/projects`, stale)).status).toBe(401)
  })

  it('takes the next port when its own is taken, but not instead of one that was named', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const named = await place.run(['serve', '--data', data(), '--port', String(port)])
    expect(named).toMatchObject({ code: 1, stderr: expect.stringContaining(`Port ${port} is taken`) })
    const first = await serve()
    first.child.kill('SIGTERM')
    await first.finished
    other.close()
    expect(Number(new URL(first.told.address!).port)).toBeGreaterThanOrEqual(3210)
  })

  it.each([
    [['--host', '0.0.0.0'], 1, '0.0.0.0 is not an address of this machine alone'],
    [['--host', '192.168.1.5'], 1, 'not an address of this machine alone'],
    [['--host', 'example.org'], 1, 'not an address of this machine alone'],
    [['--port', '99999'], 2, '--port must be a whole number'],
    [['--port', 'none'], 2, 'needs a socket'],
    [['--socket', `/tmp/${'x'.repeat(120)}`], 1, 'cannot be used'],
  ])('refuses %j', async (args, code, text) => {
    const { stderr, ...rest } = await place.run(['serve', '--data', data(), ...args])
    expect(rest.code).toBe(code)
    expect(stderr).toContain(text)
    expect(existsSync(path.join(data(), 'server.json'))).toBe(false)
  })

  it('does without a port, and does not take a file’s place for its socket', async () => {
    const file = path.join(place.folder, 'precious')
    await writeFile(file, 'precious')
    const refused = await place.run(['serve', '--data', data(), '--port', 'none', '--socket', file])
    expect(refused.code).toBe(1)
    expect(await readFile(file, 'utf8')).toBe('precious')
    const { told } = await serve('--port', 'none', '--socket', path.join(place.folder, 's'))
    expect(told).toMatchObject({ address: null, url: null })
  })

  it.skipIf(process.platform !== 'linux')(
    'takes 200 MB in without holding them in memory',
    async () => {
      // As users start it: how much of its heap V8 lets grow before it looks for waste is another matter in a process of one big file.
      const { told, token } = await serveAs({ sources: true })
      const address = told.address!
      const memory = async () =>
        Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${told.pid}/status`, 'utf8'))?.[1]) / 1024
      const client = createClient({ routes: contract, url: address, token })
      // It is 30 on a machine that does nothing else (`npm run bench -- server`), and more where it has to wait to look for waste.
      expect(await memoryOfUpload({ client, address, token, memory })).toBeLessThan(80)
    },
    120_000,
  )

  it('ends at once at the second signal', async () => {
    const { child, finished, told, token } = await serve()
    // A request that never ends holds the first signal back.
    const sent = request(`${told.address}/api/v1/projects`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': 10,
        expect: '100-continue',
      },
    })
    sent.on('error', () => {})
    await new Promise<void>(resolve => {
      sent.on('continue', () => resolve())
      sent.flushHeaders()
    })
    child.kill('SIGTERM')
    await until(
      async () =>
        !(await fetch(`${told.address}/health`).then(
          () => true,
          () => false,
        )),
      'it accepts no more',
    )
    // Soon after the first one it would be taken for the same press of a key.
    const again = setInterval(() => child.kill('SIGTERM'), 100)
    expect((await finished.finally(() => clearInterval(again))).code).toBe(130)
    // In order it would have let go of what it said of itself.
    expect(existsSync(path.join(data(), 'server.json'))).toBe(true)
  })
})
