import { AppError } from '../../errors.ts'
import type { Block, Segment } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { createPackage, mainPart, type Package, type Relationship } from '../office/package.ts'
import { childOf, childrenOf, descendantsOf, type Element, rawText, relationOf } from '../office/xml.ts'
import { createTrouble, type Trouble } from '../trouble.ts'
import { openOffice } from '../zip/office.ts'
import { boxOf, EMU, type Found, paragraphsOf, readShapes, type SlideContext } from './pptx-shapes.ts'
import { commentNote, hiddenNote, onSlide, type Shape } from './shape.ts'

const PPTX = 'application/vnd.openxmlformats-officedocument.presentationml.presentation'

/** PowerPoint's usual size, in points. */
const WIDTH = 720
const HEIGHT = 540

/**
 * A presentation: a segment for each slide in the order it is shown in, hidden ones too; the speaker's notes and comments
 * behind what stands on the slide. Text of masters and layouts is left out. Throws what `openOffice` throws, and `damaged`.
 */
export async function openPptx(file: string, { limits, note, password }: Opening): Promise<Source<Reading>> {
  const archive = await openOffice(file, { ...(password !== undefined && { password }), mediaType: PPTX })
  try {
    const trouble = createTrouble(note)
    const parts = createPackage(archive, trouble)
    const main = await mainPart(parts, 'ppt/presentation.xml', PPTX)
    const presentation = await parts.root(main)
    const slides = await slidesOf(parts, main, presentation, trouble)
    if (slides.length === 0 && trouble.isDamaged) throw new AppError('damaged')
    if (slides.length > limits.pages) throw new AppError('too-many-pages', { limit: limits.pages })
    const authors = await authorsOf(parts, main)
    const size = childOf(presentation, 'sldSz')?.attributes
    const [width, height] = [Number(size?.cx) / EMU || WIDTH, Number(size?.cy) / EMU || HEIGHT]
    return {
      segments: slides.length,
      read: after => readSlides(parts, slides, { width, height }, authors, after, trouble, limits.characters),
      close: () => archive.close(),
    }
  } catch (error) {
    await archive.close()
    throw error
  }
}

async function slidesOf(
  parts: Package,
  main: string,
  presentation: Element | undefined,
  trouble: Trouble,
): Promise<string[]> {
  const relationships = await parts.relationships(main)
  const listed = childrenOf(childOf(presentation, 'sldIdLst'), 'sldId').flatMap(slide => {
    const target = relationships.find(({ id }) => id === relationOf(slide))?.target
    if (target === undefined) trouble.damaged('a slide is missing')
    return target === undefined ? [] : [target]
  })
  if (listed.length > 0 || (presentation && childOf(presentation, 'sldIdLst') === undefined && !trouble.isDamaged))
    return listed
  // Without the list, by their usual names.
  const found: string[] = []
  for (let number = 1; parts.has(`ppt/slides/slide${number}.xml`); number++) found.push(`ppt/slides/slide${number}.xml`)
  return found
}

async function* readSlides(
  parts: Package,
  slides: readonly string[],
  size: { width: number; height: number },
  authors: ReadonlyMap<string, string>,
  after: number,
  trouble: Trouble,
  characters: number,
): AsyncGenerator<Reading, Ending> {
  const layouts = createLayouts(parts)
  let total = 0
  let any = false
  for (const [index, part] of slides.entries()) {
    const number = index + 1
    if (number <= after) continue
    // Every slide refers to its layout: one that refers to nothing lost what it refers to.
    if ((await parts.relationships(part)).length === 0) trouble.damaged('what a slide refers to is lost')
    const segment = await readSlide(parts, part, number, layouts, authors)
    if (!segment) trouble.damaged('a slide cannot be read')
    any ||= segment !== undefined
    for (const block of segment?.blocks ?? []) total += block.text.length
    if (total > characters) return trouble.ending(true)
    yield { segment: { number, ...size, ...(segment ?? { blocks: [], problem: 'unreadable' as const }) } }
  }
  if (!any && after === 0 && trouble.isDamaged) throw new AppError('damaged')
  return trouble.ending()
}

