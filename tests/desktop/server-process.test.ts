import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createServerProcess, type ServerState } from '../../main/processes/server-process.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import type { Log } from '../../shared/ports.ts'
import { builtProgram } from '../program.ts'
import { until } from '../until.ts'
import { playedProcesses, type StartedDesktop, startDesktop } from './start-desktop.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

let desktop: StartedDesktop | undefined
afterEach(() => desktop?.remove())

const get = (at: string) => desktop!.server.fetch(new Request(`http://localhost${at}`))
const client = () =>
  createClient({ routes: contract, url: 'http://localhost', fetch: request => desktop!.server.fetch(request) })

describe('the server of the desktop', () => {
  it('listens on a socket alone, knows its owner, reads a document in a process of main’s, and stops in order', async () => {
    desktop = await startDesktop({ program: builtProgram })
    const { server, data, folder } = desktop
    server.start()
    expect(await server.settled()).toEqual({ name: 'ready' })
    const told = JSON.parse(await readFile(path.join(data, 'server.json'), 'utf8')) as {
      address: unknown
      socket: string
    }
    expect(told).toMatchObject({ address: null })
    expect(path.dirname(path.dirname(told.socket))).toBe(folder)
    expect((await stat(path.dirname(told.socket))).mode & 0o777).toBe(0o700)
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
    expect((await readdir(folder)).filter(name => name.startsWith('cloister-'))).toEqual([])
    await expect(get('/api/v1/session')).rejects.toThrow('stopped')
  })

  it('is started again when it is killed, with another token; what waited meanwhile is answered', async () => {
    desktop = await startDesktop({ program: builtProgram })
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
    const names = states.map(({ name }) => name)
    expect(names.filter((name, index) => name !== names[index - 1])).toEqual(['starting', 'ready', 'starting', 'ready'])
    const doing = states.flatMap(state => (state.name === 'starting' ? [state.doing] : []))
    expect(doing.slice(0, 5)).toEqual(['keychain', 'beginning', 'waiting', 'opening', 'beginning'])
  })

  it('is never given up as long as it gets ready, however often it is killed', async () => {
    desktop = await startDesktop({ program: builtProgram })
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
    desktop = await startDesktop({ program: builtProgram })
    const { server, data } = desktop
    await writeFile(data, 'a file, and no folder')
    server.start()
    expect(await server.settled()).toMatchObject({ name: 'failed', reason: { code: 'data-directory' } })
  })

  it('that has the folder already is named; another one starts when it is gone', async () => {
    desktop = await startDesktop({ program: builtProgram })
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

describe('a server that is slow', () => {
  const play = (watch: Parameters<typeof createServerProcess>[0]['watch'], more: object = {}) => {
    const { folder, data } = desktop!
    return createServerProcess({
      processes: playedProcesses({ program: builtProgram }),
      socketFolders: [folder],
      dataDirectory: data,
      watch,
      log: silent,
      ...more,
    })
  }

  it('says what it is at and that it is late, and is never ended for it', async () => {
    desktop = await startDesktop({ program: builtProgram })
    const { promise: asked, resolve: answer } = Promise.withResolvers<Record<string, string>>()
    // Every step is late at once: nothing comes of that but a word.
    const lateAfter = { waiting: 0, opening: 0, migrating: 0, beginning: 0 }
    const server = play({ lateAfter, pace: 5 }, { settings: () => asked })
    const states: ServerState[] = []
    server.follow(state => states.push(state))
    server.start()
    server.start()
    expect(server.state()).toEqual({ name: 'starting', attempt: 0, doing: 'keychain', late: false })
    expect(server.pid).toBeUndefined()
    answer({})
    expect(await server.settled()).toEqual({ name: 'ready' })
    expect(states).toContainEqual({ name: 'starting', attempt: 0, doing: 'beginning', late: true })
    await server.stop()
  })

  it('can be stopped, held and started again while its keychain is asked', async () => {
    desktop = await startDesktop({ program: builtProgram })
    const answers: ((settings: Record<string, string>) => void)[] = []
    const server = play({}, { settings: () => new Promise<Record<string, string>>(resolve => answers.push(resolve)) })
    server.start()
    await server.stop()
    expect(server.state()).toEqual({ name: 'stopped' })
    server.start()
    expect(answers).toHaveLength(2)
    answers[0]!({})
    await new Promise(resolve => setTimeout(resolve, 100))
    expect([server.state().name, server.pid]).toEqual(['starting', undefined])
    answers[1]!({})
    expect(await server.settled()).toEqual({ name: 'ready' })
    await server.stop()
  })

  it('that stops answering is told, and well when it answers again', async () => {
    desktop = await startDesktop({ program: builtProgram })
    const server = play({ silence: { told: 300, ended: 60_000 }, pace: 20 })
    server.start()
    await server.settled()
    const { pid } = server
    process.kill(pid!, 'SIGSTOP')
    await until(() => server.state().name === 'silent', 'it is told')
    process.kill(pid!, 'SIGCONT')
    await until(() => server.state().name === 'ready', 'it answers again')
    expect(server.pid).toBe(pid)
    await server.stop()
  })

  it('that answers no more is started anew in the end', async () => {
    desktop = await startDesktop({ program: builtProgram })
    const server = play({ silence: { told: 300, ended: 1500 }, pace: 20 })
    server.start()
    await server.settled()
    const { pid } = server
    process.kill(pid!, 'SIGSTOP')
    await until(() => server.pid !== undefined && server.pid !== pid, 'another one is there')
    expect(await server.settled()).toEqual({ name: 'ready' })
    await server.stop()
  })
})
