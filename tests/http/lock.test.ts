/** One server, or any number of commands: real processes, at the same moment, also after some were killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimDirectory, shareDirectory } from '../../server/directory-lock.ts'
import { claimServer, readRunning } from '../../server/server-file.ts'
import { currentOwner } from '../../shared/queue/owner.ts'
import { makePlace, type Place, type Running, root } from '../run-cli.ts'
import { until } from '../until.ts'

let place: Place
let data: string
let running: Running[]
beforeEach(async () => {
  place = await makePlace()
  data = path.join(place.folder, 'data')
  await mkdir(data)
  running = []
})
afterEach(async () => {
  for (const { child, finished } of running) {
    child.kill('SIGKILL')
    await finished
  }
  await place.remove()
})

/** Claims when told to and says whether it got it; releases when told to. */
const claimer = `
  import { createInterface } from 'node:readline'
  import { claimServer } from ${JSON.stringify(path.join(root, 'server/server-file.ts'))}
  let claim
  for await (const word of createInterface({ input: process.stdin })) {
    if (word === 'claim') {
      try {
        claim = await claimServer(process.argv[1], 'a token')
        await claim.tell({ address: 'http://127.0.0.1:9', socket: null })
        console.log('mine')
      } catch (error) {
        console.log(error.code)
      }
    } else {
      await claim.release()
      console.log('released')
    }
  }`

interface Claimer {
  child: ChildProcess
  ask(word: 'claim' | 'release'): Promise<string>
}

function startClaimer(): Claimer {
  const child = spawn(process.execPath, ['--input-type=module', '-e', claimer, data], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return {
    child,
    async ask(word) {
      child.stdin!.write(`${word}\n`)
      return (await lines.next()).value as string
    },
  }
}

const file = () => path.join(data, 'server.json')
const dead = { ...currentOwner(), pid: 2 ** 22 + 1 }
const announcement = (owner: object) =>
  JSON.stringify({ owner, pid: 1, address: 'http://127.0.0.1:9', socket: null, token: 'x' })

describe('of servers that start at the same moment', () => {
  it('one gets the directory, in 80 rounds of five processes, with a stale file and without, some killed', async () => {
    const claimers = Array.from({ length: 5 }, startClaimer)
    try {
      for (let round = 0; round < 80; round++) {
        if (round % 2 === 0) await writeFile(file(), round % 4 === 0 ? announcement(dead) : '')
        const answers = await Promise.all(claimers.map(({ ask }) => ask('claim')))
        expect(answers.toSorted(), `round ${round}`).toEqual(['mine', ...Array(4).fill('server-running')])
        const owner = answers.indexOf('mine')
        expect((await readRunning(data))?.owner.pid).toBe(claimers[owner].child.pid)
        expect((await stat(file())).mode & 0o777).toBe(0o600)
        if (round % 8 === 7) {
          const { child } = claimers[owner]
          const gone = new Promise(resolve => child.on('exit', resolve))
          child.kill('SIGKILL')
          await gone
          claimers[owner] = startClaimer()
        } else await claimers[owner].ask('release')
      }
      // Nothing of all that is left but the locks, and the last announcement of one that was killed.
      expect((await readdir(data)).toSorted()).toEqual(['commands.lock', 'server.json', 'server.lock'])
    } finally {
      for (const { child } of claimers) child.kill('SIGKILL')
    }
  })
})

/** Until it listens, or ends. */
async function serve(...args: string[]): Promise<Running> {
  const server = place.start(['serve', '--data', data, ...args])
  running.push(server)
  await Promise.race([until(() => existsSync(file()), 'it serves'), server.finished])
  return server
}

describe('a server', () => {
  it('that is silent, and has no port, keeps its directory; commands say that it does not answer', async () => {
    const server = await serve('--port', 'none', '--socket', path.join(place.folder, 's'))
    server.child.kill('SIGSTOP')
    const before = new Date(Date.now() - 10 * 60_000)
    await utimes(file(), before, before)
    const second = place.run(['serve', '--data', data, '--port', '0'])
    const command = place.run(['projects', 'list', '--data', data])
    expect(await second).toMatchObject({ code: 1, stderr: expect.stringContaining('A server runs on this data') })
    expect(await command).toMatchObject({ code: 1, stderr: expect.stringContaining('does not answer') })
    server.child.kill('SIGCONT')
    expect((await place.run(['projects', 'list', '--data', data])).code).toBe(0)
    expect(await readdir(path.join(data, 'running'))).toHaveLength(1)
    server.child.kill('SIGTERM')
    expect((await server.finished).code).toBe(0)
  })

  it('waits for commands, and says who is at work when they go on', async () => {
    await mkdir(path.join(data, 'running'))
    await writeFile(path.join(data, 'running', 'command.json'), JSON.stringify(currentOwner()))
    const first = await shareDirectory(data)
    const second = await shareDirectory(data)
    const refused = await place.run(['serve', '--data', data, '--port', '0'], { language: 'de' })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`(Prozess ${process.pid})`) })
    expect(existsSync(file())).toBe(false)
    first?.release()
    // Of two at once either may be the first, which waits; the other one is refused without waiting.
    const claims = [claimDirectory(data), claimDirectory(data)]
    expect(await Promise.race(claims)).toBeUndefined()
    second?.release()
    const locks = (await Promise.all(claims)).filter(lock => lock !== undefined)
    expect(locks).toHaveLength(1)
    expect(await shareDirectory(data)).toBeUndefined()
    locks[0]?.release()
    const third = await shareDirectory(data)
    expect(third).toBeDefined()
    third?.release()
  })

  it('starts when a command that ingests has ended, not beside it', async () => {
    const folder = path.join(place.folder, 'viel')
    await mkdir(folder)
    for (let number = 0; number < 60; number++)
      await writeFile(path.join(folder, `${number}.txt`), `Absatz ${number} der Ordnung.\n\n`.repeat(300))
    const ingest = place.start(['ingest', '--data', data, folder])
    await until(async () => {
      const marks = await readdir(path.join(data, 'running')).catch(() => [])
      return marks.length > 0
    }, 'it is at work')
    // Whoever asks beside it shares the work.
    const asked = place.run(['ask', '--data', data, 'Was sagt die Ordnung?'])
    let server: Running
    do {
      server = await serve('--port', '0')
    } while (!existsSync(file()))
    // The process itself may take a moment longer to go than its hold on the directory.
    const { stdout } = await place.run(['documents', 'list', '--data', data, '--json'])
    const { documents } = JSON.parse(stdout) as { documents: { state: string }[] }
    expect(documents.map(({ state }) => state)).toEqual(Array.from({ length: 60 }, () => 'ready'))
    expect(await ingest.finished).toMatchObject({ code: 0 })
    expect((await asked).code).toBe(0)
    server.child.kill('SIGTERM')
    expect((await server.finished).code).toBe(0)
  })
})

