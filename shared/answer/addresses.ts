/**
 * Whatever a program might turn into a link or load: addresses with a scheme, "www.", "//host", bare domains, e-mail, IP with a port or path,
 * network shares. Wide on purpose: what is found here is shown only if the sources hold the very same address. Look-alike letters and
 * signs are read as what they look like; `start` and `end` are places in the text as it is, and `address` is as it stands there.
 */
export function* addressesIn(text: string): Generator<{ address: string; start: number; end: number }> {
  const { shadow, origin } = shadowOf(text)
  for (const match of shadow.matchAll(ADDRESS)) {
    const length = match[0].replace(TRAILING, '').length
    if (length <= 2 || HONEST.test(match[0].slice(0, length))) continue
    const start = origin(match.index)
    const end = origin(match.index + length)
    yield { address: text.slice(start, end), start, end }
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

/** The text as browsers read its letters and signs, and where each character came from. */
function shadowOf(text: string): { shadow: string; origin(at: number): number } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII reads as itself
  if (/^[\x00-\x7f]*$/.test(text)) return { shadow: text, origin: at => at }
  let shadow = ''
  const places: number[] = []
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at)!)
    const folded = KEPT.test(character)
      ? character
      : (LOOKS.find(([look]) => look.test(character))?.[1] ?? character.normalize('NFKC'))
    for (let index = 0; index < folded.length; index++) places.push(at)
    shadow += folded
    at += character.length
  }
  places.push(text.length)
  return { shadow, origin: at => places[at] }
}

/** What NFKC would make more of than a look: an ellipsis is what stands for an address, quotes and blanks end one. */
const KEPT = /[…„“”«»‹›\s\ue000\ue001]/u
/** Colons, points and slashes to the eye that NFKC leaves as they are. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/[\u02d0\u02f8\u0589\u05c3\u0703\u0704\u2236\ua789]/, ':'],
  [/[\u06d4\u0701\u0702\u2027\u2219\u22c5\u3002]/, '.'],
  [/[\u2044\u2215\u2571\u29f8]/, '/'],
  [/[\u2216\u29f5]/, '\\'],
]

const REST = '[^\\s\ue000\ue001<>‹›…"„“”«»]'
/** Top-level names that are matched however they are written; others only in one case, or before what follows a host: "Ende.Anfang" is no address. */
const COMMON_TOP =
  'com|org|net|de|io|eu|info|ai|app|dev|zip|mov|xyz|top|ru|cn|tk|me|co|uk|us|ch|at|fr|nl|pl|biz|shop|site|online|link|click|live|store|cloud'
    .split('|')
    .map(top => [...top].map(letter => `[${letter}${letter.toUpperCase()}]`).join(''))
    .join('|')
/** Before it stands no letter or digit; a sign may, and goes with it. */
const FREE = '(?<![\\p{L}\\p{N}])'
const HOST = '(?:[\\p{L}\\p{N}](?:[\\p{L}\\p{N}_-]{0,62})\\.){1,8}'
const ADDRESS = new RegExp(
  [
    // scheme://…, and every word that a colon and more than a number follow: "mailto:x", "whatsapp:send", "ms-word:…"
    `${FREE}[a-zA-Z][a-zA-Z0-9+.-]{0,20}:/{1,3}${REST}+`,
    `${FREE}[a-zA-Z][a-zA-Z0-9+.-]{1,20}:(?=[\\p{L}\\p{N}/\\\\?#%+&=~])${REST}+`,
    `${FREE}[dD][aA][tT][aA]:[\\w.+/-]*[;,]${REST}*`,
    `(?<![\\p{L}\\p{N}:/])//[\\p{L}\\p{N}]${REST}*`,
    `\\\\\\\\[\\p{L}\\p{N}]${REST}*`,
    `[^\\s\ue000\ue001<>‹›…"„“”«»()@,;]{0,100}@[\\p{L}\\p{N}-]{1,100}(?:\\.[\\p{L}\\p{N}-]{1,100}){1,8}${REST}*`,
    `${FREE}[wW]{3}\\.${REST}+`,
    `(?<![\\d.])\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d{1,5}(?:/${REST}*)?|/${REST}*)`,
    // host.top, with whatever follows it
    `${FREE}${HOST}(?:${COMMON_TOP}|[xX][nN]--[a-zA-Z0-9]+|\\p{Ll}{2,24}|\\p{Lu}{2,24})(?![\\p{L}\\p{N}])(?:[:/?#]${REST}*)?`,
    `${FREE}${HOST}\\p{L}{2,24}[:/?#]${REST}*`,
  ].join('|'),
  'gu',
)
/** A label and a number ("Az.:4711/20", "Frist:3"), and both sexes in one word ("Mieter:innen"). */
const HONEST =
  /^(?!(?:tel|sms|callto|sip|facetime|localhost):)[\p{L}-]+\.?:(?:\d[\d.,:/–-]{0,12}\p{L}{0,2}|innen|in)$/iu
/** What ends a sentence, or closes what was opened before, is not part of the address. */
const TRAILING = /[.,;:!?'’»)\]}*_|]+$/
