import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { KeyState } from '../shared/api/desktop.ts'
import { createTranslate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { keepingFileOf, keyFileOf } from '../shared/secrets/keeping.ts'
import type { Keychain } from '../shared/secrets/keychain.ts'
import { createKeyChanges } from './change-key.ts'
import { giveUpLibraryKey, openLibraryKey } from './keychain/library-key.ts'
import { createLibraryUse } from './library-use.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const refused = () => Promise.reject(new Error('there is no keychain'))
const keychain: Keychain = { get: refused, set: refused, remove: refused }
const passphrase = 'neun alte Kamele'
let dataDirectory: string

beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'cloister-key-'))
})
afterEach(() => rm(dataDirectory, { recursive: true, force: true }))

/** As at a start of the application. */
async function open({
  pressed = 0,
  keyGiven = false,
  known = true,
}: {
  pressed?: number | Promise<number>
  keyGiven?: boolean
  known?: boolean
} = {}) {
  const ports = { dataDirectory, keychain, log: silent }
  let key = known ? await openLibraryKey(ports) : undefined
  const use = createLibraryUse({ server: { hold: () => () => {}, stop: async () => {} }, changed() {} })
  const seen = { restarts: 0, asked: 0, told: [] as KeyState[] }
  const changes = createKeyChanges({
    shell: {
      async ask() {
        seen.asked += 1
        expect(use.busy()).toBe(false)
        return pressed
      },
    },
    words: () => createTranslate('de'),
    use,
    library: {
      dataDirectory,
      key: () => key,
      setKey(next) {
        key = next
      },
      async renewKey() {
        await giveUpLibraryKey(dataDirectory)
        key = await openLibraryKey(ports)
        return key
      },
    },
    keyGiven,
    async restart() {
      expect(use.busy()).toBe(true)
      seen.restarts += 1
    },
    changed: state => void seen.told.push(state),
    log: silent,
  })
  return { changes, seen, use, key: () => (key && 'key' in key ? key.key : undefined) }
}

/** What keeps a key under the passphrase: made once, as each time takes most of a second of the processor. */
let kept: string | undefined
async function lock(): Promise<void> {
  const file = keepingFileOf(dataDirectory)
  if (kept !== undefined) return writeFile(file, kept)
  await (await open()).changes.protect(passphrase)
  kept = await readFile(file, 'utf8')
}

test('a passphrase locks the key, and opens it after the next start', async () => {
  const first = await open()
  expect(first.changes.state()).toEqual({ state: 'none', place: null })
  await expect(first.changes.protect('zu kurz')).rejects.toMatchObject({
    code: 'passphrase-short',
    values: { min: 10 },
  })
  expect(first.seen).toEqual({ restarts: 0, asked: 0, told: [] })
  const ready: KeyState = { state: 'ready', place: 'passphrase' }
  expect(await first.changes.protect(passphrase)).toEqual(ready)
  expect(first.seen).toEqual({ restarts: 1, asked: 0, told: [ready] })
  // Nothing is left to protect.
  expect(await first.changes.protect('another one altogether')).toEqual(ready)

  const second = await open()
  expect(second.changes.state()).toEqual({ state: 'locked', place: null })
  await expect(second.changes.unlock('neun alte kamele')).rejects.toMatchObject({ code: 'passphrase-wrong' })
  expect(second.seen.restarts).toBe(0)
  expect(await second.changes.unlock(passphrase)).toEqual(ready)
  expect([second.key(), second.seen.restarts]).toEqual([first.key(), 1])
})

test('one that lies open is taken along, and the server, which has it, goes on', async () => {
  await writeFile(keyFileOf(dataDirectory), `${Buffer.alloc(32, 7).toString('base64')}\n`)
  const { changes, seen, key } = await open()
  expect(changes.state()?.state).toBe('open')
  const before = key()
  expect(await changes.protect(passphrase)).toMatchObject({ state: 'ready' })
  expect([key(), seen.restarts]).toEqual([before, 0])
  expect(await readdir(dataDirectory)).toEqual(['secrets.json'])
})

test('a forgotten passphrase is given up on the user’s word alone, and its file put aside', async () => {
  await lock()
  const cautious = await open({ pressed: 1 })
  expect(await cautious.changes.giveUp()).toMatchObject({ state: 'locked' })
  expect(cautious.seen).toMatchObject({ asked: 1, restarts: 0 })
  const sure = await open({ pressed: 0 })
  expect(await sure.changes.giveUp()).toMatchObject({ state: 'none' })
  expect((await readdir(dataDirectory)).filter(name => name.endsWith('.old'))).toHaveLength(1)
  expect(await sure.changes.protect(passphrase)).toMatchObject({ state: 'ready' })
})

test('a question that nobody answers keeps nothing, and one that is answered late gives nothing up that is open', async () => {
  await lock()
  const { promise, resolve } = Promise.withResolvers<number>()
  const { changes, seen } = await open({ pressed: promise })
  const givenUp = changes.giveUp()
  const ready: KeyState = { state: 'ready', place: 'passphrase' }
  expect(await changes.unlock(passphrase)).toEqual(ready)
  resolve(0)
  expect(await givenUp).toEqual(ready)
  expect([seen.asked, await readdir(dataDirectory)]).toEqual([1, ['secrets.json']])
})

test('a key that cannot be read is put aside as well', async () => {
  await writeFile(keyFileOf(dataDirectory), 'no key at all')
  const { changes } = await open()
  expect(changes.state()).toEqual({ state: 'lost', place: 'file' })
  expect(await changes.giveUp()).toEqual({ state: 'none', place: null })
  expect((await readdir(dataDirectory)).filter(name => /^secrets\.key\..*\.old$/.test(name))).toHaveLength(1)
})

test('while somebody is alone with the library nothing is asked or changed, nor while the keychain is asked', async () => {
  await lock()
  const { changes, seen, use } = await open()
  const { promise, resolve } = Promise.withResolvers<void>()
  const moving = use.takeAlone('moving', () => promise)
  for (const change of [() => changes.giveUp(), () => changes.unlock(passphrase)])
    await expect(change()).rejects.toMatchObject({ code: 'library-busy' })
  resolve()
  await moving
  expect(await changes.unlock(passphrase)).toMatchObject({ state: 'ready' })
  expect(seen.asked).toBe(0)
  const early = await open({ known: false })
  await expect(early.changes.unlock(passphrase)).rejects.toMatchObject({ code: 'key-pending' })
})

test('of one that is not lost nothing is given up, and of one of the environment nothing is changed', async () => {
  const { changes, seen } = await open({ keyGiven: true })
  for (const state of [await changes.giveUp(), await changes.protect(passphrase), await changes.unlock(passphrase)])
    expect(state).toEqual({ state: 'ready', place: null })
  const own = await open()
  await own.changes.protect(passphrase)
  expect(await own.changes.giveUp()).toEqual({ state: 'ready', place: 'passphrase' })
  expect([seen.asked, own.seen.asked]).toEqual([0, 0])
})
