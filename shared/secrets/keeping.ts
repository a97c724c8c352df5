/**
 * Where the key of a data directory is kept, when it is not a file that lies there open: `secrets.json` says so, for whoever opens the
 * directory. The key itself is in the system's keychain, or in this file under a passphrase or under what the desktop seals with.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { AppError } from '../errors.ts'

const keeping = z.discriminatedUnion('place', [
  z.object({
    place: z.literal('keychain'),
    /** Its name in the keychain: another directory's key is another entry, and a directory that is moved keeps its own. */
    account: z.string().min(1),
    fingerprint: z.string(),
  }),
  /** `sealed`: the key. */
  z.object({ place: z.literal('safe-storage'), sealed: z.string().min(1), fingerprint: z.string() }),
  z.object({ place: z.literal('passphrase'), sealed: z.string().min(1), fingerprint: z.string() }),
  /** There is none yet, and none is to be made that would lie open. */
  z.object({ place: z.literal('nowhere') }),
])
const versioned = z.object({ version: z.literal(1) }).and(keeping)

export type Keeping = z.infer<typeof keeping>
/** Of a key that there is. */
export type Kept = Exclude<Keeping, { place: 'nowhere' }>
export type KeyPlace = Kept['place']

export const keepingFileOf = (dataDirectory: string) => path.join(dataDirectory, 'secrets.json')
export const keyFileOf = (dataDirectory: string) => path.join(dataDirectory, 'secrets.key')

/** Tells keys apart and says nothing of them. */
export function fingerprintOf(key: Buffer): string {
  return createHmac('sha256', key).update('cloister key').digest('base64url').slice(0, 22)
}

/** Undefined where nothing is said. Throws `secrets-unreadable` with the file where it cannot be understood. */
export async function readKeeping(dataDirectory: string): Promise<Keeping | undefined> {
  const file = keepingFileOf(dataDirectory)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    const { version: _, ...found } = versioned.parse(JSON.parse(text))
    return found
  } catch (error) {
    throw new AppError('secrets-unreadable', { file, context: 'file' }, { cause: error })
  }
}

/** In place of what was said, at once and for good: it is on the disk when this resolves. */
export async function writeKeeping(dataDirectory: string, said: Keeping): Promise<void> {
  const file = keepingFileOf(dataDirectory)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify({ version: 1, ...said }, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}
