/**
 * Whatever a program might turn into a link or load: addresses with a scheme, "www.", "//host", bare domains, e-mail, IP with a path, network
 * shares. Wide on purpose: what is found here is shown only if the sources hold the very same address.
 */
export function* addressesIn(text: string): Generator<{ address: string; start: number; end: number }> {
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, '')
    if (address.length > 2) yield { address, start: match.index, end: match.index + address.length }
  }
}

/** The text with every address replaced that is not known. */
export function withoutAddresses(text: string, knows: (address: string) => boolean): string {
  let result = ''
  let last = 0
  for (const { address, start, end } of addressesIn(text)) {
    if (knows(address)) continue
    result += `${text.slice(last, start)}…`
    last = end
  }
  return result + text.slice(last)
}

/** Top-level names that are matched however they are written; others only in one case, since "Ende.Anfang" is no address. */
const COMMON_TOP =
  '[cC][oO][mM]|[oO][rR][gG]|[nN][eE][tT]|[dD][eE]|[iI][oO]|[eE][uU]|[iI][nN][fF][oO]|[aA][iI]|[aA][pP][pP]|[dD][eE][vV]'
const ADDRESS = new RegExp(
  [
    // scheme://…, and schemes that go without the slashes
    '(?<![\\p{L}\\p{N}])[a-zA-Z][a-zA-Z0-9+.-]{0,20}:/{1,3}[^\\s\ue000\ue001<>‹›…"„“”«»]+',
    '(?<![\\p{L}\\p{N}])(?:javascript|vbscript|mailto|tel|sms|callto|file|blob|magnet|intent|about|view-source|ws|wss|ms-[a-z-]+):[^\\s\ue000\ue001<>‹›…"„“”«»]+',
    '(?<![\\p{L}\\p{N}])data:[\\w.+/-]*[;,][^\\s\ue000\ue001<>‹›…"„“”«»]*',
    '(?<![\\p{L}\\p{N}:/])//[\\p{L}\\p{N}.-]+\\.[\\p{L}\\p{N}]{2,}[^\\s\ue000\ue001<>‹›…"„“”«»]*',
    '\\\\\\\\[\\w.-]+\\\\[^\\s\ue000\ue001<>‹›…"]+',
    '[^\\s\ue000\ue001<>‹›…"„“”«»()@,;]{1,100}@[\\p{L}\\p{N}-]{1,100}(?:[.。][\\p{L}\\p{N}-]{1,100}){1,8}[^\\s\ue000\ue001<>‹›…"„“”«»]*',
    '(?<![\\p{L}\\p{N}])[wW]{3}[.。][^\\s\ue000\ue001<>‹›…"„“”«»]+',
    '(?<![\\d.])\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d{1,5})?/[^\\s\ue000\ue001<>‹›…"„“”«»]*',
    // host.top, with whatever follows it
    `(?<![\\p{L}\\p{N}@.。-])(?:[\\p{L}\\p{N}][\\p{L}\\p{N}-]{0,62}[.。]){1,8}(?:${COMMON_TOP}|xn--[a-z0-9]+|\\p{Ll}{2,24}|\\p{Lu}{2,24})(?![\\p{L}\\p{N}])(?:[:/?#][^\\s\ue000\ue001<>‹›…"„“”«»]*)?`,
    '(?<![\\p{L}\\p{N}@.。-])(?:[\\p{L}\\p{N}][\\p{L}\\p{N}-]{0,62}[.。]){1,8}\\p{L}{2,24}[:/?#][^\\s\ue000\ue001<>‹›…"„“”«»]*',
  ].join('|'),
  'gu',
)
/** What ends a sentence, or closes what was opened before, is not part of the address. */
const TRAILING = /[.,;:!?'’»)\]}*_|]+$/
