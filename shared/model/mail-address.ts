/** Addresses of mail, as they stand in an envelope and in a header; nothing of them may end a line there. */

export interface Mailbox {
  name?: string
  address: string
}

const controls = /\p{Cc}|[\u2028\u2029]/u
const atom = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u
/** RFC 5321 allows `<` and `>` in quotes too; not everybody on the way knows that. */
const quoted = /^"(?:[^"\\<>]|\\[\x20-\x3b\x3d\x3f-\x7e])+"$/
/** RFC 5321, 4.5.3.1: bytes. */
const longest = { local: 64, address: 254 }

/**
 * The address as mail servers take it (the domain in small ASCII letters: `müller.de` becomes `xn--mller-kva.de`), or undefined where
 * it is none. Domains are names: no bracketed numbers.
 */
export function parseMailAddress(text: string): string | undefined {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, Math.max(0, at))
  const domain = text.slice(at + 1)
  if (controls.test(text) || !(atom.test(local) || quoted.test(local))) return undefined
  const host = /[\s/?#:@\\%[\]]/.test(domain) ? '' : (URL.parse(`http://${domain}/`)?.hostname ?? '')
  if (!/^(?:[a-z\d_](?:[a-z\d_-]*[a-z\d_])?\.)*[a-z\d](?:[a-z\d-]*[a-z\d])?$/.test(host)) return undefined
  // As browsers read it, `1.2` is an address of IPv4.
  if (/(?:^|\.)\d+$/.test(host)) return undefined
  const address = `${local}@${host}`
  const bytes = (part: string) => new TextEncoder().encode(part).length
  return bytes(local) <= longest.local && bytes(address) <= longest.address ? address : undefined
}

/** `Name <address>`, `"Name" <address>` or an address alone. */
export function parseMailbox(text: string): Mailbox | undefined {
  const given = text.trim()
  const [, named = '', inside = given] = /^([^<>]*)<([^<>]*)>$/.exec(given) ?? []
  const name = named.trim().replace(/^"(.*)"$/, '$1')
  const address = parseMailAddress(inside.trim())
  if (address === undefined || controls.test(name)) return undefined
  return name === '' ? { address } : { name, address }
}
