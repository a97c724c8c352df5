import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
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
const mark = () => markRunning(folder, path.join(folder, 'cloister.db'))
const dead = { ...currentOwner(), pid: 2 ** 22 + 1 }

test('an orderly end leaves no mark, and a second process beside the first is in order', async () => {
  const first = await mark()
  const second = await mark()
  expect([first.checkDue, second.checkDue]).toEqual([false, false])
  await first.end()
  await second.end()
  expect(await marks()).toEqual([])
})

test('after a process that died a check is due until one has ended', async () => {
  await (await mark()).end()
  await writeFile(path.join(folder, 'cloister.db'), '')
  await writeFile(path.join(folder, 'running', 'dead.json'), JSON.stringify(dead))
  for (let command = 0; command < 2; command++) {
    const next = await mark()
    expect(next.checkDue).toBe(true)
    await next.end()
  }
  const checking = await mark()
  await checking.checked()
  await checking.end()
  expect((await mark()).checkDue).toBe(false)
})

test('a check is due once a day', async () => {
  await (await mark()).end()
  await writeFile(path.join(folder, 'cloister.db'), '')
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000)
  await utimes(path.join(folder, 'last-check'), yesterday, yesterday)
  expect((await mark()).checkDue).toBe(true)
})
