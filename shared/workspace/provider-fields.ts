/** What a provider is called, and where it is, as it is kept. */
import { AppError } from '../errors.ts'

const longestName = 100

/** Of a short key, nothing can be shown without showing much of it. */
export const hintOf = (key: string) => (key.length >= 12 ? key.slice(-4) : '')

/** As it is asked: without a slash at its end; with `/v1` where only a server is named. Throws `provider-invalid`. */
export function cleanAddress(given: string): string {
  const url = URL.parse(given.trim())
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.username ||
    url.password ||
    url.search ||
    url.hash ||
    !url.hostname
  )
    throw new AppError('provider-invalid', { address: shownAddress(given) })
  const path = url.pathname.replace(/\/+$/, '').replace(/\/(?:chat\/completions|models|messages)$/, '')
  return `${url.origin}${path === '' ? '/v1' : path}`
}

/** Never with what may be a password in it. */
const shownAddress = (given: string) =>
  given
    .trim()
    .replace(/\/\/[^/]*@/, '//…@')
    .replace(/[?#].*$/s, '')
    .slice(0, 200)

/** Throws `name-invalid`. */
export function cleanName(given: string): string {
  const clean = given.normalize('NFC').trim()
  if (clean === '' || clean.length > longestName || /\p{Cc}|\p{Bidi_Control}/u.test(clean))
    throw new AppError('name-invalid', { name: clean.slice(0, longestName), max: longestName })
  return clean
}

/** Made from a name; none of those that are known. */
export function freeSlug(name: string, known: readonly string[]): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 28)
    .replace(/-+$/, '')
  const base = plain || 'provider'
  for (let count = 1; ; count++) {
    const slug = count === 1 ? base : `${base}-${count}`
    if (!known.includes(slug)) return slug
  }
}
