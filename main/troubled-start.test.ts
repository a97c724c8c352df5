import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { playShell } from '../tests/desktop/play-shell.ts'
import { playedProcesses } from '../tests/desktop/start-desktop.ts'
import { until } from '../tests/until.ts'
import { createLibraryUse } from './library-use.ts'
import { openPreferences } from './preferences.ts'
import type { ServerProcess, ServerState } from './processes/server-process.ts'
import { createTroubledStart } from './troubled-start.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-troubled-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function play() {
  const played = playShell(folder)
  const hearers = new Set<(state: ServerState) => void>()
  const quits: string[] = []
  const server: ServerProcess = {
    state: () => ({ name: 'ready' }),
    follow(hear) {
      hearers.add(hear)
      return () => void hearers.delete(hear)
    },
    settled: async () => ({ name: 'ready' }),
    pid: undefined,
    start() {},
    hold: () => () => {},
    stop: async () => {},
    fetch: async () => new Response(),
  }
  const troubles = createTroubledStart({
    shell: played.shell,
    words: () => createTranslate('en'),
    processes: playedProcesses(),
    library: { dataDirectory: path.join(folder, 'data'), settings: () => ({}), server },
    use: createLibraryUse({ server, changed() {} }),
    preferences: await openPreferences({ folder: path.join(folder, 'window'), log }),
    log,
    isEnding: () => false,
    changed() {},
    show() {},
    end: async () => {},
    quit: () => void quits.push('quit'),
  })
  const become = (state: ServerState) => {
    for (const hear of hearers) hear(state)
  }
  return { played, troubles, quits, become }
}

test('what is asked about a silent server stands over the window that is there again, or the next one, until the server is heard', async () => {
  const { played, troubles, quits, become } = await play()
  const answers: ((button: number) => void)[] = []
  played.answer = () => new Promise(resolve => answers.push(resolve))
  become({ name: 'silent' })
  expect(played.questions.map(({ message }) => message)).toEqual([
    'The part of Cloister that works in the background does not answer',
  ])
  troubles.away()
  await new Promise(resolve => setImmediate(resolve))
  expect(played.questions).toHaveLength(1)
  troubles.back()
  await until(() => played.questions.length === 2, 'it is asked again')
  expect(played.questions.map(({ signal }) => signal?.aborted)).toEqual([true, false])
  // Some systems say of a dialog whose window goes that it was cancelled: nobody has said that they want to wait.
  answers[0]?.(2)
  answers[1]?.(2)
  await until(() => quits.length > 0, 'its user wants to quit')
  become({ name: 'ready' })
  become({ name: 'silent' })
  expect(played.questions).toHaveLength(3)
  become({ name: 'ready' })
  troubles.away()
  troubles.back()
  await new Promise(resolve => setImmediate(resolve))
  expect([played.questions.length, played.questions[2]?.signal?.aborted, quits]).toEqual([3, true, ['quit']])
})

test('with the windows it goes, and is asked again where the application comes back', async () => {
  const { played, troubles, quits, become } = await play()
  played.answer = () => new Promise<number>(() => {})
  become({ name: 'silent' })
  troubles.leave()
  expect(played.questions[0]?.signal?.aborted).toBe(true)
  become({ name: 'stopped' })
  become({ name: 'silent' })
  expect(played.questions).toHaveLength(2)
  expect([played.questions[1]?.signal?.aborted, quits]).toEqual([false, []])
})
