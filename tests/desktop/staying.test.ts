/** What becomes of the application when its window is closed: it goes on where its user finds it again, and nowhere else. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startDesktop } from '../../main/desktop.ts'
import type { Desktop } from '../../main/shell.ts'
import type { Log } from '../../shared/ports.ts'
import { builtProgram } from '../program.ts'
import { until } from '../until.ts'
import { type Played, playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const told = 'Cloister läuft im Hintergrund weiter'
let folder: string
let played: Played
let desktop: Desktop | undefined
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-staying-'))
})
afterEach(async () => {
  if (played.exited === undefined) await desktop?.end()
  // The process would have ended: what it was at with the key of the library goes on here for a moment.
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
})

async function start(more: Partial<Pick<Played, 'showsTray'>> & { platform?: NodeJS.Platform } = {}): Promise<void> {
  played = playShell(folder)
  const { showsTray = true, platform = 'linux' } = more
  played.showsTray = showsTray
  await mkdir(played.shell.folders.page, { recursive: true })
  await writeFile(path.join(played.shell.folders.page, 'index.html'), '<p nonce="__NONCE__"></p>')
  desktop = await startDesktop({
    shell: { ...played.shell, platform },
    processes: playedProcesses({ program: builtProgram }),
    dataDirectory: null,
    keyGiven: false,
    usualDirectory: path.join(folder, 'data'),
    log: silent,
  })
}
const close = () => expect(played.windows[0]!.events.closing?.()).toBe(false)

it('goes on behind its icon, and says so the first time, with the way out', async () => {
  await start()
  for (let time = 0; time < 2; time++) close()
  expect(played.shown).toEqual([told])
  const kept = () => readFile(path.join(folder, 'window/desktop.json'), 'utf8').catch(() => '')
  await until(async () => /"toldStaying": ?true/.test(await kept()), 'that is kept')
  await desktop!.end()
  await start({ showsTray: Promise.resolve(true) })
  close()
  await new Promise(resolve => setImmediate(resolve))
  expect([played.shown, played.exited]).toEqual([[], undefined])
})

it('ends where the system shows no icon: nobody would find it again', async () => {
  await start({ showsTray: Promise.resolve(false) })
  close()
  await until(() => played.exited === 0, 'it ends')
  expect(played.shown).toEqual([])
})

it('goes on without a word on macOS, as every application does there', async () => {
  await start({ showsTray: false, platform: 'darwin' })
  close()
  expect([played.shown, played.exited]).toEqual([[], undefined])
})
