import { AppError } from '../../errors.ts'
import type { Block } from '../../model/index.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { openOpenDocument } from '../office/odf.ts'
import { createPackage, type Package } from '../office/package.ts'
import { attributeOf, childrenOf, descendantsOf, type Element, elementsOf } from '../office/xml.ts'
import { createTrouble, type Trouble } from '../trouble.ts'
import { inNotes, odpShapes, points } from './odp-shapes.ts'
import { hiddenNote, inReadingOrder, onSlide } from './shape.ts'

const ODP = 'application/vnd.oasis.opendocument.presentation'

/** LibreOffice's usual size, 28 by 15.75 cm. */
const SIZE = { width: 793.7, height: 446.5 }

/**
 * A presentation of LibreOffice and others: a segment for each page, with notes and comments behind what stands on it.
 * Throws `password-protected`, `password-wrong`, `type-mismatch`, `damaged`.
 */
export async function openOdp(file: string, { limits, note, password }: Opening): Promise<Source<Reading>> {
  const archive = await openOpenDocument(file, ODP, password)
  return {
    segments: null,
    read(after) {
      const trouble = createTrouble(note)
      const parts = createPackage(archive, trouble)
      return readPages(parts, after, trouble, limits)
    },
    close: () => archive.close(),
  }
}

async function* readPages(
  parts: Package,
  after: number,
  trouble: Trouble,
  limits: Opening['limits'],
): AsyncGenerator<Reading, Ending> {
  const { language, ...size } = await readStyles(parts)
  const hidden = new Set<string>()
  let number = 0
  let total = 0
  const pieces = parts.stream('content.xml')
  for await (const page of elementsOf(pieces, new Set(['page', 'style']), trouble)) {
    if (page.name === 'style') {
      const properties = childrenOf(page, 'drawing-page-properties')[0]
      if (properties?.attributes['presentation:visibility'] === 'hidden')
        hidden.add(page.attributes['style:name'] ?? '')
      continue
    }
    if (++number > limits.pages) throw new AppError('too-many-pages', { limit: limits.pages })
    if (number <= after) continue
    const blocks: Block[] = []
    const { shapes, pictures, comments } = await odpShapes(page, parts)
    blocks.push(...inReadingOrder(shapes))
    const silent = blocks.length === 0 && pictures.length > 0
    if (silent) for (const text of pictures) if (text !== '') blocks.push({ kind: 'caption', text })
    if (hidden.has(page.attributes['draw:style-name'] ?? '')) blocks.push(hiddenNote(language))
    for (const text of await inNotes(page, parts)) blocks.push({ kind: 'note', text })
    blocks.push(...comments)
    for (const block of blocks) total += block.text.length
    if (total > limits.characters) return trouble.ending(true)
    const problem = silent ? { problem: 'without-text' as const } : {}
    yield { segment: { number, ...size, blocks: onSlide(blocks, number), ...problem } }
  }
  if (number === 0 && trouble.isDamaged) throw new AppError('damaged')
  return trouble.ending()
}

/** The size by the layout that the first master page names: of all pages, in practice; the language of the text. */
async function readStyles(parts: Package): Promise<{ width: number; height: number; language: string | undefined }> {
  const root = await parts.root('styles.xml')
  const master = descendantsOf(root, 'master-page')[0]
  const wanted = attributeOf(master, 'page-layout-name')
  const layouts: Element[] = descendantsOf(root, 'page-layout')
  const layout = layouts.find(one => attributeOf(one, 'name') === wanted) ?? layouts[0]
  const properties = childrenOf(layout, 'page-layout-properties')[0]
  const [width, height] = [
    points(attributeOf(properties, 'page-width')),
    points(attributeOf(properties, 'page-height')),
  ]
  const language = descendantsOf(root, 'text-properties').find(
    ({ attributes }) => attributes['fo:language'] !== undefined,
  )?.attributes['fo:language']
  return width && height ? { width, height, language } : { ...SIZE, language }
}
