/**
 * A channel's file names the installers with their checksums; whoever can write it decides what is installed. So it is signed (Ed25519) by
 * who releases, and the key to check that with is part of the build. Installers of Windows and macOS bear signatures of their own besides,
 * those of Linux do not.
 */
import { createPublicKey, verify } from 'node:crypto'

/** `key`: SPKI as base64. */
export function isSignedBy(key: string, file: Uint8Array, signature: string): boolean {
  const bytes = Buffer.from(signature.trim(), 'base64')
  if (bytes.length !== 64) return false
  try {
    const known = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
    return known.asymmetricKeyType === 'ed25519' && verify(null, file, known, bytes)
  } catch {
    return false
  }
}
