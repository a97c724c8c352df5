/**
 * The key that seals the secrets of a library (keys of providers), from where it is kept to the server that needs it. It is kept in the
 * system's keychain, else under Electron's own lock, else under a passphrase; what lies open from before is taken over, and where nothing
 * protects, that is said.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { stampOf } from '../../shared/files/stamp.ts'
import type { Log } from '../../shared/ports.ts'
import {
  fingerprintOf,
  type Keeping,
  type Kept,
  type KeyPlace,
  keepingFileOf,
  keyFileOf,
  readKeeping,
  writeKeeping,
} from '../../shared/secrets/keeping.ts'
import type { Keychain } from '../../shared/secrets/keychain.ts'
import { createSecrets, readKey, readKeyFile } from '../../shared/secrets/secrets.ts'
import { protects, type SafeStorage } from './safe-storage.ts'
import { takeBackTries, tryEntry } from './tried-entries.ts'

export type LibraryKey =
  | { state: 'ready'; key: string; place: KeyPlace }
  /** It lies in a file that every program of this user can read, as nothing here would protect it: until there is a passphrase. */
  | { state: 'open'; key: string }
  /** There is none yet, and nothing to keep one in: a passphrase is needed as soon as there is something to lock. */
  | { state: 'none' }
  | { state: 'locked' }
  /** Not where it should be, or not to be had now. Everything else of the library works. */
  | { state: 'lost'; place: KeyPlace | 'file'; error: unknown }

export interface KeyPorts {
  dataDirectory: string
  keychain: Keychain
  safeStorage?: SafeStorage
  log: Log
}

/** Characters: fewer are tried in an afternoon, however slow each try is made. */
export const leastPassphrase = 10
const passphrasePurpose = 'cloister library key'
/** Milliseconds for all that is asked at a start: a keychain may ask its owner, and one that hangs must not keep the server away. */
const patience = 60_000

/** What is asked, and until when (as `performance.now` counts). */
type Asked = KeyPorts & { until: number }

/** At each start, before the server's. Never throws: a library without its key is a library all the same. */
export async function openLibraryKey(given: KeyPorts): Promise<LibraryKey> {
  const ports: Asked = { ...given, until: performance.now() + patience }
  const { dataDirectory, log } = ports
  let place: KeyPlace | 'file' = 'file'
  try {
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
    const keeping = await readKeeping(dataDirectory)
    const beside = await readKeyFile(keyFileOf(dataDirectory))
    if (!keeping || keeping.place === 'nowhere') return await keepAnew(ports, keeping, beside)
    place = keeping.place
    // Nobody waits for it: the keychain may ask its owner first.
    void takeBackTries(ports, accountOf(keeping)).catch(error => log.info('an entry that was tried is left', { error }))
    if (keeping.place === 'passphrase') return await locked(keeping, beside)
    try {
      const key = await fetchKey(ports, keeping)
      await takeAway(ports, key, beside)
      return { state: 'ready', key: key.toString('base64'), place }
    } catch (error) {
      if (!beside || fingerprintOf(beside) !== keeping.fingerprint) throw error
      log.warn('the key is not where it is kept; it lies open beside, and is kept anew', { place, error })
      return await keepAnew(ports, keeping, beside)
    }
  } catch (error) {
    log.error('the key of the library is not to be had', { place, error })
    return { state: 'lost', place, error }
  }

  /** Where the file is still there the passphrase has been set, and the take-over was ended before its last step. */
  async function locked(
    keeping: Extract<Kept, { place: 'passphrase' }>,
    beside: Buffer | undefined,
  ): Promise<LibraryKey> {
    if (!beside || fingerprintOf(beside) !== keeping.fingerprint) return { state: 'locked' }
    await takeAway(ports, beside, beside)
    return { state: 'ready', key: beside.toString('base64'), place: 'passphrase' }
  }
}

/** Throws where it does not fit; says `undefined` then, and nothing else, to whoever guesses. */
export async function unlockLibraryKey(dataDirectory: string, passphrase: string): Promise<LibraryKey | undefined> {
  const keeping = await readKeeping(dataDirectory)
  if (keeping?.place !== 'passphrase') return undefined
  try {
    const key = await openWith(passphrase, keeping)
    return { state: 'ready', key: key.toString('base64'), place: 'passphrase' }
  } catch {
    return undefined
  }
}

/**
 * Puts the key under a passphrase: the one that lies open, or a new one where there is none. Undefined where the passphrase is too short.
 * Only when it was opened again with the passphrase does the file go.
 */
export async function protectLibraryKey(
  { dataDirectory, log }: Pick<KeyPorts, 'dataDirectory' | 'log'>,
  passphrase: string,
): Promise<LibraryKey | undefined> {
  if ([...passphrase].length < leastPassphrase) return undefined
  const keeping = await readKeeping(dataDirectory)
  const beside = await readKeyFile(keyFileOf(dataDirectory))
  // Another one would open nothing that is locked.
  if (keeping && keeping.place !== 'nowhere' && (!beside || fingerprintOf(beside) !== keeping.fingerprint))
    throw new Error(`the key is kept in ${keeping.place} already`)
  const key = beside ?? randomBytes(32)
  const sealed = await createSecrets({ key: worded(passphrase) }).seal(key.toString('base64'), passphrasePurpose)
  const next: Extract<Kept, { place: 'passphrase' }> = { place: 'passphrase', sealed, fingerprint: fingerprintOf(key) }
  await openWith(passphrase, next)
  await writeKeeping(dataDirectory, next)
  await takeAway({ dataDirectory, log }, key, beside)
  return { state: 'ready', key: key.toString('base64'), place: 'passphrase' }
}

