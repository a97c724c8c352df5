import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { ServerState } from '../../main/processes/server-process.ts'
import { socketPath } from '../../main/processes/socket-path.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { until } from '../until.ts'
import { type StartedDesktop, startDesktop } from './start-desktop.ts'

let desktop: StartedDesktop | undefined
afterEach(() => desktop?.remove())

const get = (at: string) => desktop!.server.fetch(new Request(`http://localhost${at}`))
const client = () =>
  createClient({ routes: contract, url: 'http://localhost', fetch: request => desktop!.server.fetch(request) })

describe('the server of the desktop', () => {
  it('listens on a socket alone, knows its owner, reads a document in a process of main’s, and stops in order', async () => {
    desktop = await startDesktop()
    const { server, data, folder } = desktop
    server.start()
    expect(await server.settled()).toEqual({ name: 'ready' })
    const told = JSON.parse(await readFile(path.join(data, 'server.json'), 'utf8')) as {
      address: unknown
      socket: string
    }
    expect(told).toMatchObject({ address: null, socket: socketPath(data, [folder]) })
    expect((await get('/api/v1/session')).status).toBe(200)
    const api = client()
    const projectId = (await api.projects.list()).projects[0]!.id
    const form = new FormData()
    form.append('files', new File(['Die Frist beträgt zwei Wochen.\n'], 'frist.txt'))
    const added = await server.fetch(
      new Request(`http://localhost/api/v1/projects/${projectId}/documents`, { method: 'POST', body: form }),
    )
    expect(added.status).toBe(200)
    await until(async () => (await api.documents.list({ projectId })).documents[0]?.state === 'ready', 'read')
    await server.stop()
    expect(server.state()).toEqual({ name: 'stopped' })
    expect(await readdir(data)).not.toContain('server.json')
    await expect(get('/api/v1/session')).rejects.toThrow('stopped')
  })

  it('is started again when it is killed, with another token; what waited meanwhile is answered', async () => {
    desktop = await startDesktop()
    const { server } = desktop
    const states: ServerState[] = []
    server.follow(state => states.push(state))
    server.start()
    await server.settled()
    const first = server.pid!
    process.kill(first, 'SIGKILL')
    await until(() => server.state().name === 'starting', 'it is seen')
    expect((await get('/api/v1/session')).status).toBe(200)
    expect(server.pid).not.toBe(first)
    expect(states.map(({ name }) => name)).toEqual(['starting', 'ready', 'starting', 'starting', 'ready'])
  })

  it('is never given up as long as it gets ready, however often it is killed', async () => {
    desktop = await startDesktop()
    const { server } = desktop
    server.start()
    for (let round = 0; round < 6; round++) {
      expect(await server.settled()).toEqual({ name: 'ready' })
      process.kill(server.pid!, 'SIGKILL')
      await until(() => server.state().name === 'starting', 'it is seen')
    }
    expect((await get('/api/v1/session')).status).toBe(200)
  })

  it('that says why it cannot start is not started again; it is when it is asked to', async () => {
    desktop = await startDesktop()
    const { server, data } = desktop
    await writeFile(data, 'a file, and no folder')
    server.start()
    expect(await server.settled()).toMatchObject({ name: 'failed', reason: { code: 'data-directory' } })
  })

  it('that has the folder already is named; another one starts when it is gone', async () => {
    desktop = await startDesktop()
    const { server, data } = desktop
    await mkdir(data, { recursive: true })
    const other = spawn(process.execPath, ['server/main.ts', 'serve', '--data', data, '--port', '0', '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise(resolve => other.stdout.once('data', resolve))
    server.start()
    expect(await server.settled()).toMatchObject({ name: 'failed', reason: { code: 'server-running' } })
    other.kill('SIGTERM')
    await new Promise(resolve => other.once('exit', resolve))
    server.start()
    expect(await server.settled()).toEqual({ name: 'ready' })
  })
})

describe('the path of its socket', () => {
  it('is short enough for every system, and another one for another folder', () => {
    const long = `/${'ü'.repeat(60)}`
    expect(socketPath('/a', [long, '/run/user/1000'], 'linux')).toMatch(
      /^\/run\/user\/1000\/cloister-[\da-f]{12}\.sock$/,
    )
    expect(socketPath('/a', ['/tmp'], 'linux')).not.toBe(socketPath('/b', ['/tmp'], 'linux'))
    expect(socketPath('C:\\a', ['/tmp'], 'win32')).toMatch(/^\\\\\.\\pipe\\cloister-/)
    expect(() => socketPath('/a', [long], 'darwin')).toThrow('100 bytes')
  })
})
