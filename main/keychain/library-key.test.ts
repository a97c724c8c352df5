import { randomBytes } from 'node:crypto'
import { watch } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { toAppError } from '../../shared/errors.ts'
import { createTranslate, explain } from '../../shared/messages/index.ts'
import type { Log } from '../../shared/ports.ts'
import { keepingFileOf, keyFileOf } from '../../shared/secrets/keeping.ts'
import { createKeychain, type Keychain } from '../../shared/secrets/keychain.ts'
import { createSecrets } from '../../shared/secrets/secrets.ts'
import { until } from '../../tests/until.ts'
import {
  giveUpLibraryKey,
  type LibraryKey,
  openLibraryKey,
  protectLibraryKey,
  unlockLibraryKey,
} from './library-key.ts'
import type { SafeStorage } from './safe-storage.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const none: Keychain = {
  get: () => Promise.reject(new Error('AccessDenied')),
  set: () => Promise.reject(new Error('AccessDenied')),
  remove: () => Promise.reject(new Error('AccessDenied')),
}

/** The shape of the module's, in memory. */
function remembering(entries = new Map<string, string>()): Keychain & { entries: Map<string, string> } {
  return {
    entries,
    get: async account => entries.get(account) ?? null,
    set: async (account, secret) => void entries.set(account, secret),
    remove: async account => entries.delete(account),
  }
}

/** As Electron's: seals with AES under a key of this user. */
function sealing({ backend = 'kwallet6', available = true } = {}): SafeStorage {
  const secrets = createSecrets({ key: randomBytes(32).toString('base64') })
  return {
    isAvailable: async () => available,
    backend: () => backend,
    encrypt: async text => Buffer.from(await secrets.seal(text, 'here')),
    decrypt: sealed => secrets.open(Buffer.from(sealed).toString(), 'here'),
  }
}

let dataDirectory: string
beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'cloister-key-'))
})
afterEach(() => rm(dataDirectory, { recursive: true, force: true }))

const files = async () => (await readdir(dataDirectory)).sort()
const keyOf = (key: LibraryKey | undefined) => (key && 'key' in key ? key.key : undefined)
/** The secrets of a command in the same folder. */
const asCommand = (keychain: Keychain) => createSecrets({ file: keyFileOf(dataDirectory), keychain })