/**
 * For one that is lost or a passphrase that is forgotten: what said where it is is put aside, and the next `openLibraryKey` makes another.
 * Keys of providers must be entered anew then. Gives the files that it is in now.
 */
export async function giveUpLibraryKey(dataDirectory: string, now = Date.now()): Promise<string[]> {
  const ending = `.${stampOf(now)}.old`
  const key = keyFileOf(dataDirectory)
  const isBroken = await readKeyFile(key).then(
    () => false,
    () => true,
  )
  const aside: string[] = []
  for (const file of [keepingFileOf(dataDirectory), ...(isBroken ? [key] : [])]) {
    try {
      await rename(file, file + ending)
      aside.push(file + ending)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return aside
}

/** The best place there is, for the key that lies there or for a new one. */
async function keepAnew(ports: Asked, keeping: Keeping | undefined, beside: Buffer | undefined): Promise<LibraryKey> {
  const { dataDirectory, safeStorage, log, until } = ports
  const key = beside ?? randomBytes(32)
  const text = key.toString('base64')
  const fingerprint = fingerprintOf(key)
  const keep = async (next: Kept): Promise<LibraryKey> => {
    // Read back from where it is to be from now on, and only then is the file taken away.
    const found = await fetchKey(ports, next)
    if (!found.equals(key)) throw new Error('the keychain gives back something else')
    await writeKeeping(dataDirectory, next)
    await takeAway(ports, key, beside)
    return { state: 'ready', key: text, place: next.place }
  }
  try {
    return await tryEntry(ports, text, {
      kept: accountOf(keeping),
      keep: account => keep({ place: 'keychain', account, fingerprint }),
      inTime: work => inTime(work, until),
    })
  } catch (error) {
    log.info('no keychain', { error })
  }
  if (safeStorage && (await protects(safeStorage))) {
    try {
      const sealed = Buffer.from(await inTime(safeStorage.encrypt(text), until)).toString('base64')
      return await keep({ place: 'safe-storage', sealed, fingerprint })
    } catch (error) {
      log.info('no safe storage', { error })
    }
  }
  if (beside) return { state: 'open', key: text }
  // So that nobody makes one that would lie open, the command line neither.
  if (!keeping) await writeKeeping(dataDirectory, { place: 'nowhere' })
  return { state: 'none' }
}

const accountOf = (keeping: Keeping | undefined) => (keeping?.place === 'keychain' ? keeping.account : undefined)

/** Throws where it is not there, or is another one. */
async function fetchKey({ keychain, safeStorage, until }: Asked, keeping: Kept): Promise<Buffer> {
  let text: string | null
  if (keeping.place === 'keychain') text = await inTime(keychain.get(keeping.account), until)
  else if (keeping.place === 'passphrase') throw new Error('nobody was asked for the passphrase')
  else if (!safeStorage || !(await protects(safeStorage))) throw new Error('what it was locked with is not there')
  else text = await inTime(safeStorage.decrypt(Buffer.from(keeping.sealed, 'base64')), until)
  const key = text === null ? undefined : readKey(text)
  if (!key) throw new Error('there is no such key')
  if (fingerprintOf(key) !== keeping.fingerprint) throw new Error('it is another key')
  return key
}

/**
 * The file that lies open, where it holds this key: another one may be needed by somebody. Never throws: from where it is kept now the key
 * must not be taken again, only because its file is locked for a moment. The next start tries again.
 */
async function takeAway(
  { dataDirectory, log }: Pick<KeyPorts, 'dataDirectory' | 'log'>,
  key: Buffer,
  beside: Buffer | undefined,
): Promise<void> {
  if (!beside) return
  const file = keyFileOf(dataDirectory)
  if (!beside.equals(key)) return log.warn('another key lies in the data directory; it is left alone', { file })
  await rm(file, { force: true }).catch(error => log.warn('the key still lies open', { file, error }))
}

async function openWith(passphrase: string, keeping: { sealed: string; fingerprint: string }): Promise<Buffer> {
  const text = await createSecrets({ key: worded(passphrase) }).open(keeping.sealed, passphrasePurpose)
  const key = readKey(text)
  if (!key || fingerprintOf(key) !== keeping.fingerprint) throw new Error('it is another key')
  return key
}

/** Never taken for 32 bytes of a key, whatever it looks like: it is stretched in any case. */
const worded = (passphrase: string) => `passphrase ${passphrase}`

/** Rejects when nothing has come of it; what comes later is dropped. */
async function inTime<T>(work: Promise<T>, until: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), Math.max(0, until - performance.now()))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
