/** OpenDocument behind a password: the manifest says how each part is encrypted (ODF 1.3, part 2, 3.4 and 4.8). */
import { createDecipheriv, createHash, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import { Parser } from 'htmlparser2'
import { AppError } from '../../errors.ts'
import { ARCHIVE_LIMITS, type Archive, type ArchiveEntry } from './archive.ts'

interface Encryption {
  algorithm: string
  iv: Buffer
  salt: Buffer
  iterations: number
  keySize: number
  /** Of the password, before the key is derived from it. */
  startHash: string
  /** Of the first kilobyte before encryption; undefined where the file says none that is known. */
  check?: { hash: string; digest: Buffer }
}

const ROUNDS = 10_000_000
const CIPHERS: Record<string, string> = {
  'http://www.w3.org/2001/04/xmlenc#aes128-cbc': 'aes-128-cbc',
  'http://www.w3.org/2001/04/xmlenc#aes192-cbc': 'aes-192-cbc',
  'http://www.w3.org/2001/04/xmlenc#aes256-cbc': 'aes-256-cbc',
}
/** What small parts may grow to, whatever the ratio. */
const HARMLESS = 16 * 1024 ** 2

/**
 * The archive with its parts as they were before encryption. Throws `password-wrong`; `password-protected` for what is
 * encrypted in another way (Blowfish, as OpenOffice did until 2010; Argon2, as LibreOffice may since 2024), `damaged`.
 */
export async function unlockOpenDocument(archive: Archive, password: string): Promise<Archive> {
  const manifest = archive.find('META-INF/manifest.xml')
  const encryptions = manifest ? readManifest((await archive.read(manifest)).bytes.toString('utf8')) : undefined
  const text = archive.find('content.xml')
  const ofText = encryptions?.get('content.xml')
  if (!encryptions || !text || !ofText) throw new AppError('password-protected')
  /** Keys by what they are derived from: newer programs give all parts the same salt. */
  const keys = new Map<string, Promise<Buffer>>()

  function keyOf({ salt, iterations, keySize, startHash }: Encryption): Promise<Buffer> {
    const name = `${salt.toString('hex')} ${iterations} ${keySize} ${startHash}`
    const known = keys.get(name)
    if (known) return known
    const start = createHash(startHash).update(password, 'utf8').digest()
    const key = promisify(pbkdf2)(start, salt, iterations, keySize, 'sha1')
    keys.set(name, key)
    return key
  }

  async function decrypted(entry: ArchiveEntry, encryption: Encryption): Promise<{ packed: Buffer; damaged: boolean }> {
    const cipher = CIPHERS[encryption.algorithm]
    if (!cipher) throw new AppError('password-protected')
    const { bytes, damaged } = await archive.read(entry)
    try {
      const decipher = createDecipheriv(cipher, await keyOf(encryption), encryption.iv).setAutoPadding(false)
      const whole = bytes.subarray(0, bytes.length - (bytes.length % 16))
      const plain = Buffer.concat([decipher.update(whole), decipher.final()])
      // The last byte says how many were added (XML Encryption 1.1, 5.2).
      const added = plain.at(-1) ?? 0
      return { packed: plain.subarray(0, plain.length - (added <= 16 ? added : 0)), damaged }
    } catch (cause) {
      throw new AppError('damaged', {}, { cause })
    }
  }

  async function read(entry: ArchiveEntry): Promise<{ bytes: Buffer; damaged: boolean }> {
    const encryption = encryptions?.get(entry.name)
    if (!encryption) return archive.read(entry)
    const { packed, damaged } = await decrypted(entry, encryption)
    const most = Math.min(ARCHIVE_LIMITS.bytes, Math.max(HARMLESS, ARCHIVE_LIMITS.ratio * packed.length))
    try {
      return { bytes: await promisify(inflateRaw)(packed, { maxOutputLength: most }), damaged }
    } catch (cause) {
      const large = cause instanceof RangeError && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
      throw large
        ? new AppError('archive-too-large', { what: 'bytes', limit: most }, { cause })
        : new AppError('damaged', {}, { cause })
    }
  }

  await demandRight()
  return {
    ...archive,
    read,
    async *stream(entry) {
      if (encryptions.has(entry.name)) yield (await read(entry)).bytes
      else yield* archive.stream(entry)
    },
  }

  async function demandRight(): Promise<void> {
    const { packed } = await decrypted(text as ArchiveEntry, ofText as Encryption)
    const check = ofText?.check
    if (check) {
      const digest = createHash(check.hash).update(packed.subarray(0, 1024)).digest()
      if (!digest.equals(check.digest)) throw new AppError('password-wrong')
      return
    }
    await read(text as ArchiveEntry).catch(cause => {
      throw new AppError('password-wrong', {}, { cause })
    })
  }
}

function readManifest(xml: string): Map<string, Encryption> {
  const found = new Map<string, Encryption>()
  let path = ''
  let now: Encryption | undefined
  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        const name = tag.replace(/^.*:/, '')
        const value = (wanted: string) =>
          Object.entries(attributes).find(([key]) => key.replace(/^.*:/, '') === wanted)?.[1] ?? ''
        if (name === 'file-entry') path = value('full-path')
        else if (name === 'encryption-data') {
          now = { algorithm: '', iv: empty, salt: empty, iterations: 0, keySize: 16, startHash: 'sha1' }
          const hash = /sha-?(1|256)[/-]1k$/i.exec(value('checksum-type'))?.[1]
          if (hash) now.check = { hash: `sha${hash}`, digest: Buffer.from(value('checksum'), 'base64') }
        } else if (!now) return
        else if (name === 'algorithm') {
          now.algorithm = value('algorithm-name')
          now.iv = Buffer.from(value('initialisation-vector'), 'base64')
        } else if (name === 'start-key-generation') {
          if (/sha256$/i.test(value('start-key-generation-name'))) now.startHash = 'sha256'
        } else if (name === 'key-derivation') {
          const derivation = value('key-derivation-name')
          if (derivation !== '' && !/pbkdf2$/i.test(derivation)) now.algorithm = derivation
          now.salt = Buffer.from(value('salt'), 'base64')
          now.iterations = Number(value('iteration-count')) || 1
          now.keySize = Number(value('key-size')) || now.keySize
        }
      },
      onclosetag(tag) {
        if (!now || !tag.endsWith('encryption-data')) return
        // More rounds than any program asks for would only keep the reader busy.
        if (now.iterations > ROUNDS || now.keySize > 64) throw new AppError('damaged', { what: 'rounds' })
        found.set(path, now)
        now = undefined
      },
    },
    { xmlMode: true },
  )
  parser.end(xml)
  return found
}

const empty = Buffer.alloc(0)
