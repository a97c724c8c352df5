/** Passwords: which ones are refused, and how they are kept. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import { commonPasswords } from './common-passwords.ts'
import { createTurns, type Turns } from './turns.ts'

export const shortest = 8
export const longest = 128

/**
 * One of the settings that the OWASP Password Storage Cheat Sheet gives as alike (N = 2^15, r = 8, p = 3): 32 MiB for each hash that is
 * being made, where N = 2^17 would take 128.
 */
const cost = { log: 15, r: 8, p: 3 } as const
const keyLength = 32
const saltLength = 16

export interface Passwords {
  /** Throws as `Turns.take`. */
  hash(password: string): Promise<string>
  /** Takes as long as `hash`, whatever comes out. Throws as `Turns.take`. */
  verify(hash: string, password: string): Promise<boolean>
}

export function createPasswords(turns: Turns = createTurns()): Passwords {
  return {
    hash: password =>
      turns.take(async () => {
        const salt = randomBytes(saltLength)
        const key = await derive(password, salt, cost)
        return ['scrypt', cost.log, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$')
      }),
    verify: (hash, password) =>
      turns.take(async () => {
        const [kind, log, r, p, salt, key] = hash.split('$')
        const expected = Buffer.from(key ?? '', 'base64url')
        if (kind !== 'scrypt' || expected.length !== keyLength) {
          await derive(password, Buffer.alloc(saltLength), cost)
          return false
        }
        const numbers = { log: Number(log), r: Number(r), p: Number(p) }
        return timingSafeEqual(await derive(password, Buffer.from(salt ?? '', 'base64url'), numbers), expected)
      }),
  }
}

function derive(password: string, salt: Uint8Array, { log, r, p }: { log: number; r: number; p: number }) {
  const N = 2 ** log
  return new Promise<Buffer>((resolve, reject) => {
    // The same text may be typed in several ways of writing its letters.
    scrypt(password.normalize('NFKC'), salt, keyLength, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

/**
 * What nobody may choose: too short, too long, or among what is tried first, which is also the account's own address. Throws
 * `password-short`, `password-long`, `password-common`.
 */
export function demandGoodPassword(password: string, email: string): void {
  const { length } = [...password]
  if (length < shortest) throw new AppError('password-short', { min: shortest })
  if (length > longest) throw new AppError('password-long', { max: longest })
  const plain = password.normalize('NFKC').toLowerCase()
  // Figures and an exclamation mark behind a word are what people add where they are asked for some.
  const word = plain.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  const [name = '', place = ''] = email.toLowerCase().split('@')
  const own = [email.toLowerCase(), name, place.split('.')[0]].filter(Boolean)
  const guessed = [plain, word].some(one => commonPasswords.has(one) || own.includes(one))
  const same = new Set(plain).size <= 2
  const counted = isRun(plain)
  if (guessed || same || counted) throw new AppError('password-common')
}

/** Signs that follow one another: 12345678, abcdefgh, 87654321. */
function isRun(text: string): boolean {
  const codes = [...text].map(sign => sign.codePointAt(0) ?? 0)
  const steps = new Set(codes.slice(1).map((code, at) => code - (codes[at] ?? 0)))
  return steps.size === 1 && [-1, 1].includes([...steps][0] ?? 0)
}