describe('the key of a library', () => {
  test('is made in the keychain, is there again at the next start, and never lies in the folder', async () => {
    const keychain = remembering()
    const ports = { dataDirectory, keychain, log: silent }
    const first = await openLibraryKey(ports)
    expect(first).toMatchObject({ state: 'ready', place: 'keychain' })
    expect(await openLibraryKey(ports)).toEqual(first)
    expect(await files()).toEqual(['secrets.json'])
    expect((await stat(keepingFileOf(dataDirectory))).mode & 0o777).toBe(0o600)
    expect(await readFile(keepingFileOf(dataDirectory), 'utf8')).not.toContain(keyOf(first))
    expect(keychain.entries.size).toBe(1)
  })

  test('that lies open is taken over; what was sealed before opens afterwards, for commands too', async () => {
    const sealed = await asCommand(none).seal('sk-key', 'provider')
    expect(await files()).toEqual(['secrets.key'])
    const keychain = remembering()
    const key = await openLibraryKey({ dataDirectory, keychain, log: silent })
    expect(key).toMatchObject({ state: 'ready', place: 'keychain' })
    expect(await files()).toEqual(['secrets.json'])
    expect(await createSecrets({ key: keyOf(key)! }).open(sealed, 'provider')).toBe('sk-key')
    const command = asCommand(keychain)
    expect(await command.open(sealed, 'provider')).toBe('sk-key')
    expect(await command.open(await command.seal('another', 'p'), 'p')).toBe('another')
  })

  test('stays where it lies when the keychain gives back something else, or breaks before the end', async () => {
    await asCommand(none).seal('sk-key', 'provider')
    const before = await readFile(keyFileOf(dataDirectory), 'utf8')
    const broken: Keychain[] = [
      { ...remembering(), get: async () => randomBytes(32).toString('base64') },
      { ...remembering(), get: async () => null },
      { ...remembering(), get: () => Promise.reject(new Error('locked')) },
      none,
    ]
    for (const keychain of broken) {
      const key = await openLibraryKey({ dataDirectory, keychain, log: silent })
      expect(key).toEqual({ state: 'open', key: before.trim() })
      expect(await files()).toEqual(['secrets.key'])
    }
  })

  test('leaves no entry behind in a keychain that answers late, gives nothing back or removes nothing', async () => {
    const memory = remembering()
    const failing: Keychain = {
      ...memory,
      get: () => Promise.reject(new Error('locked')),
      remove: () => Promise.reject(new Error('locked')),
    }
    // Neither adds another one.
    for (let start = 0; start < 2; start++)
      expect(await openLibraryKey({ dataDirectory, keychain: failing, log: silent })).toEqual({ state: 'none' })
    const [left] = memory.entries.keys()
    expect([memory.entries.size, (await files()).length]).toEqual([1, 2])
    // Under a passphrase, too, it is taken away as soon as the keychain allows it.
    await protectLibraryKey({ dataDirectory, log: silent }, 'neun alte Kamele')
    expect(await openLibraryKey({ dataDirectory, keychain: failing, log: silent })).toEqual({ state: 'locked' })
    expect(await openLibraryKey({ dataDirectory, keychain: memory, log: silent })).toEqual({ state: 'locked' })
    await until(async () => (await files()).length === 1, 'the entry is gone')
    expect(memory.entries.size).toBe(0)

    // Ended between what was written down and what that was about: the one in use stays.
    await giveUpLibraryKey(dataDirectory)
    const key = await openLibraryKey({ dataDirectory, keychain: memory, log: silent })
    const [account = ''] = memory.entries.keys()
    expect([key.state, account === left]).toEqual(['ready', false])
    await writeFile(path.join(dataDirectory, `secrets.${account.replace('library ', '')}.tried`), '')
    expect(await openLibraryKey({ dataDirectory, keychain: memory, log: silent })).toEqual(key)
    await until(async () => !(await files()).some(name => name.endsWith('.tried')), 'it is known to be kept')
    expect(memory.entries.size).toBe(1)
  })

  test('a take-over that was ended before its last step is finished by the next start', async () => {
    await asCommand(none).seal('sk-key', 'provider')
    const old = await readFile(keyFileOf(dataDirectory))
    const keychain = remembering()
    const ports = { dataDirectory, keychain, log: silent }
    const key = await openLibraryKey(ports)
    await writeFile(keyFileOf(dataDirectory), old)
    // A command in between takes the file, as it is the same key.
    expect(await asCommand(none).seal('x', 'p')).toBeTruthy()
    expect(await openLibraryKey(ports)).toEqual(key)
    expect(await files()).toEqual(['secrets.json'])
    // Another one is somebody's: it is left.
    await writeFile(keyFileOf(dataDirectory), `${randomBytes(32).toString('base64')}\n`)
    expect(await openLibraryKey(ports)).toEqual(key)
    expect(await files()).toEqual(['secrets.json', 'secrets.key'])
  })

  test('is kept also where the open file cannot be taken away, and is used from there while its keychain fails', async () => {
    const sealed = await asCommand(none).seal('sk-key', 'provider')
    const file = keyFileOf(dataDirectory)
    const old = await readFile(file)
    const memory = remembering()
    // Between what is read and what is removed: a folder is no file that goes.
    const jammed: Keychain = {
      ...memory,
      async get(account) {
        await rm(file, { force: true, recursive: true })
        await mkdir(file)
        return memory.get(account)
      },
    }
    const warned: string[] = []
    const log: Log = { ...silent, warn: message => void warned.push(message) }
    const key = await openLibraryKey({ dataDirectory, keychain: jammed, log })
    expect(key).toEqual({ state: 'ready', key: old.toString().trim(), place: 'keychain' })
    expect([warned, memory.entries.size]).toEqual([['the key still lies open'], 1])
    await rm(file, { recursive: true })

    // Both lie there, as a file that was locked leaves them.
    await writeFile(file, old)
    expect(await openLibraryKey({ dataDirectory, keychain: none, log })).toEqual({
      state: 'open',
      key: old.toString().trim(),
    })
    expect(await openLibraryKey({ dataDirectory, keychain: memory, log })).toEqual(key)
    expect(await files()).toEqual(['secrets.json'])
    await writeFile(file, old)
    memory.entries.clear()
    expect(await openLibraryKey({ dataDirectory, keychain: memory, log })).toEqual(key)
    expect([await files(), memory.entries.size]).toEqual([['secrets.json'], 1])
    expect(await asCommand(memory).open(sealed, 'provider')).toBe('sk-key')

    // And under a passphrase it goes from there, too.
    await writeFile(file, old)
    const ports = { dataDirectory, keychain: none, log }
    expect(await openLibraryKey(ports)).toMatchObject({ state: 'open' })
    const passphrase = 'neun alte Kamele'
    expect(await protectLibraryKey(ports, passphrase)).toMatchObject({ key: old.toString().trim() })
    expect(await files()).toEqual(['secrets.json'])
    await expect(protectLibraryKey(ports, passphrase)).rejects.toThrow('already')
    // Ended right before that.
    await writeFile(file, old)
    expect(await openLibraryKey(ports)).toMatchObject({ state: 'ready', place: 'passphrase' })
    expect(await files()).toEqual(['secrets.json'])
  })

  test.skipIf(process.platform !== 'linux')('lies open until it is written where it goes', async () => {
    await asCommand(none).seal('sk-key', 'provider')
    const names: (string | null)[] = []
    const watcher = watch(dataDirectory, (_event, name) => void names.push(name))
    const passphrase = 'neun alte Kamele'
    await protectLibraryKey({ dataDirectory, log: silent }, passphrase)
    await until(() => names.includes('secrets.json') && names.includes('secrets.key'), 'both are seen')
    watcher.close()
    expect(names.indexOf('secrets.json')).toBeLessThan(names.indexOf('secrets.key'))
  })

  test('goes under the lock of Electron where there is no keychain, unless that is none', async () => {
    const safeStorage = sealing()
    const ports = { dataDirectory, keychain: none, log: silent }
    for (const useless of [
      sealing({ backend: 'basic_text' }),
      sealing({ backend: 'unknown' }),
      sealing({ available: false }),
    ])
      expect(await openLibraryKey({ ...ports, safeStorage: useless })).toEqual({ state: 'none' })
    const key = await openLibraryKey({ ...ports, safeStorage })
    expect(key).toMatchObject({ state: 'ready', place: 'safe-storage' })
    expect(await openLibraryKey({ ...ports, safeStorage })).toEqual(key)
    expect(await readFile(keepingFileOf(dataDirectory), 'utf8')).not.toContain(keyOf(key))
    // Another user's lock, or none any more.
    expect(await openLibraryKey({ ...ports, safeStorage: sealing() })).toMatchObject({ state: 'lost' })
    expect(await openLibraryKey(ports)).toMatchObject({ state: 'lost', place: 'safe-storage' })
    await expect(asCommand(none).seal('x', 'p')).rejects.toMatchObject({
      code: 'secrets-unreadable',
      values: { context: 'safe-storage' },
    })
  })

  test('is not made where it would lie open, by a command neither; a passphrase protects it', async () => {
    const ports = { dataDirectory, keychain: none, log: silent }
    expect(await openLibraryKey(ports)).toEqual({ state: 'none' })
    expect(await openLibraryKey(ports)).toEqual({ state: 'none' })
    const refused = await asCommand(none).seal('x', 'p').catch(toAppError)
    expect(refused).toMatchObject({ code: 'secrets-key', values: { context: 'desktop' } })
    for (const language of ['en', 'de'] as const)
      expect(explain(createTranslate(language), { code: 'secrets-key', values: { context: 'desktop' } })).toMatch(
        /keychain|Schlüsselbund/,
      )
    expect(await protectLibraryKey(ports, 'zu kurz')).toBeUndefined()
    const passphrase = 'Fünf Füchse fressen frische Feigen'
    const key = await protectLibraryKey(ports, passphrase)
    expect(key).toMatchObject({ state: 'ready', place: 'passphrase' })
    expect(await openLibraryKey(ports)).toEqual({ state: 'locked' })
    expect(await unlockLibraryKey(dataDirectory, 'Fünf Füchse')).toBeUndefined()
    expect(await unlockLibraryKey(dataDirectory, passphrase.normalize('NFD'))).toEqual(key)
    expect(await readFile(keepingFileOf(dataDirectory), 'utf8')).not.toContain(keyOf(key))
    await expect(protectLibraryKey(ports, 'eine ganz andere Passphrase')).rejects.toThrow('already')
  })

  test('that lies open goes under a passphrase, and one that looks like a key is stretched all the same', async () => {
    const sealed = await asCommand(none).seal('sk-key', 'provider')
    const ports = { dataDirectory, keychain: none, log: silent }
    const passphrase = randomBytes(32).toString('hex')
    const key = await protectLibraryKey(ports, passphrase)
    expect(await files()).toEqual(['secrets.json'])
    expect(JSON.parse(await readFile(keepingFileOf(dataDirectory), 'utf8')).sealed.split('.')[1]).not.toBe('')
    expect(await createSecrets({ key: keyOf(key)! }).open(sealed, 'provider')).toBe('sk-key')
  })

  test('that is lost is said to be; another one is made only when it is given up, and nothing is deleted', async () => {
    const keychain = remembering()
    const ports = { dataDirectory, keychain, log: silent }
    const key = await openLibraryKey(ports)
    const [account] = keychain.entries.keys()
    keychain.entries.set(account, randomBytes(32).toString('base64'))
    expect(await openLibraryKey(ports)).toMatchObject({ state: 'lost', place: 'keychain' })
    keychain.entries.clear()
    expect(await openLibraryKey(ports)).toMatchObject({ state: 'lost', place: 'keychain' })
    const refused = await asCommand(keychain).seal('x', 'p').catch(toAppError)
    expect(refused).toMatchObject({ code: 'secrets-unreadable', values: { context: 'keychain' } })
    const [aside] = await giveUpLibraryKey(dataDirectory)
    expect((await stat(aside ?? '')).isFile()).toBe(true)
    const anew = await openLibraryKey(ports)
    expect(anew).toMatchObject({ state: 'ready', place: 'keychain' })
    expect(keyOf(anew)).not.toBe(keyOf(key))
  })

  test.each(['', '{', '{"version":1}', '{"version":2,"place":"nowhere"}', '[]'])(
    'where it is kept cannot be understood (%s): nothing is made or removed, and the file is named',
    async text => {
      await writeFile(keepingFileOf(dataDirectory), text)
      const key = await openLibraryKey({ dataDirectory, keychain: remembering(), log: silent })
      expect(key).toMatchObject({ state: 'lost', place: 'file' })
      expect(await files()).toEqual(['secrets.json'])
      await expect(asCommand(none).seal('x', 'p')).rejects.toMatchObject({
        code: 'secrets-unreadable',
        values: { file: keepingFileOf(dataDirectory) },
      })
    },
  )

  test.skipIf(process.getuid?.() === 0)('a folder that cannot be written is no reason to fail', async () => {
    await chmod(dataDirectory, 0o500)
    expect(await openLibraryKey({ dataDirectory, keychain: remembering(), log: silent })).toMatchObject({
      state: 'lost',
    })
    await chmod(dataDirectory, 0o700)
  })
})