async function readSlide(
  parts: Package,
  part: string,
  number: number,
  layouts: Layouts,
  authors: ReadonlyMap<string, string>,
): Promise<Pick<Segment, 'blocks' | 'margins' | 'problem'> | undefined> {
  const root = await parts.root(part)
  const tree = childOf(root, 'cSld', 'spTree')
  if (!tree) return undefined
  const relationships = await parts.relationships(part)
  const found: Found = { margins: [], pictures: [] }
  const context: SlideContext = { parts, relationships, inherited: await layouts(relationships) }
  const blocks = await readShapes(tree, context, found)
  const silent = blocks.length === 0 && found.pictures.length > 0
  if (silent) for (const text of found.pictures) if (text !== '') blocks.push({ kind: 'caption', text })
  const language = descendantsOf(tree, 'rPr').find(({ attributes }) => attributes.lang !== undefined)?.attributes.lang
  if (/^(?:0|false)$/.test(root?.attributes.show ?? '')) blocks.push(hiddenNote(language))
  for (const text of await notesOf(parts, relationships)) blocks.push({ kind: 'note', text })
  blocks.push(...(await commentsOf(parts, relationships, authors)))
  return {
    blocks: onSlide(blocks, number),
    ...(found.margins.length > 0 && { margins: onSlide(found.margins, number) }),
    ...(silent && { problem: 'without-text' as const }),
  }
}

async function notesOf(parts: Package, relationships: readonly Relationship[]): Promise<string[]> {
  const target = relationships.find(({ type }) => type === 'notesSlide')?.target
  const root = target === undefined ? undefined : await parts.root(target, 'referred')
  return descendantsOf(childOf(root, 'cSld', 'spTree'), 'sp').flatMap(shape => {
    const type = childOf(shape, 'nvSpPr', 'nvPr', 'ph')?.attributes.type
    if (type !== undefined && /^(?:sldNum|sldImg|hdr|ftr|dt)$/.test(type)) return []
    return paragraphsOf(childOf(shape, 'txBody')).map(paragraph => paragraph.text)
  })
}

/** Names of whoever wrote comments, by number or, in newer files, by identifier. */
async function authorsOf(parts: Package, main: string): Promise<ReadonlyMap<string, string>> {
  const authors = new Map<string, string>()
  for (const { type, target } of await parts.relationships(main)) {
    if (type !== 'commentAuthors' && type !== 'authors') continue
    for (const { attributes } of childrenOf(await parts.root(target)))
      if (attributes.id !== undefined) authors.set(attributes.id, cleanText(attributes.name ?? ''))
  }
  return authors
}

/** Comments of both generations, with what was replied. */
async function commentsOf(
  parts: Package,
  relationships: readonly Relationship[],
  authors: ReadonlyMap<string, string>,
): Promise<Block[]> {
  const blocks: Block[] = []
  const add = (comment: Element, texts: readonly string[]) => {
    const said = texts.filter(text => text !== '')
    const author = authors.get(comment.attributes.authorId ?? '') ?? ''
    blocks.push(...said.map((text, index) => commentNote(index === 0 ? author : '', text)))
  }
  const textsIn = (comment: Element) =>
    childrenOf(comment, 'txBody').flatMap(body => paragraphsOf(body).map(({ text }) => text))
  for (const { target } of relationships.filter(({ type }) => type === 'comments' || type === 'comment')) {
    const root = await parts.root(target, 'referred')
    for (const comment of descendantsOf(root, 'cm')) {
      const plain = childOf(comment, 'text')
      add(comment, plain ? [cleanText(rawText(plain))] : textsIn(comment))
      for (const reply of descendantsOf(comment, 'reply')) add(reply, textsIn(reply))
    }
  }
  return blocks
}

type Layouts = (relationships: readonly Relationship[]) => Promise<SlideContext['inherited']>

/** Where layouts and their masters put placeholders: by number and kind on the layout, by kind on the master. */
function createLayouts(parts: Package): Layouts {
  const known = new Map<string, Promise<Placed[]>>()

  function placesOf(part: string): Promise<Placed[]> {
    const places = known.get(part) ?? readPlaces(parts, part)
    // A deck has some dozens of layouts.
    if (known.size < 500) known.set(part, places)
    return places
  }

  return async relationships => {
    const layout = relationships.find(({ type }) => type === 'slideLayout')?.target
    if (layout === undefined) return () => undefined
    const own = await placesOf(layout)
    const master = (await parts.relationships(layout)).find(({ type }) => type === 'slideMaster')?.target
    const above = master === undefined ? [] : await placesOf(master)
    return ({ attributes: { idx, type = 'obj' } }) => {
      const same = own.find(placed => (idx !== undefined ? placed.idx === idx : placed.type === type))
      return same?.place ?? above.find(placed => placed.type === (type === 'obj' ? 'body' : type))?.place
    }
  }
}

interface Placed {
  idx: string | undefined
  type: string
  place: Shape['place']
}

async function readPlaces(parts: Package, part: string): Promise<Placed[]> {
  const tree = childOf(await parts.root(part), 'cSld', 'spTree')
  return descendantsOf(tree, 'sp').flatMap(shape => {
    const placeholder = childOf(shape, 'nvSpPr', 'nvPr', 'ph')
    if (!placeholder) return []
    const { idx, type = 'obj' } = placeholder.attributes
    return [{ idx, type, place: boxOf(childOf(shape, 'spPr', 'xfrm')) }]
  })
}
