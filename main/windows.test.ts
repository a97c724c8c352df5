import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { playShell } from '../tests/desktop/play-shell.ts'
import { until } from '../tests/until.ts'
import type { BridgeRouter } from './bridge/router.ts'
import { openPreferences } from './preferences.ts'
import { askToShowAnew } from './questions.ts'
import { createStandingQuestions } from './standing-questions.ts'
import { createWindows } from './windows.ts'

async function play(stays: () => boolean | Promise<boolean> = () => true) {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-windows-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const played = playShell(folder)
  const errors: string[] = []
  const standing: string[] = []
  const questions = createStandingQuestions(played.shell)
  let gone = 0
  const log: Log = { debug() {}, info() {}, warn() {}, error: message => void errors.push(message) }
  const router: BridgeRouter = {
    open() {},
    close() {},
    tell() {},
    tellAll() {},
    handle: () => Promise.reject(new Error('nobody calls')),
  }
  const windows = createWindows({
    shell: played.shell,
    router: () => router,
    preferences: await openPreferences({ folder, log }),
    title: () => 'Cloister',
    stays,
    hidden: () => void standing.push('hidden'),
    gone: () => void gone++,
    away() {
      standing.push('away')
      questions.away()
    },
    back() {
      standing.push('back')
      questions.back()
    },
    troubled: (how, signal) => askToShowAnew({ shell: questions, words: createTranslate('en'), log }, how, signal),
    forget() {},
  })
  windows.show()
  return { windows, played, standing, errors, gone: () => gone }
}

test('what was said of a page that has gone meanwhile is no word about the next one, which is asked about by itself', async () => {
  const { played } = await play()
  const answers: ((button: number) => void)[] = []
  played.answer = () => new Promise(resolve => answers.push(resolve))
  const [first] = played.windows
  first?.events.slow?.()
  first?.events.slow?.()
  expect(played.questions).toHaveLength(1)
  first?.events.failed?.()
  const [, second] = played.windows
  second?.events.slow?.()
  expect(played.questions).toHaveLength(2)
  answers[0]?.(0)
  await new Promise(resolve => setImmediate(resolve))
  expect([played.windows.length, second?.destroyed]).toEqual([2, false])
  answers[1]?.(0)
  await until(() => played.windows.length === 3, 'the page is shown anew')
  expect(second?.destroyed).toBe(true)
})

test('what stands over a window goes before it is closed, and is back with it or with the next one', async () => {
  const { windows, played, standing } = await play()
  const [first] = played.windows
  if (first) first.window.hide = () => void standing.push('closed')
  expect(first?.events.closing?.()).toBe(false)
  expect(standing.splice(0)).toEqual(['back', 'away', 'closed', 'hidden'])
  windows.show()
  expect(standing.splice(0)).toEqual(['back'])
  first?.events.failed?.()
  expect([played.windows.length, standing]).toEqual([2, ['away', 'back']])
})

test('a page that ended again and again is asked about over its window when that is there again: with it nobody has quit', async () => {
  const { windows, played, gone } = await play()
  const answers: ((button: number) => void)[] = []
  played.answer = () => new Promise(resolve => answers.push(resolve))
  for (let time = 0; time < 3; time++) played.windows.at(-1)?.events.failed?.()
  expect(played.questions).toHaveLength(1)
  expect(played.windows[2]?.events.closing?.()).toBe(false)
  // As some systems say of it.
  answers[0]?.(1)
  await new Promise(resolve => setImmediate(resolve))
  expect([played.questions.length, gone()]).toEqual([1, 0])
  windows.show()
  await until(() => played.questions.length === 2, 'it is asked again')
  answers[1]?.(0)
  await until(() => played.windows.length === 4, 'the page is shown anew')
  expect([played.windows[2]?.destroyed, gone()]).toEqual([true, 0])
  // For good, the question goes with it: that it was closed is said once.
  played.windows[3]?.events.failed?.()
  played.windows[3]?.window.destroy()
  await new Promise(resolve => setImmediate(resolve))
  expect([played.questions.length, played.questions[2]?.signal?.aborted, gone()]).toEqual([3, true, 1])
})

test('a window that gave way to another one while it was asked whether it may go takes nothing of that along', async () => {
  const { promise: asked, resolve: answer } = Promise.withResolvers<boolean>()
  const { played, standing } = await play(() => asked)
  played.windows[0]?.events.closing?.()
  played.windows[0]?.events.failed?.()
  answer(true)
  await new Promise(resolve => setImmediate(resolve))
  expect([played.windows.length, standing]).toEqual([2, ['back', 'away', 'back']])
})

test('where nobody can be asked, a slow page is waited for, and one that ends again and again ends the application', async () => {
  const { played, errors, gone } = await play()
  played.answer = () => Promise.reject(new Error('there is no screen'))
  played.windows[0]?.events.slow?.()
  await until(() => errors.length === 1, 'it is written down')
  for (let time = 0; time < 3; time++) played.windows.at(-1)?.events.failed?.()
  await until(() => gone() === 1, 'it ends')
  expect([played.windows.length, errors.length]).toEqual([3, 2])
})
