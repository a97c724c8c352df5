import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { playShell } from '../tests/desktop/play-shell.ts'
import { playedProcesses } from '../tests/desktop/start-desktop.ts'
import { until } from '../tests/until.ts'
import { findLibrary } from './find-library.ts'
import { openPreferences } from './preferences.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-find-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Where it is, when nobody is at work in its folder any more. */
async function settled(finding: ReturnType<typeof findLibrary>): Promise<string> {
  const library = await finding
  await until(() => library.key() !== undefined, 'its key is there, or not')
  return library.dataDirectory
}

test('a folder that does not answer is told, as often as its user wants to wait for it, and not any more when it does', async () => {
  const played = playShell(folder)
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  const preferences = await openPreferences({ folder: path.join(folder, 'window'), log })
  const from = path.join(folder, 'library')
  await mkdir(from)
  await preferences.change({
    move: { from, to: path.join(folder, 'to'), way: 'rename', made: true, backups: path.join(folder, 'backups') },
  })
  // What finds out what has become of a move waits for the drive.
  const change = async (values: Parameters<typeof preferences.change>[0]) => {
    await answered
    await preferences.change(values)
  }
  const finding = findLibrary({
    shell: played.shell,
    words: createTranslate('en'),
    preferences: { ...preferences, change },
    processes: playedProcesses(),
    named: null,
    usual: from,
    keyGiven: false,
    log,
    lateAfter: 20,
  })
  await until(() => played.questions.length >= 2, 'it is told again')
  played.answer = () => new Promise<number>(() => {})
  const { length } = played.questions
  await until(() => played.questions.length > length, 'it is told once more')
  expect(played.questions.at(-1)?.message).toBe('The folder of the library does not answer')
  answer()
  expect(await settled(finding)).toBe(from)
  expect(played.questions.at(-1)?.signal?.aborted).toBe(true)
  const told = played.questions.length
  await new Promise(resolve => setTimeout(resolve, 60))
  expect([played.questions.length, played.exited]).toEqual([told, undefined])
})

test('a library that was open once is asked about where it is not, and none is begun in its place unasked', async () => {
  const played = playShell(folder)
  const preferences = await openPreferences({ folder: path.join(folder, 'window'), log })
  const from = path.join(folder, 'drive', 'library')
  await preferences.change({ opened: [from] })
  const find = () =>
    findLibrary({
      shell: played.shell,
      words: createTranslate('en'),
      preferences,
      processes: playedProcesses(),
      named: null,
      usual: from,
      keyGiven: false,
      log,
    })
  // First its drive is not there, then what it is mounted on is, then the library itself.
  played.answer = async () => {
    if (played.questions.length === 1) await mkdir(from, { recursive: true })
    else await writeFile(path.join(from, 'cloister.db'), '')
    return 0
  }
  expect(await settled(find())).toBe(from)
  expect(played.questions.map(({ message, buttons }) => [message, buttons])).toEqual(
    Array.from({ length: 2 }, () => [
      `The library is not there: ${from}`,
      ['Try Again', 'Quit', 'Begin a New Library'],
    ]),
  )
  await rm(from, { recursive: true })
  played.answer = () => 2
  expect(await settled(find())).toBe(from)
  expect([played.questions.length, played.exited]).toEqual([3, undefined])
})
