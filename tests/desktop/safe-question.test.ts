/** The question of safe mode goes with no window, is answered by none, and nothing starts the server past it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Question } from '../../main/shell.ts'
import { until } from '../until.ts'
import { type PlayedLife, playLife } from './play-life.ts'
import type { Played } from './play-shell.ts'

let folder: string
let life: PlayedLife
/** What has come of the application. */
let seen: string[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-question-'))
  seen = []
})
afterEach(async () => {
  await life.desktop.end()
  for (const child of life.children) child.kill()
  await rm(folder, { recursive: true, force: true })
})

const isSafe = ({ buttons }: Question) => buttons.length > 2
const safeQuestions = () => life.played.questions.filter(isSafe)

/** `cancels`: a dialog that goes with its window says that it was cancelled, as on Windows, and nothing at all, as on macOS. */
function withDialogs(cancels: boolean) {
  let close = () => {}
  return {
    answer: (question: Question) => {
      if (!isSafe(question)) return 0
      return new Promise<number>(resolve => {
        close = () => resolve(question.cancel)
      })
    },
    change(played: Played) {
      const { shell } = played
      const { openWindow, exit } = shell
      shell.exit = code => {
        seen.push('exit')
        exit(code)
      }
      shell.openWindow = options => {
        const window = openWindow(options)
        const { destroy } = window
        window.destroy = () => {
          destroy()
          if (cancels) setImmediate(close)
        }
        return window
      }
      const connectUpdater = async () => ({
        autoDownload: true,
        autoInstallOnAppQuit: true,
        allowDowngrade: false,
        allowPrerelease: false,
        disableWebInstaller: false,
        channel: null,
        checkForUpdates: async () => ({ updateInfo: { version: '0.2.0' } }),
        downloadUpdate: async () => {},
        quitAndInstall: () => {
          seen.push('installs')
          // A turn in which what was cancelled would be heard.
          setTimeout(() => fail(new Error('no room')), 100)
        },
        on(event: string, hearer: unknown) {
          if (event === 'error' && typeof hearer === 'function') fail = error => void hearer(error)
        },
      })
      played.shell = { ...shell, channel: { url: 'http://127.0.0.1:9/', key: 'a' }, connectUpdater }
    },
  }
}
let fail: (error: Error) => void

async function damage(): Promise<void> {
  await mkdir(path.join(folder, 'data'), { recursive: true })
  const database = path.join(folder, 'data', 'cloister.db')
  // What was written last would mend it.
  for (const beside of ['-wal', '-shm']) await rm(`${database}${beside}`, { force: true })
  await writeFile(database, Buffer.alloc(8192, 0x5a))
}

async function expectSafe(started: number): Promise<void> {
  expect(await life.call('start')).toMatchObject({ value: { server: { name: 'stopped', safe: {} } } })
  expect(await life.call('startServer')).toMatchObject({ reason: { code: 'library-busy' } })
  expect(life.children).toHaveLength(started)
}

it.each([[true], [false]])('is asked again where an update was not installed, and ends none (%s)', async cancels => {
  await damage()
  life = await playLife(folder, withDialogs(cancels))
  await until(() => safeQuestions().length === 1, 'it is asked')
  const started = life.children.length
  await life.call('start')
  for (const choice of ['check', 'download', 'install']) await life.call('chooseUpdate', { choice })
  expect(safeQuestions()[0]?.signal?.aborted).toBe(true)
  await until(() => safeQuestions().length === 2, 'it is asked again')
  expect(seen).toEqual(['installs'])
  await expectSafe(started)
})

it.each([[true], [false]])(
  'is asked again over a window whose page was opened anew, and ends nothing (%s)',
  async cancels => {
    await damage()
    life = await playLife(folder, withDialogs(cancels))
    await until(() => safeQuestions().length === 1, 'it is asked')
    const started = life.children.length
    life.played.windows[0]?.events.failed?.()
    await until(() => safeQuestions().length === 2, 'it is asked again')
    await new Promise(resolve => setTimeout(resolve, 100))
    expect([life.played.windows.length, seen, safeQuestions().length]).toEqual([2, [], 2])
    await expectSafe(started)
  },
)

it('is not passed by a move that came to nothing, whose folder was asked for before', async () => {
  const dialogs = withDialogs(false)
  const to = path.join(folder, 'elsewhere')
  const chosen = Promise.withResolvers<string>()
  const began = Promise.withResolvers<void>()
  life = await playLife(folder, {
    async answer(question) {
      if (isSafe(question)) return dialogs.answer(question)
      // Something else lies there by now, so that nothing is moved.
      await mkdir(to, { recursive: true })
      await writeFile(path.join(to, 'other.txt'), 'another thing')
      return 0
    },
    change(played) {
      dialogs.change(played)
      played.shell.chooseFolder = () => {
        began.resolve()
        return chosen.promise
      }
    },
  })
  await life.client.projects.list()
  life.desktop.choose({ name: 'move-data' })
  await began.promise
  await damage()
  life.children[0]?.kill()
  await until(() => safeQuestions().length === 1, 'it is asked')
  const started = life.children.length
  chosen.resolve(to)
  await until(() => life.played.questions.filter(question => !isSafe(question)).length === 2, 'nothing was moved')
  await expectSafe(started)
})

it('leaves the way to try again where it cannot be asked', async () => {
  await damage()
  let asked = 0
  life = await playLife(folder, {
    answer(question) {
      if (!isSafe(question)) return 0
      asked += 1
      if (asked === 1) throw new Error('Object has been destroyed')
      return new Promise(() => {})
    },
  })
  await until(() => asked === 1, 'it is asked')
  const failed = { value: { server: { name: 'failed', reason: { code: 'data-damaged' } } } }
  await until(async () => JSON.stringify(await life.call('start')).includes('failed'), 'the page says so')
  expect(await life.call('start')).toMatchObject(failed)
  await life.call('startServer')
  await until(() => asked === 2, 'it is asked again')
})

it('leaves that way also where starts came to nothing before, and no server has said why', async () => {
  const data = path.join(folder, 'data')
  await mkdir(path.join(folder, 'window'), { recursive: true })
  await writeFile(path.join(folder, 'window', 'starting.json'), JSON.stringify({ failed: 2, dataDirectory: data }))
  life = await playLife(folder, {
    answer() {
      throw new Error('Object has been destroyed')
    },
  })
  await until(() => life.played.questions.length === 1, 'it is asked')
  await until(async () => JSON.stringify(await life.call('start')).includes('failed'), 'the page says so')
  expect(life.children).toHaveLength(0)
  await life.call('startServer')
  expect((await life.client.projects.list()).projects).toHaveLength(1)
})
