import { getPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Log } from '../ports.ts'
import { createBroker } from './broker.ts'
import type { FromBroker } from './broker-protocol.ts'
import { createBrokeredProcesses } from './brokered.ts'
import { processesContract } from './contract.ts'
import { asUtility } from './fixture-utility.ts'
import { createForkedProcesses } from './fork.ts'
import { createUtilityProcesses, type UtilityOptions } from './utility.ts'

const at = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const entry = at('./contract-child.ts')
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

const utility = (options: Partial<UtilityOptions> = {}) =>
  createUtilityProcesses({
    fork: asUtility,
    entry: at('./utility-entry.ts'),
    entries: { parser: entry },
    log: silent,
    ...options,
  })

processesContract('utility processes', () => utility())

processesContract('processes of a broker', () => {
  let hear: (message: unknown) => void = () => {}
  const server = {
    pid: process.pid,
    send: async (message: unknown) => hear(message as FromBroker),
    messages: (async function* () {})(),
    kill() {},
    exit: new Promise<never>(() => {}),
  }
  const broker = createBroker(server, createForkedProcesses({ entries: { parser: entry }, log: silent }))
  return createBrokeredProcesses({
    channel: {
      post: message => void broker(message),
      listen: next => {
        hear = next
      },
    },
    log: silent,
  })
})

test('a role has its priority and its own environment alone', async () => {
  const child = utility({ priority: { parser: 5 }, env: { parser: { ONLY: 'this' } } }).spawn('parser')
  try {
    await child.send({ describe: true })
    const { value } = await child.messages[Symbol.asyncIterator]().next()
    expect(value).toMatchObject({ env: { ONLY: 'this' } })
    expect(value).not.toHaveProperty('env.HOME')
    expect(getPriority(child.pid)).toBeGreaterThanOrEqual(Math.min(19, getPriority() + 5))
  } finally {
    child.kill()
  }
})

test('a role that is given no environment gets none of ours: an empty one Electron would take for its own', () => {
  let given: Record<string, string> | undefined
  const fork: UtilityOptions['fork'] = (module, args, options) => {
    given = options.env
    return asUtility(module, args, options)
  }
  utility({ fork }).spawn('parser').kill()
  expect(given).toEqual({ CLOISTER_ROLE: 'parser' })
})

test('what takes more memory than its role may is ended, and the log says why', async () => {
  const warned: Record<string, unknown>[] = []
  const log: Log = { ...silent, warn: (_message, fields) => void warned.push(fields ?? {}) }
  const child = utility({ heap: { parser: 100 }, log }).spawn('parser')
  await child.send({ keep: 150 })
  expect((await child.exit).code).not.toBe(0)
  expect(String(warned[0]?.stderr)).toContain('100 are allowed')
})

test('all that a broker started ends with its server', async () => {
  let gone: (value: { code: number; signal: null }) => void = () => {}
  const told: FromBroker[] = []
  const server = {
    pid: 1,
    send: async (message: unknown) => void told.push(message as FromBroker),
    messages: (async function* () {})(),
    kill() {},
    exit: new Promise<{ code: number; signal: null }>(resolve => {
      gone = resolve
    }),
  }
  const processes = createForkedProcesses({ entries: { parser: entry }, log: silent })
  const broker = createBroker(server, processes)
  broker({ broker: 'spawn', id: 1, role: 'parser' })
  broker({ broker: 'send', id: 1, message: { loop: true } })
  await expect.poll(() => told.some(({ broker }) => broker === 'message')).toBe(true)
  gone({ code: 1, signal: null })
  await expect.poll(() => told.at(-1)).toMatchObject({ broker: 'exit', id: 1 })
  expect(broker({ type: 'ready' })).toBe(false)
})
