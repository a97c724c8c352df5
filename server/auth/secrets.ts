/** Secrets that people carry about: links, keys, tokens. Kept is only what a hash of them is. */
import { createHash, randomBytes } from 'node:crypto'

/** 256 bits that nobody guesses, in letters that every address takes. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

/** A plain hash is enough for what has 256 bits (ASVS 5.0, 6.5.2). */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')
