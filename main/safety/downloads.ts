import { isOwnOrigin } from '../page/origin.ts'
import { isOwnBlob } from './navigation.ts'

/** `name`: what to suggest; where it goes the user says. */
export type Download = { allowed: true; name: string } | { allowed: false }

const most = 120

/** What the server gives out, or the page has made; of nowhere else. */
export function decideDownload({ urls, name }: { urls: readonly string[]; name: string }): Download {
  if (urls.length === 0 || !urls.every(url => isOwnOrigin(url) || isOwnBlob(url))) return { allowed: false }
  return { allowed: true, name: harmless(name) }
}

/** A name and no path, on any system; the end stays, as it says what kind of file it is. */
function harmless(name: string): string {
  const last = name.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .replace(/[\p{Cc}\p{Cf}\p{Cs}<>:"|?*]/gu, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '')
    .replace(/^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i, '_$1')
  if (plain.length <= most) return plain || 'cloister'
  const ending = /\.[\w-]{1,10}$/.exec(plain)?.[0] ?? ''
  return plain.slice(0, most - ending.length) + ending
}
