/** Who may open a data directory that main works on itself, and a server that is not to be started meanwhile. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdDirectory } from '../../main/data/hold-directory.ts'
import { createServerProcess } from '../../main/processes/server-process.ts'
import type { ChildProcess, Log, Processes } from '../../shared/ports.ts'
import { builtProgram } from '../program.ts'
import { until } from '../until.ts'
import { playedProcesses } from './start-desktop.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const processes = playedProcesses({ program: builtProgram })
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-hold-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a folder that is held', () => {
  it('is opened by no server and by no command until it is let go', async () => {
    const dataDirectory = path.join(folder, 'data')
    const held = await holdDirectory(processes, { dataDirectory })
    await expect(holdDirectory(processes, { dataDirectory })).rejects.toMatchObject({ code: 'server-running' })
    const server = createServerProcess({
      processes,
      socketFolders: [folder],
      dataDirectory,
      log: silent,
    })
    server.start()
    expect(await server.settled()).toMatchObject({ name: 'failed', reason: { code: 'server-running' } })
    const command = spawn(process.execPath, ['server/main.ts', 'projects', 'list', '--data', dataDirectory], {
      stdio: 'ignore',
    })
    expect(await new Promise(resolve => command.once('exit', resolve))).not.toBe(0)
    expect(await readdir(dataDirectory)).not.toContain('cloister.db')
    expect(held.lost.aborted).toBe(false)
    await held.release()
    expect(held.lost.aborted).toBe(false)
    server.start()
    expect(await server.settled()).toEqual({ name: 'ready' })
    await expect(holdDirectory(processes, { dataDirectory })).rejects.toMatchObject({ code: 'server-running' })
    await server.stop()
  })

  it('by nobody, as its process hangs, is given up in time, or when it is no longer wanted', async () => {
    const children: ChildProcess[] = []
    const hanging: Processes = {
      spawn(role) {
        const child = processes.spawn(role)
        children.push(child)
        process.kill(child.pid!, 'SIGSTOP')
        return child
      },
    }
    const library = { dataDirectory: path.join(folder, 'data') }
    await expect(holdDirectory(hanging, library, { within: 100 })).rejects.toMatchObject({ code: 'disk-error' })
    const wanted = new AbortController()
    const holding = holdDirectory(hanging, library, { signal: wanted.signal })
    wanted.abort()
    await expect(holding).rejects.toBe(wanted.signal.reason)
    for (const child of children) await child.exit
  })

  it('is known to be held no longer when its process is killed', async () => {
    const children: ChildProcess[] = []
    const watched: Processes = {
      spawn(role) {
        const child = processes.spawn(role)
        children.push(child)
        return child
      },
    }
    const held = await holdDirectory(watched, { dataDirectory: path.join(folder, 'data') })
    children[0]!.kill()
    await until(() => held.lost.aborted, 'it is known')
    await held.release()
  })
})

describe('a server that is held', () => {
  const of = (from: Processes) => {
    const dataDirectory = path.join(folder, 'data')
    return createServerProcess({
      processes: from,
      socketFolders: [folder],
      dataDirectory,
      log: silent,
    })
  }

  it('starts when it is let go, if somebody asked for it and nobody took that back', async () => {
    const server = of(processes)
    const [first, second] = [server.hold(), server.hold()]
    server.start()
    expect([server.state().name, server.pid]).toEqual(['stopped', undefined])
    first()
    first()
    expect(server.state().name).toBe('stopped')
    await server.stop()
    second()
    expect(server.state().name).toBe('stopped')
    const third = server.hold()
    server.start()
    third()
    expect(await server.settled()).toEqual({ name: 'ready' })
    // While it stops, too.
    const fourth = server.hold()
    const stopped = server.stop()
    server.start()
    await stopped
    fourth()
    expect(await server.settled()).toEqual({ name: 'ready' })
    await server.stop()
  })

  it('that cannot even be spawned has failed, and can be stopped', async () => {
    const server = of({
      spawn() {
        throw new Error('no memory')
      },
    })
    server.start()
    expect(await server.settled()).toEqual({ name: 'failed', reason: { code: 'internal' } })
    await server.stop()
    expect(server.state()).toEqual({ name: 'stopped' })
  })
})
