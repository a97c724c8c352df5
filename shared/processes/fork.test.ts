import { getPriority, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import type { Log } from '../ports.ts'
import { processesContract } from './contract.ts'
import { createForkedProcesses } from './fork.ts'

const entry = fileURLToPath(new URL('./contract-child.ts', import.meta.url))
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

processesContract('forked processes', () => createForkedProcesses({ entries: { parser: entry }, log: silent }))

test('the end of standard error explains a crash in the log', async () => {
  const warned: Record<string, unknown>[] = []
  const log: Log = { ...silent, warn: (_message, fields) => void warned.push(fields ?? {}) }
  const child = createForkedProcesses({ entries: { parser: entry }, log }).spawn('parser')
  await child.send({ throw: true })
  await child.exit
  await vi.waitFor(() => expect(warned).toHaveLength(1), 30_000)
  expect(String(warned[0]!.stderr)).toContain('thrown on purpose')
})

test('a module that does not exist is an exit, not an error of the host', async () => {
  const child = createForkedProcesses({ entries: { parser: `${entry}.missing` }, log: silent }).spawn('parser')
  expect((await child.exit).code).not.toBe(0)
  expect((await child.messages[Symbol.asyncIterator]().next()).done).toBe(true)
})

test('a role that is to be nice is, and so are its threads', async () => {
  const processes = createForkedProcesses({
    entries: { parser: entry, model: entry },
    priority: { parser: 10 },
    log: silent,
  })
  const [nice, usual] = [processes.spawn('parser'), processes.spawn('model')]
  // As a worker in the background may be.
  setPriority(getPriority() + 11)
  const [nicer, alike] = [processes.spawn('parser'), processes.spawn('model')]
  const all = [nice, usual, nicer, alike]
  try {
    for (const child of all) {
      await child.send({ echo: 1 })
      await child.messages[Symbol.asyncIterator]().next()
    }
    const [ours, ...others] = [usual, nice, nicer, alike].map(({ pid }) => getPriority(pid))
    expect(others).toEqual([ours + 10, ours + 11, ours + 11])
  } finally {
    for (const child of all) child.kill()
  }
})
