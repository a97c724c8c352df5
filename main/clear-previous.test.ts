import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Log } from '../shared/ports.ts'
import { until } from '../tests/until.ts'
import { createClearing } from './clear-previous.ts'
import { openPreferences } from './preferences.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }

test('an old folder that is gone keeps no move, however long that takes to be written down', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-clearing-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const preferences = await openPreferences({ folder, log })
  const old = path.join(folder, 'old')
  await preferences.change({ previous: [{ folder: old, since: 0 }] })
  const { promise: written, resolve: write } = Promise.withResolvers<void>()
  const change: typeof preferences.change = async values => {
    await preferences.change(values)
    await written
  }
  const clearing = createClearing({ preferences: { ...preferences, change }, left() {}, log })
  clearing.begin()
  expect(clearing.now()).toBe(old)
  await until(() => preferences.get().previous.length === 0, 'it is not remembered any more')
  expect(clearing.now()).toBeUndefined()
  write()
})
