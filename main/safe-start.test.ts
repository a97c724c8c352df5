/** Which backup is put in the place of the library, as far as the questions about it go. */
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { playShell } from '../tests/desktop/play-shell.ts'
import { playedProcesses } from '../tests/desktop/start-desktop.ts'
import { createLibraryUse } from './library-use.ts'
import { openPreferences } from './preferences.ts'
import { askInSafeMode } from './safe-start.ts'
import type { Question } from './shell.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
const words = createTranslate('de')
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-safely-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Days of January 2026. `press`: what is pressed, one question after the other, by what the buttons say. */
async function ask(days: readonly number[], press: readonly string[]): Promise<readonly Question[]> {
  const dataDirectory = path.join(folder, 'data')
  await mkdir(path.join(folder, 'data-backups'), { recursive: true })
  for (const day of days) {
    const name = `cloister-202601${String(day).padStart(2, '0')}T120000000Z.cloister`
    await writeFile(path.join(folder, 'data-backups', name), 'no backup')
  }
  const played = playShell(folder)
  played.answer = ({ buttons, cancel, signal }) => {
    // Whoever offers to break off takes it back.
    if (signal) return once(signal, 'abort').then(() => cancel)
    const wanted = press[played.questions.length - 1]
    const at = buttons.findIndex(button => wanted !== undefined && button.includes(wanted))
    return at < 0 ? cancel : at
  }
  const server = { hold: () => () => {}, stop: async () => {} }
  const end = await askInSafeMode({
    shell: played.shell,
    words,
    processes: playedProcesses(),
    library: { dataDirectory, settings: () => ({}) },
    use: createLibraryUse({ server, changed() {} }),
    preferences: await openPreferences({ folder: played.shell.folders.userData, log }),
    why: { why: 'crashed', failed: 2 },
    log,
  })
  expect(end).toBe('quit')
  return played.questions
}

const older = words('desktop.safe.others')

test('the newest is offered first, the others by their days, also after one that came to nothing', async () => {
  const press = ['7. Januar', words('desktop.safe.restoreNow'), '', words('desktop.dialog.ok')]
  const [first, sure, ...after] = await ask([1, 2, 3, 4, 5, 6, 7], press)
  expect(first?.buttons).toHaveLength(6)
  expect(sure?.message).toContain('7. Januar 2026')
  expect(sure?.buttons).toEqual(['Zurückholen', 'Abbrechen'])
  // What it says while it looks, that it is none, and the first question again.
  const [failed, again] = after.slice(-2)
  expect(failed?.message).toMatch(/ließ sich nicht zurückholen.*keine Sicherung/)
  expect(again).toEqual(first)
}, 60_000)

test('all of them are reached, a handful after the other, and nothing is done without a word', async () => {
  const questions = await ask([1, 2, 3, 4, 5, 6, 7], [older, words('desktop.safe.older'), '1. Januar'])
  expect(questions.map(({ buttons }) => buttons.length)).toEqual([6, 6, 3, 2, 6])
  const [, newer, last, sure] = questions
  for (const [at, day] of [6, 5, 4, 3].entries()) expect(newer?.buttons[at]).toContain(`${day}. Januar 2026`)
  expect(last?.buttons.map(button => button.slice(0, 10))).toEqual(['2. Januar ', '1. Januar ', 'Abbrechen'])
  expect(sure?.message).toContain('1. Januar 2026')
  expect((await ask([], [older])).map(({ buttons }) => buttons.length)).toEqual([6, 6, 6])
}, 60_000)

test('one alone has no others, and where there is none, none is offered', async () => {
  const [none] = await ask([], [])
  const [one] = await ask([1], [])
  expect(none?.buttons.join()).not.toMatch(/Sicherung/)
  expect(one?.buttons.filter(button => button.includes('Sicherung'))).toHaveLength(1)
})
