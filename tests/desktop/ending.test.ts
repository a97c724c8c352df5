/** The end of the application: what it asks before, and that it comes, whatever hangs. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../until.ts'
import { type PlayedLife, playLife } from './play-life.ts'

let folder: string
let life: PlayedLife
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-ending-'))
})
afterEach(async () => {
  if (life.played.exited === undefined) await life.desktop.end()
  for (const child of life.children) child.kill()
  await rm(folder, { recursive: true, force: true })
})

const never = new Promise<number>(() => {})
const messages = () => life.played.questions.map(({ message }) => message)

it('comes also while what moves the library hangs, which lies where it lay', async () => {
  life = await playLife(folder)
  await life.client.projects.create({ name: 'Miete' })
  const to = path.join(folder, 'elsewhere')
  life.played.folder = to
  const holding = life.holdNext()
  life.desktop.choose({ name: 'move-data' })
  await holding
  const began = performance.now()
  await life.desktop.quit()
  expect(life.played.exited).toBe(0)
  expect(performance.now() - began).toBeLessThan(8000)
  expect(await stat(to).catch(() => 'none')).toBe('none')
  life = await playLife(folder)
  expect((await life.client.projects.list()).projects.map(({ name }) => name)).toContain('Miete')
})

it('asks before a backup breaks off, and breaks it off where that is wanted', async () => {
  life = await playLife(folder)
  await life.client.projects.list()
  const writing = life.holdNext()
  life.desktop.choose({ name: 'back-up' })
  const pid = await writing
  await life.desktop.quit()
  expect([messages(), life.played.exited]).toEqual([['Gerade wird eine Sicherung geschrieben'], undefined])
  await life.call('start')
  await life.call('tellUploads', { count: 2 })
  life.played.answer = () => 1
  process.kill(pid, 'SIGCONT')
  await life.desktop.quit()
  expect(life.played.exited).toBe(0)
  const both = life.played.questions.at(-1)
  if (both?.message.startsWith('2 Dateien')) expect(both.detail).toContain('Gerade wird eine Sicherung geschrieben. ')
  await until(() => life.children.every(({ pid }) => pid === undefined || !isRunning(pid)), 'nobody is left')
  // What was half written went with it.
  for (const name of await readdir(path.join(folder, 'data-backups')).catch(() => []))
    expect(name).toMatch(/\.cloister$|^backup\.lock$/)
})

it('asks again where its question went without an answer, and ends where it cannot be asked', async () => {
  life = await playLife(folder, { answer: () => never })
  await life.client.projects.list()
  await life.call('start')
  await life.call('tellUploads', { count: 1 })
  const first = life.desktop.quit()
  await until(() => life.played.questions.length === 1, 'it is asked')
  const second = life.desktop.quit()
  await until(() => life.played.questions.length === 2, 'it is asked again')
  // The one before is closed, which is no word to end.
  await first
  expect([life.played.questions[0]?.signal?.aborted, life.played.exited]).toEqual([true, undefined])
  life.played.answer = () => {
    throw new Error('no window')
  }
  await life.desktop.quit()
  await second
  expect(life.played.exited).toBe(0)
})

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
