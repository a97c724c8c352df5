/** What an EPUB says about itself: its chapters in order, their titles, and which of them are locked. */
import { AppError } from '../../errors.ts'
import { cleanText } from '../clean-text.ts'
import { type Package, resolvePart } from '../office/package.ts'
import { attributeOf, childOf, childrenOf, descendantsOf, type Element, rawText } from '../office/xml.ts'
import type { Trouble } from '../trouble.ts'
import type { Archive, ArchiveEntry } from '../zip/archive.ts'

export interface Chapter {
  entry: ArchiveEntry
  /** As the table of contents has it. */
  title: string | undefined
  /** It is the table of contents. */
  contents: boolean
  /** Encrypted, and not only a typeface. */
  locked: boolean
}

export interface Book {
  title: string
  authors: string[]
  chapters: Chapter[]
}

const PAGES = /\.(?:xhtml|html?|xht)$/i
// Typefaces are made unreadable so that nobody takes them out (EPUB 3.3, 4.4; Adobe's own way before it).
const OBFUSCATED = /^http:\/\/(?:www\.idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc#RC)$/

/** Where nothing says what belongs to the book, its pages by their names. Throws `damaged` when there are none. */
export async function openBook(archive: Archive, parts: Package, trouble: Trouble): Promise<Book> {
  const locked = await lockedIn(parts)
  const found = await findPackage(archive, parts)
  const path = found?.path ?? ''
  const root = found?.root
  const items = new Map<string, { path: string; type: string; contents: boolean }>()
  for (const item of descendantsOf(childOf(root, 'manifest'), 'item')) {
    const { id = '', href = '', properties = '' } = item.attributes
    items.set(id, {
      path: resolve(path, href),
      type: attributeOf(item, 'media-type') ?? '',
      contents: /(?:^|\s)nav(?:\s|$)/.test(properties),
    })
  }
  const spine = childOf(root, 'spine')
  const titles = await titlesIn(parts, items, spine?.attributes.toc)
  const chapters: Chapter[] = []
  for (const { attributes } of childrenOf(spine, 'itemref')) {
    const item = items.get(attributes.idref ?? '')
    const entry = item && entryOf(archive, item.path)
    if (!item || !entry) {
      trouble.damaged('a chapter is missing')
      continue
    }
    if (/^(?:image\/(?!svg)|video|audio)/.test(item.type)) continue
    chapters.push({ entry, title: titles.get(item.path), contents: item.contents, locked: locked.has(item.path) })
  }
  if (chapters.length === 0) {
    const pages = archive.entries.filter(({ name }) => PAGES.test(name) && !name.startsWith('__MACOSX/'))
    if (pages.length === 0) throw new AppError('damaged', { what: 'spine' })
    trouble.damaged('nothing says what belongs to the book')
    const byName = pages.toSorted((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }))
    for (const entry of byName)
      chapters.push({ entry, title: titles.get(entry.name), contents: false, locked: locked.has(entry.name) })
  }
  const metadata = childOf(root, 'metadata')
  const texts = (name: string) => descendantsOf(metadata, name).map(element => cleanText(rawText(element)))
  return {
    title: texts('title')[0] ?? '',
    authors: texts('creator')
      .filter(author => author !== '')
      .slice(0, 20),
    chapters,
  }
}

async function findPackage(archive: Archive, parts: Package): Promise<{ path: string; root: Element } | undefined> {
  const container = await parts.root('META-INF/container.xml')
  const said = descendantsOf(container, 'rootfile').map(({ attributes }) => resolve('', attributes['full-path'] ?? ''))
  const others = archive.entries
    .map(({ name }) => name)
    .filter(name => /\.opf$/i.test(name) && !name.startsWith('__MACOSX/'))
  for (const path of [...said, ...others]) {
    const root = await parts.root(path)
    if (root) return { path, root }
  }
  return undefined
}

/** The parts that are encrypted, typefaces aside. */
async function lockedIn(parts: Package): Promise<ReadonlySet<string>> {
  const locked = new Set<string>()
  const encryption = await parts.root('META-INF/encryption.xml')
  for (const data of descendantsOf(encryption, 'EncryptedData')) {
    const method = childOf(data, 'EncryptionMethod')?.attributes.Algorithm ?? ''
    if (OBFUSCATED.test(method)) continue
    for (const { attributes } of descendantsOf(data, 'CipherReference')) locked.add(resolve('', attributes.URI ?? ''))
  }
  return locked
}

/** The title of each page in the table of contents: of EPUB 3, else of EPUB 2. A page with several has the first. */
async function titlesIn(
  parts: Package,
  items: ReadonlyMap<string, { path: string; type: string; contents: boolean }>,
  toc: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const titles = new Map<string, string>()
  const add = (from: string, target: string | undefined, title: string) => {
    const page = resolve(from, (target ?? '').replace(/#.*$/s, ''))
    if (title !== '' && !titles.has(page)) titles.set(page, title)
  }
  const all = [...items.values()]
  const nav = all.find(item => item.contents)
  const lists = nav ? descendantsOf(await parts.root(nav.path), 'nav') : []
  const list = lists.find(element => attributeOf(element, 'type') === 'toc') ?? lists[0]
  if (nav && list)
    for (const link of descendantsOf(list, 'a')) add(nav.path, link.attributes.href, cleanText(rawText(link)))
  const ncx = items.get(toc ?? '') ?? all.find(item => item.type === 'application/x-dtbncx+xml')
  if (titles.size > 0 || !ncx) return titles
  const waiting = childrenOf(childOf(await parts.root(ncx.path), 'navMap'), 'navPoint')
  for (let point = waiting.shift(); point; point = waiting.shift()) {
    const text = cleanText(rawText(childOf(point, 'navLabel')))
    add(ncx.path, childOf(point, 'content')?.attributes.src, text)
    waiting.unshift(...childrenOf(point, 'navPoint'))
  }
  return titles
}

function entryOf(archive: Archive, path: string): ArchiveEntry | undefined {
  return archive.find(path) ?? archive.entries.find(({ name }) => name.toLowerCase() === path.toLowerCase())
}

/** A part's name, seen from another. */
function resolve(from: string, target: string): string {
  return resolvePart(from.slice(0, from.lastIndexOf('/') + 1), target)
}
