/** What the desktop makes of servers that cannot be ended, and of hearers that fail. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ChildProcess, Log } from '../../shared/ports.ts'
import { createInbox } from '../../shared/processes/inbox.ts'
import { until } from '../../tests/until.ts'
import { createServerProcess, type ServerProcess, type ServerState } from './server-process.ts'

let folder: string
let server: ServerProcess
let states: ServerState['name'][]
/** Of the log. */
let said: string[]
let played: Played[]
interface Played {
  /** Answers no ping. */
  silent: boolean
  /** Nothing ends it: it waits for a drive. */
  stuck: boolean
  alive: boolean
  kills: number
  deliver(message: unknown): void
}

const note = (message: string) => void said.push(message)
const log: Log = { debug() {}, info() {}, warn: note, error: note }

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-played-'))
  states = []
  said = []
  played = []
})
afterEach(async () => {
  for (const one of played) one.stuck = false
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

function spawn(): ChildProcess {
  const inbox = createInbox()
  const exit = Promise.withResolvers<Awaited<ChildProcess['exit']>>()
  const one: Played = { silent: false, stuck: false, alive: true, kills: 0, deliver: inbox.deliver }
  played.push(one)
  function end(): void {
    if (one.stuck) return
    one.alive = false
    inbox.end()
    exit.resolve({ code: 0, signal: null })
  }
  return {
    pid: 1000 + played.length,
    messages: inbox.messages,
    exit: exit.promise,
    async send(message) {
      const type = message instanceof Object && 'type' in message ? message.type : undefined
      if (type === 'start') inbox.deliver({ type: 'ready' })
      if (type === 'ping' && !one.silent) inbox.deliver({ type: 'pong', inspected: false })
      if (type === 'stop') end()
    },
    kill() {
      one.kills += 1
      end()
    },
  }
}

function play(silence = { told: 100, ended: 60_000 }): void {
  const watch = { silence, pace: 10 }
  server = createServerProcess({ processes: { spawn }, socketFolders: [folder], dataDirectory: folder, watch, log })
  server.follow(({ name }) => void states.push(name))
}

/** As long as it takes to call one silent that never answered. */
const aWhile = () => new Promise(resolve => setTimeout(resolve, 500))

test('a hearer that fails is told of, ends no server, and keeps nobody else from hearing', async () => {
  play()
  const heard: string[] = []
  server.follow(({ name }) => {
    if (name === 'ready') throw new Error('a menu cannot be drawn')
  })
  server.follow(({ name }) => void heard.push(name))
  server.start()
  expect(await server.settled()).toEqual({ name: 'ready' })
  expect([played[0]?.kills, heard.at(-1)]).toEqual([0, 'ready'])
  expect(said).toEqual(['what the server has become was not heard'])
})

test('one that cannot be ended judges nobody after it', async () => {
  play()
  server.start()
  await server.settled()
  Object.assign(played[0]!, { silent: true, stuck: true })
  await until(() => server.state().name === 'silent', 'it is told')
  await server.stop()
  server.start()
  expect(await server.settled()).toEqual({ name: 'ready' })
  states = []
  played[0]!.deliver({ type: 'ready' })
  await aWhile()
  expect([states, server.state().name]).toEqual([[], 'ready'])
}, 20_000)

test('two stops at once are one, and whoever starts after either finds one server', async () => {
  play()
  server.start()
  await server.settled()
  played[0]!.stuck = true
  const restart = async () => {
    await server.stop()
    server.start()
  }
  const first = restart()
  await aWhile()
  await restart()
  await first
  expect(await server.settled()).toEqual({ name: 'ready' })
  // The second stop would have had its own clock.
  await aWhile()
  await aWhile()
  expect([server.state().name, server.pid, played.length]).toEqual(['ready', 1002, 2])
}, 20_000)

test('one that nothing ends is ended again only after another long silence', async () => {
  play({ told: 50, ended: 1000 })
  server.start()
  await server.settled()
  Object.assign(played[0]!, { silent: true, stuck: true })
  await until(() => played[0]!.kills > 0, 'it is to be ended')
  const { kills } = played[0]!
  await new Promise(resolve => setTimeout(resolve, 100))
  expect([kills, played[0]!.kills]).toEqual([1, 1])
})
