/** Parts of an Office Open XML file and how they refer to one another (ECMA-376 part 2). */
import { AppError } from '../../errors.ts'
import type { Trouble } from '../trouble.ts'
import type { Archive, ArchiveEntry } from '../zip/archive.ts'
import { childrenOf, type Element, elementsOf } from './xml.ts'

export interface Relationship {
  id: string
  /** The last part of its type: the same in the transitional and the strict form of the standard. */
  type: string
  /** A part's name, or an address outside. */
  target: string
  external: boolean
}

export interface Package {
  has(part: string): boolean
  /** The names of the parts like this, in the order of the archive. */
  like(pattern: RegExp): string[]
  /** The bytes of a part as they come; what is broken ends early and is told. Nothing where there is none. */
  stream(part: string): AsyncGenerator<Uint8Array>
  /** The root of a small part; undefined where there is none, which is damage where another part refers to it. */
  root(part: string, referred?: 'referred'): Promise<Element | undefined>
  /** What a part refers to; `''` is the package. */
  relationships(part: string): Promise<Relationship[]>
}

/** Only small parts are read as a whole: a tree takes ten times what its text does. */
const WHOLE = 24 * 1024 ** 2

export function createPackage(archive: Archive, trouble: Trouble): Package {
  if (archive.damaged) trouble.damaged('the directory of the archive is broken')
  const byName = new Map<string, ArchiveEntry>()
  // Names of parts are compared without case (ECMA-376 part 2, 6.2.2.3).
  for (const entry of archive.entries) {
    const name = entry.name.replace(/^\/+/, '').toLowerCase()
    if (!byName.has(name)) byName.set(name, entry)
  }

  async function* stream(part: string): AsyncGenerator<Uint8Array> {
    const entry = byName.get(part.toLowerCase())
    if (!entry) return
    try {
      yield* archive.stream(entry)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'damaged') throw error
      trouble.damaged('a part is broken')
    }
  }

  async function root(part: string, referred?: 'referred'): Promise<Element | undefined> {
    const entry = byName.get(part.toLowerCase())
    if (!entry && referred) trouble.damaged('a part is missing')
    if (!entry) return undefined
    if (entry.size > WHOLE) {
      trouble.cut(`a part of ${entry.size} bytes is too large to be read as a whole`)
      return undefined
    }
    let first: Element | undefined
    // To its end, where the checksum is looked at.
    for await (const element of elementsOf(stream(part), undefined, trouble)) first ??= element
    return first
  }

  return {
    has: part => byName.has(part.toLowerCase()),
    like: pattern => archive.entries.map(({ name }) => name.replace(/^\/+/, '')).filter(name => pattern.test(name)),
    stream,
    root,
    async relationships(part) {
      const slash = part.lastIndexOf('/') + 1
      const folder = part.slice(0, slash)
      const relationships = await root(`${folder}_rels/${part.slice(slash)}.rels`)
      return childrenOf(relationships, 'Relationship').map(({ attributes }) => {
        const external = attributes.TargetMode === 'External'
        const target = attributes.Target ?? ''
        return {
          id: attributes.Id ?? '',
          type: (attributes.Type ?? '').replace(/^.*\//, ''),
          target: external ? target : resolvePart(folder, target),
          external,
        }
      })
    },
  }
}

/**
 * The name of the main part, such as the workbook: the package says it, and where that is lost, it has its usual name, or one
 * `like` it. Throws `type-mismatch` when the package holds another kind of document, `damaged` when it holds none.
 */
export async function mainPart(parts: Package, usual: string, mediaType: string, like?: RegExp): Promise<string> {
  const main = (await parts.relationships('')).find(({ type }) => type === 'officeDocument')?.target
  const others = MAIN.filter(name => name !== usual)
  if (main && parts.has(main) && !others.includes(main.toLowerCase())) return main
  if (parts.has(usual)) return usual
  const other = [...others, 'content.xml', 'META-INF/container.xml'].some(name => parts.has(name))
  const [first] = like && !other ? parts.like(like) : []
  if (first !== undefined) return first
  throw other ? new AppError('type-mismatch', { type: mediaType }) : new AppError('damaged')
}

const MAIN = ['xl/workbook.xml', 'xl/workbook.bin', 'ppt/presentation.xml', 'word/document.xml']

/** A part's name, seen from a folder; nothing leads out of the archive. */
export function resolvePart(folder: string, target: string): string {
  const path = target.startsWith('/') ? target : folder + target
  const names: string[] = []
  for (const name of decode(path).split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names.join('/')
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
