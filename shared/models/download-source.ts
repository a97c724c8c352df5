/** Where a file may be had from: what the user gave, as addresses to be tried in order. */
import { AppError } from '../errors.ts'
import { isPlainModelName } from './file-name.ts'

/** `operator`: somebody who runs this installation named its host, which may then be a private one; `content`: a user typed it. */
export type Trust = 'operator' | 'content'

export interface Source {
  url: string
  trust: Trust
}

/** What is known of a model that has a name of its own. */
export interface KnownModel {
  urls: readonly string[]
  /** What it is to be called here. */
  file: string
  sha256?: string
  /** Bytes. */
  size?: number
}

export interface Hubs {
  /** The hub, and others that hold the same under the same paths; tried in this order. */
  hub: string
  mirrors: readonly string[]
}

/** Whose addresses people copy, and catalogs hold. */
export const usualHub = 'https://huggingface.co'

/** Every address of the hub also at its mirrors, one address after the other, none twice. */
export function sourcesOf(urls: readonly string[], trust: Trust, hubs: Hubs): Source[] {
  const sources = urls.flatMap(url => atAll(url, trust, hubs))
  return sources.filter(({ url }, at) => sources.findIndex(other => other.url === url) === at)
}

function atAll(given: string, trust: Trust, { hub, mirrors }: Hubs): Source[] {
  const url = parsed(given)
  const path = pathAtHub(url, hub)
  if (path === undefined) return [{ url: url.href, trust }]
  const first: Source = baseOf(hub) === usualHub ? { url: usualHub + path, trust } : at(hub, path)
  return [first, ...mirrors.map(mirror => at(mirror, path))]
}

function at(base: string, path: string): Source {
  return { url: baseOf(base) + path, trust: 'operator' }
}

/** Without the page that shows a file instead of sending it, which is what people copy. */
function pathAtHub(url: URL, hub: string): string | undefined {
  const address = url.origin + url.pathname
  const base = [baseOf(hub), usualHub].find(known => address.startsWith(`${known}/`))
  const path = base && address.slice(base.length)
  return path?.replace(/^(\/[^/]+\/[^/]+)\/blob\//, '$1/resolve/')
}

const baseOf = (address: string) => address.replace(/\/+$/, '')

/** Throws `download-address` for anything but an address of HTTP without a password in it. */
function parsed(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new AppError('download-address', { given: shown(given) })
  url.hash = ''
  return url
}

/** For messages: not all of it, and without what may be a password or a key. */
function shown(given: string): string {
  return given
    .slice(0, 200)
    .replace(/\?.*$/s, '?…')
    .replace(/^([a-z]+:\/\/)[^/]*@/i, '$1…@')
}

/** Whether a hub of models stands there, which says the checksum before it sends on. */
export function isAtHub(url: string): boolean {
  return /^\/(?:.+\/)?[^/]+\/[^/]+\/resolve\/[^/]+\/./.test(new URL(url).pathname)
}

export const hostOf = (url: string): string => new URL(url).host

/** What the file is called at its address. Throws `download-unnamed` where that is no name of a model, `download-address` as above. */
export function nameAt(given: string): string {
  const last = parsed(given).pathname.split('/').at(-1) ?? ''
  let name = ''
  try {
    name = decodeURIComponent(last).normalize('NFC')
  } catch {
    // A percent sign that means none.
  }
  if (!isPlainModelName(name)) throw new AppError('download-unnamed', { given: shown(given) })
  return name
}
