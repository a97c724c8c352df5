/** Starts: what the server is told with its first message, which starts count as failed, and what nobody starts in safe mode. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ServerStart } from '../../shared/processes/desktop-protocol.ts'
import { keyFileOf } from '../../shared/secrets/keeping.ts'
import { until } from '../until.ts'
import { type PlayedLife, playLife } from './play-life.ts'

let folder: string
let data: string
let life: PlayedLife
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-starts-'))
  data = path.join(folder, 'data')
})
afterEach(async () => {
  if (life.played.exited === undefined) await life.desktop.end()
  await rm(folder, { recursive: true, force: true })
})

it('hand on the key of the library, unless the environment names one', async () => {
  await mkdir(data)
  const key = randomBytes(32).toString('base64')
  for (const keyGiven of [false, true]) {
    await writeFile(keyFileOf(data), `${key}\n`, { mode: 0o600 })
    const told: ServerStart[] = []
    life = await playLife(folder, { keyGiven, told: message => void told.push(message as ServerStart) })
    await until(() => told.length > 0, 'the server is started')
    expect(told[0]?.settings?.SECRETS_KEY).toBe(keyGiven ? undefined : key)
    await life.desktop.end()
  }
})

it('that their user ends early, or the system, have not failed', async () => {
  const mark = path.join(folder, 'window', 'starting.json')
  life = await playLife(folder)
  expect(JSON.parse(await readFile(mark, 'utf8'))).toMatchObject({ failed: 1 })
  await life.desktop.quit()
  expect(life.played.windows[0]!.heard.every(one => one.type !== 'server' || one.server.name !== 'ready')).toBe(true)
  expect(await readFile(mark, 'utf8').catch(() => 'none')).toBe('none')
  life = await playLife(folder)
  // What the system ends at once has no time for more than this.
  const ended = life.desktop.end()
  const left = await readFile(mark, 'utf8').catch(() => 'none')
  await ended
  expect(left).toBe('none')
})

it('are nobody’s in safe mode but of who answers its question', async () => {
  await mkdir(data)
  await writeFile(path.join(data, 'cloister.db'), Buffer.alloc(8192, 0x5a))
  const { promise: answered, resolve: answer } = Promise.withResolvers<number>()
  const found = 'Die Bibliothek wurde geprüft.'
  life = await playLife(folder, {
    answer({ buttons, message }) {
      if (buttons.includes('Bibliothek prüfen')) return answered
      return message === 'Die Bibliothek wird geprüft' || message.startsWith(found) ? new Promise(() => {}) : 0
    },
  })
  const { played, children } = life
  await until(() => played.questions.length === 1, 'safe mode asks', 60_000)
  const before = children.length
  played.folder = path.join(folder, 'backups')
  life.desktop.choose({ name: 'backup-folder' })
  const known = () => readFile(path.join(folder, 'window', 'desktop.json'), 'utf8').catch(() => '')
  await until(async () => (await known()).includes(path.join(folder, 'backups')), 'the folder is chosen')
  answer(played.questions[0]!.buttons.indexOf('Bibliothek prüfen'))
  await until(() => played.questions.some(({ message }) => message.startsWith(found)), 'it was checked', 60_000)
  // The one that checks, and no server.
  expect(children.length).toBe(before + 1)
}, 150_000)