/** What of the real thing is here: the kernel's keyring stands in for a Secret Service, which machines without a desktop lack. */
const stores = await Promise.all(
  (['secret-service', 'keyutils'] as const).map(async store => {
    const keychain = createKeychain({ service: 'Cloister tests', store })
    const account = `probe ${process.pid}`
    const tryOnce = () => keychain.set(account, 'x').then(() => keychain.remove(account))
    // A process gets its link to the kernel's keyring with the first try, which then fails.
    const works = await tryOnce()
      .catch(tryOnce)
      .catch(() => false)
    return { store, keychain, works }
  }),
)

describe.each(stores)('the real module with $store', ({ store, keychain, works }) => {
  test('keeps, gives back and removes what it is given', async context => {
    if (!works) context.skip(`no ${store} on this machine`)
    const account = `entry ${randomBytes(8).toString('hex')}`
    expect(await keychain.get(account)).toBeNull()
    await keychain.set(account, 'Geheim äöü')
    expect(await keychain.get(account)).toBe('Geheim äöü')
    expect(await keychain.remove(account)).toBe(true)
    expect(await keychain.remove(account)).toBe(false)
  })

  test('keeps the key of a library', async context => {
    if (!works) context.skip(`no ${store} on this machine`)
    const ports = { dataDirectory, keychain, log: silent }
    const key = await openLibraryKey(ports)
    expect(key).toMatchObject({ state: 'ready', place: 'keychain' })
    expect(await openLibraryKey(ports)).toEqual(key)
    const { account } = JSON.parse(await readFile(keepingFileOf(dataDirectory), 'utf8'))
    await keychain.remove(account)
  })
})

