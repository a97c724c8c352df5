/**
 * Office Open XML behind a password is an OLE compound file with the ZIP inside, encrypted ([MS-OFFCRYPTO] 2.3).
 */
import { open } from 'node:fs/promises'
import { AppError } from '../../errors.ts'
import { ARCHIVE_LIMITS, type Archive, type ArchiveLimits, openArchive } from './archive.ts'

const OLE = Buffer.from('d0cf11e0a1b11ae1', 'hex')

// What Excel takes to protect a workbook's structure: whoever opens it is not asked ([MS-OFFCRYPTO] 2.4.2.3).
const SILENT_PASSWORD = 'VelvetSweatshop'

const ROUNDS = 1_000_000

/**
 * Opens an Office Open XML file, decrypting it in memory where it has to be. Throws `password-protected` (there is none),
 * `password-wrong`, `type-mismatch` (an OLE file that is something else: Word 97 and the like), `too-large` (encrypted and
 * over the limit), and what `openArchive` throws.
 */
export async function openOffice(
  file: string,
  {
    password,
    limits = ARCHIVE_LIMITS,
    mediaType = '',
  }: { password?: string; limits?: ArchiveLimits; mediaType?: string },
): Promise<Archive> {
  const handle = await open(file, 'r')
  let bytes: Buffer
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(OLE.length), 0, OLE.length, 0)
    if (bytesRead < OLE.length || !buffer.equals(OLE)) return await openArchive(file, { limits })
    const { size } = await handle.stat()
    if (size > limits.bytes) throw new AppError('too-large', { limit: Math.round(limits.bytes / 1024 ** 2) })
    bytes = await handle.readFile()
  } finally {
    await handle.close()
  }
  if (!hasStream(bytes, 'EncryptedPackage')) throw new AppError('type-mismatch', { type: mediaType })
  return openArchive(await decrypted(bytes, password), { limits })
}

async function decrypted(bytes: Buffer, password: string | undefined): Promise<Buffer> {
  // More rounds than any program asks for would only keep the reader busy ([MS-OFFCRYPTO] 2.3.4.10 allows ten millions).
  const rounds = /spinCount="(\d+)"/.exec(bytes.toString('latin1'))?.[1]
  if (Number(rounds ?? 0) > ROUNDS) throw new AppError('damaged', { what: 'rounds' })
  const { default: crypto } = await import('officecrypto-tool')
  try {
    return await crypto.decrypt(bytes, { password: password || SILENT_PASSWORD })
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : ''
    // The library's errors are known by their texts. What it cannot decrypt (a certificate, rights management) stays
    // protected for us.
    if (/incorrect/i.test(text)) throw new AppError(password ? 'password-wrong' : 'password-protected', {}, { cause })
    if (/unsupported|unrecognized|unknown cipher/i.test(text)) throw new AppError('password-protected', {}, { cause })
    throw new AppError(password ? 'damaged' : 'password-protected', {}, { cause })
  }
}

/** Looks for an entry of the directory: 128 bytes, the name in UTF-16 first, its length with the final zero at 64 ([MS-CFB] 2.6.1). */
function hasStream(bytes: Buffer, name: string): boolean {
  const wide = Buffer.from(`${name}\0`, 'utf16le')
  for (let at = bytes.indexOf(wide); at !== -1; at = bytes.indexOf(wide, at + 1))
    if (at % 128 === 0 && at + 66 <= bytes.length && bytes.readUInt16LE(at + 64) === wide.length) return true
  return false
}