describe('what lies in server.json', () => {
  it.each(['', '{', 'null', '[]', '{"owner":{}}', announcement({}), announcement(dead)])(
    'is no server where it is %s',
    async text => {
      await writeFile(file(), text)
      expect(await readRunning(data)).toBeUndefined()
      const claim = await claimServer(data, 'a token of a server')
      await claim.tell({ address: 'http://127.0.0.1:9', socket: null })
      expect(await readRunning(data)).toMatchObject({ pid: process.pid, token: 'a token of a server' })
      await claim.release()
      expect(existsSync(file())).toBe(false)
    },
  )

  it('is not believed without the lock', async () => {
    await writeFile(file(), announcement(currentOwner()))
    expect(await place.run(['projects', 'list', '--data', data])).toMatchObject({ code: 0, stderr: '' })
  })

  it('and the token in it are never shown to a proxy', async () => {
    let asked = 0
    const proxy = createServer(socket => {
      asked += 1
      socket.destroy()
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const server = await serve('--port', '0')
    const environment = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, http_proxy: url, HTTPS_PROXY: url, ALL_PROXY: url }
    await writeFile(path.join(place.folder, 'a.txt'), 'Die Garantie endet im Mai 2031.\n')
    const added = await place.run(['ingest', '--data', data, path.join(place.folder, 'a.txt')], { environment })
    const answered = await place.run(['ask', '--data', data, 'Wann endet die Garantie?'], { environment })
    proxy.close()
    expect(asked).toBe(0)
    expect([added, answered]).toMatchObject([{ code: 0 }, { code: 0, stdout: expect.stringContaining('Mai 2031') }])
    server.child.kill('SIGTERM')
    await server.finished
  })
})

it('two questions at once share the directory', async () => {
  await writeFile(path.join(place.folder, 'a.txt'), 'Die Garantie endet im Mai 2031.\n')
  expect((await place.run(['ingest', '--data', data, path.join(place.folder, 'a.txt')])).code).toBe(0)
  const asked = await Promise.all([1, 2].map(() => place.run(['ask', '--data', data, 'Wann endet die Garantie?'])))
  for (const { code, stdout } of asked) expect([code, stdout]).toEqual([0, expect.stringContaining('Mai 2031')])
  for (const name of ['server.lock', 'commands.lock'])
    expect((await readFile(path.join(data, name)).catch(() => '')).length).toBe(0)
})
