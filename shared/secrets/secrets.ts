/**
 * Secrets at rest: AES-256-GCM, with the purpose as authenticated data. What is sealed reads `v1.<salt>.<nonce>.<tag>.<text>`, in
 * base64url; the salt is that of a passphrase, and empty for a key of 32 bytes.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../errors.ts'
import type { Secrets } from '../ports.ts'
import { fingerprintOf, readKeeping } from './keeping.ts'
import type { Keychain } from './keychain.ts'

export interface SecretSettings {
  /** 32 bytes in base64 or hex, or any passphrase. */
  key?: string
  /** Where a key is kept that is made at first use; without it and without `key`, nothing can be sealed. */
  file?: string
  /** Asked for the key where `secrets.json` beside the file says that it is kept there. */
  keychain?: Pick<Keychain, 'get'>
}

const keyLength = 32
const nonceLength = 12
const saltLength = 16
/** What OWASP's cheat sheet on storing passwords asks for: N = 2^17, r = 8, p = 1; some 300 ms and 128 MiB, once for each salt. */
const stretch = { N: 2 ** 17, r: 8, p: 1, maxmem: 160 * 1024 * 1024 }
/** Keys made from a passphrase that are kept in memory. */
const mostKept = 64
const version = 'v1'

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)

export function createSecrets({ key: given, file, keychain }: SecretSettings): Secrets {
  const whole = given === undefined ? undefined : readKey(given)
  /** Of the key, where it is a file. */
  const place = given === undefined ? file : undefined
  const stretched = new Map<string, Promise<Buffer>>()
  /** From the keychain, which may ask its owner each time. */
  let fetched: Buffer | undefined
  /** All that is sealed by one process has one salt, or sealing would cost a third of a second each time. */
  let ownSalt: Buffer | undefined

  function fromPassphrase(passphrase: string, salt: Buffer): Promise<Buffer> {
    const name = salt.toString('base64url')
    const known = stretched.get(name)
    if (known) return known
    if (stretched.size >= mostKept) stretched.clear()
    const made = derive(passphrase.normalize('NFC'), salt, keyLength, stretch)
    stretched.set(name, made)
    return made
  }

  /** `make`: a new one where there is none. */
  async function keyFor(salt: Buffer, make: boolean): Promise<Buffer> {
    if (whole) return whole
    if (given !== undefined) return fromPassphrase(given, salt)
    if (file === undefined) throw new AppError('secrets-key')
    fetched ??= await keptElsewhere(file, keychain)
    if (fetched) return fetched
    const found = await readKeyFile(file)
    if (found) return found
    if (!make) throw unreadable(file)
    return makeKeyFile(file)
  }

  return {
    async seal(text, purpose) {
      if (!whole && given !== undefined) ownSalt ??= randomBytes(saltLength)
      const salt = ownSalt ?? Buffer.alloc(0)
      const nonce = randomBytes(nonceLength)
      const cipher = createCipheriv('aes-256-gcm', await keyFor(salt, true), nonce)
      cipher.setAAD(Buffer.from(purpose))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return [version, ...[salt, nonce, cipher.getAuthTag(), sealed].map(part => part.toString('base64url'))].join('.')
    },
    async open(sealed, purpose) {
      const [kind, ...parts] = sealed.split('.')
      const [salt, nonce, tag, text] = parts.map(part => Buffer.from(part, 'base64url'))
      if (kind !== version || parts.length !== 4 || nonce.length !== nonceLength || tag.length !== 16)
        throw unreadable(place)
      const key = await keyFor(salt, false)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
        decipher.setAAD(Buffer.from(purpose))
        decipher.setAuthTag(tag)
        return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
      } catch (error) {
        throw unreadable(fetched ? undefined : place, error)
      }
    },
  }
}

/** Where the key is in a file, that one is named: it may be put back. */
function unreadable(file: string | undefined, cause?: unknown): AppError {
  return new AppError('secrets-unreadable', file === undefined ? {} : { file, context: 'file' }, { cause })
}

/**
 * The key where `secrets.json` speaks of one; undefined where there is no such file. Throws `secrets-unreadable` with the place as its
 * context where it cannot be had from there, `secrets-key` where there is none and none may be made: a second one would open nothing.
 */
async function keptElsewhere(file: string, keychain: SecretSettings['keychain']): Promise<Buffer | undefined> {
  const keeping = await readKeeping(path.dirname(file))
  if (!keeping) return undefined
  // Of a desktop that was just taking it over, or was ended before it took the file away.
  const beside = await readKeyFile(file)
  if (keeping.place === 'nowhere') {
    if (beside) return beside
    throw new AppError('secrets-key', { context: 'desktop' })
  }
  if (beside && fingerprintOf(beside) === keeping.fingerprint) return beside
  const context = keeping.place
  if (keeping.place !== 'keychain' || !keychain) throw new AppError('secrets-unreadable', { context })
  const text = await keychain.get(keeping.account).catch(error => {
    throw new AppError('secrets-unreadable', { context }, { cause: error })
  })
  const key = text === null ? undefined : readKey(text)
  if (!key || fingerprintOf(key) !== keeping.fingerprint) throw new AppError('secrets-unreadable', { context })
  return key
}

/** Undefined for what is a passphrase. */
export function readKey(given: string): Buffer | undefined {
  if (/^[\da-f]{64}$/i.test(given)) return Buffer.from(given, 'hex')
  const bytes = /^[\w+/-]{43}=?$/.test(given) ? Buffer.from(given, 'base64') : undefined
  return bytes?.length === keyLength ? bytes : undefined
}

export async function readKeyFile(file: string): Promise<Buffer | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const key = readKey(text.trim())
  if (!key) throw unreadable(file)
  return key
}

/** Whoever is first gives it its name, whole; the others take that one. */
async function makeKeyFile(file: string): Promise<Buffer> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const key = randomBytes(keyLength)
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${key.toString('base64')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(draft, file)
    return key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const found = await readKeyFile(file)
    if (!found) throw error
    return found
  } finally {
    await rm(draft, { force: true })
  }
}