test('where there is no Secret Service, the module never takes the keyring that a restart empties', async context => {
  if (process.platform !== 'linux' || stores[0]?.works) context.skip('there is one, or this is not Linux')
  await expect(createKeychain({ service: 'Cloister tests' }).set('x', 'y')).rejects.toThrow()
})

test('of all that is asked and does not answer, a start waits a minute for altogether', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const { promise: asked, resolve } = Promise.withResolvers<void>()
    const hang = () => {
      resolve()
      return new Promise<never>(() => {})
    }
    const keychain: Keychain = { get: hang, set: hang, remove: hang }
    const safeStorage: SafeStorage = { ...sealing(), encrypt: hang, decrypt: hang }
    let found: LibraryKey | undefined
    void openLibraryKey({ dataDirectory, keychain, safeStorage, log: silent }).then(key => {
      found = key
    })
    await asked
    await vi.advanceTimersByTimeAsync(59_000)
    expect(found).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1000)
    await until(async () => {
      await vi.advanceTimersByTimeAsync(1)
      return found !== undefined
    }, 'it goes on without')
    expect(found).toEqual({ state: 'none' })
  } finally {
    vi.useRealTimers()
  }
})

test('an entry that its owner allows when nobody waits for it any more is taken away', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const memory = remembering()
    const { promise: allowed, resolve: allow } = Promise.withResolvers<void>()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const set: Keychain['set'] = async (account, secret) => {
      ask()
      await allowed
      memory.entries.set(account, secret)
    }
    let found: LibraryKey | undefined
    void openLibraryKey({ dataDirectory, keychain: { ...memory, set }, log: silent }).then(key => {
      found = key
    })
    await asked
    await until(async () => {
      await vi.advanceTimersByTimeAsync(60_000)
      return found !== undefined
    }, 'it goes on without')
    expect((await files()).some(name => name.endsWith('.tried'))).toBe(true)
    allow()
    await until(async () => !(await files()).some(name => name.endsWith('.tried')), 'it is taken away')
    expect(memory.entries.size).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
