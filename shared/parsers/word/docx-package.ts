import { AppError } from '../../errors.ts'
import type { Archive, ArchiveEntry } from '../zip/archive.ts'
import { createXmlReader, decodeXml, type XmlHandler } from './xml.ts'

/** Namespaces of Office Open XML, transitional and strict (ISO/IEC 29500-1 and -4), by the prefixes used here. */
export const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['http://schemas.openxmlformats.org/wordprocessingml/2006/main', 'w'],
  ['http://purl.oclc.org/ooxml/wordprocessingml/main', 'w'],
  ['http://schemas.openxmlformats.org/officeDocument/2006/relationships', 'r'],
  ['http://purl.oclc.org/ooxml/officeDocument/relationships', 'r'],
  ['http://schemas.openxmlformats.org/officeDocument/2006/math', 'm'],
  ['http://purl.oclc.org/ooxml/officeDocument/math', 'm'],
  ['http://schemas.openxmlformats.org/drawingml/2006/main', 'a'],
  ['http://purl.oclc.org/ooxml/drawingml/main', 'a'],
  ['http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing', 'wp'],
  ['http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing', 'wp'],
  ['http://schemas.openxmlformats.org/drawingml/2006/diagram', 'dgm'],
  ['http://purl.oclc.org/ooxml/drawingml/diagram', 'dgm'],
  ['http://schemas.openxmlformats.org/drawingml/2006/chart', 'c'],
  ['http://purl.oclc.org/ooxml/drawingml/chart', 'c'],
  ['http://schemas.openxmlformats.org/markup-compatibility/2006', 'mc'],
  ['http://schemas.openxmlformats.org/package/2006/relationships', 'rel'],
  ['urn:schemas-microsoft-com:vml', 'v'],
  ['urn:schemas-microsoft-com:office:office', 'o'],
])

export interface Relation {
  id: string
  /** The last part of the type's address: `styles`, `footnotes` … */
  type: string
  entry: ArchiveEntry
}

/** Where the parts of a text document lie. */
export interface Parts {
  main: ArchiveEntry
  relations: readonly Relation[]
  /** A relation could not be read, or a part is missing. */
  damaged: boolean
}

/** What has to be there by another name in files of other programs, which the extension then denies. */
const OTHERS = ['xl/workbook.xml', 'xl/workbook.bin', 'ppt/presentation.xml', 'content.xml', 'META-INF/container.xml']

// The parts that may lie beside the text where its relations are gone.
const BESIDE = ['styles', 'numbering', 'footnotes', 'endnotes', 'comments']

/** Throws `type-mismatch` for what is no text document, `damaged` where its text is gone. */
export async function findParts(archive: Archive, mediaType: string): Promise<Parts> {
  const find = finder(archive)
  let damaged = archive.damaged
  const relate = async (source: string) => {
    const slash = source.lastIndexOf('/') + 1
    const entry = find(`${source.slice(0, slash)}_rels/${source.slice(slash)}.rels`)
    if (!entry) return undefined
    const relations: { id: string; type: string; target: string }[] = []
    const broken = await readXml(archive, entry, {
      open(tag) {
        if (tag.name !== 'rel:Relationship' || tag.attribute('TargetMode') === 'External') return
        const type = tag.attribute('Type') ?? ''
        relations.push({
          id: tag.attribute('Id') ?? '',
          type: type.slice(type.lastIndexOf('/') + 1),
          target: resolve(source.slice(0, slash), tag.attribute('Target') ?? ''),
        })
      },
      close() {},
      text() {},
    })
    if (broken) damaged = true
    return relations
  }
  const root = await relate('')
  const target = root?.find(relation => relation.type === 'officeDocument')?.target
  const main =
    (target === undefined ? undefined : find(target)) ??
    find('word/document.xml') ??
    archive.entries.find(entry => /(?:^|\/)document\d*\.xml$/i.test(entry.name))
  if (!main || /^(?:xl|ppt)\//i.test(main.name)) {
    if (main || OTHERS.some(name => find(name))) throw new AppError('type-mismatch', { type: mediaType })
    throw new AppError('damaged', { what: 'document.xml' })
  }
  const relations: Relation[] = []
  const named = await relate(main.name)
  for (const { id, type, target } of named ?? []) {
    const entry = find(target)
    if (entry) relations.push({ id, type, entry })
  }
  const folder = main.name.slice(0, main.name.lastIndexOf('/') + 1)
  for (const type of BESIDE) {
    if (relations.some(relation => relation.type === type)) continue
    const entry = named && !damaged ? undefined : find(`${folder}${type}.xml`)
    if (entry) relations.push({ id: '', type, entry })
  }
  return { main, relations, damaged }
}

// Names of parts are compared without regard to case (ISO/IEC 29500-2, 6.2.2.3).
function finder(archive: Archive): (name: string) => ArchiveEntry | undefined {
  const folded = new Map(
    archive.entries.toReversed().map(entry => [entry.name.toLowerCase().replace(/^\/+/, ''), entry]),
  )
  return name => archive.find(name) ?? folded.get(name.toLowerCase())
}

function resolve(folder: string, target: string): string {
  const parts: string[] = []
  for (const part of (target.startsWith('/') ? target : `${folder}${target}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** Hands a part to `handler`; whether it is damaged. */
export async function readXml(archive: Archive, entry: ArchiveEntry, handler: XmlHandler): Promise<boolean> {
  const reading = readPieces(archive, entry, handler, NAMESPACES)
  for (;;) {
    const { value, done } = await reading.next()
    if (done) return value
  }
}

/** The same; yields after each piece, so that what it gave can be passed on. */
export async function* readPieces(
  archive: Archive,
  entry: ArchiveEntry,
  handler: XmlHandler,
  namespaces: ReadonlyMap<string, string>,
): AsyncGenerator<undefined, boolean> {
  const reader = createXmlReader(namespaces, handler)
  let damaged = false
  try {
    for await (const piece of decodeXml(archive.stream(entry))) {
      reader.write(piece)
      yield
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'damaged') throw error
    damaged = true
  }
  return reader.end().damaged || damaged
}
