import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { currentOwner } from '../shared/queue/owner.ts'
import { markRunning } from './running.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-running-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const marks = () => readdir(path.join(folder, 'running'))

test('an orderly end leaves no mark, and a second process beside the first is in order', async () => {
  const first = await markRunning(folder)
  const second = await markRunning(folder)
  expect([first.unclean, second.unclean]).toEqual([false, false])
  await first.end()
  await second.end()
  expect(await marks()).toEqual([])
})

test('the mark of a dead process tells, once', async () => {
  await (await markRunning(folder)).end()
  const dead = { ...currentOwner(), pid: 2 ** 22 + 1 }
  await writeFile(path.join(folder, 'running', 'dead.json'), JSON.stringify(dead))
  const next = await markRunning(folder)
  expect(next.unclean).toBe(true)
  await next.end()
  expect((await markRunning(folder)).unclean).toBe(false)
})
