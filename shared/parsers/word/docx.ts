import type { Block, Reason } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { chartBlocks } from '../office/chart.ts'
import { diagramTexts } from '../office/diagram.ts'
import { createPackage, mainPart, type Package, type Relationship } from '../office/package.ts'
import { readXml } from '../office/xml.ts'
import type { XmlHandler } from '../office/xml-reader.ts'
import { createParagraphs } from '../paragraphs.ts'
import { createTrouble, segmentsWith, type Trouble } from '../trouble.ts'
import { openOffice } from '../zip/office.ts'
import { createComposer } from './compose.ts'
import { createBody, type Surroundings } from './docx-body.ts'
import { readChunk } from './docx-chunk.ts'
import { shownMargins } from './docx-margins.ts'
import { createLists, createStyles } from './docx-styles.ts'
import { createMargins } from './margins.ts'
import { NAMESPACES } from './namespaces.ts'
import { createCounters } from './numbering.ts'

export const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

/**
 * A text document of Office Open XML (Word, LibreOffice, Google Docs …): its text as a reader sees it, with all changes
 * accepted; before it, what its headers and footers say. Throws what `openOffice` throws, and `damaged`.
 */
export async function openDocx(file: string, opening: Opening): Promise<Source<Reading>> {
  const { limits, password, note } = opening
  const archive = await openOffice(file, { mediaType: DOCX, ...(password !== undefined && { password }) })
  try {
    const trouble = createTrouble(note)
    const parts = createPackage(archive, trouble)
    const main = await mainPart(parts, 'word/document.xml', DOCX, /(?:^|\/)document\d*\.xml$/i)
    const relations = await relationsOf(parts, main, trouble)
    return {
      segments: null,
      async *read(after) {
        const left = new Map<string, number>()
        const blocks = blocksOf(parts, main, relations, trouble, left)
        const { cut, reasons = [] } = yield* segmentsWith(blocks, after, limits.characters, trouble)
        for (const [what, times] of left) note(times > 1 ? `left out ${times} times: ${what}` : `left out: ${what}`)
        return { cut, reasons: [...reasons, ...leftOut(left)] }
      },
      close: () => archive.close(),
    }
  } catch (error) {
    await archive.close()
    throw error
  }
}

// The parts that may lie beside the text where its relations are gone.
const BESIDE = /(?:^|\/)(styles|numbering|footnotes|endnotes|comments|header|footer)\d*\.xml$/i

async function relationsOf(parts: Package, main: string, trouble: Trouble): Promise<Relationship[]> {
  const named = (await parts.relationships(main)).filter(({ external, target }) => !external && parts.has(target))
  if (named.length > 0 && !trouble.isDamaged) return named
  const folder = main.slice(0, main.lastIndexOf('/') + 1).toLowerCase()
  const known = new Set(named.map(({ target }) => target.toLowerCase()))
  const beside = parts.like(BESIDE).flatMap(target => {
    if (known.has(target.toLowerCase()) || !target.toLowerCase().startsWith(folder)) return []
    return [{ id: '', type: BESIDE.exec(target)?.[1]?.toLowerCase() ?? '', target, external: false }]
  })
  return [...named, ...beside]
}

// What a reader sees as a picture at best, and a program as a document.
const OBJECTS = new Set(['an embedded object', 'an inserted document'])

function leftOut(left: ReadonlyMap<string, number>): Reason[] {
  let count = 0
  for (const [what, times] of left) if (OBJECTS.has(what.replace(/,.*/, ''))) count += times
  return count > 0 ? [{ code: 'objects-left-out', values: { count } }] : []
}

async function* blocksOf(
  parts: Package,
  main: string,
  relations: readonly Relationship[],
  trouble: Trouble,
  left: Map<string, number>,
): AsyncGenerator<Block> {
  const around: Surroundings = {
    ...(await readDefinitions(parts, relations)),
    counters: createCounters(),
    notes: new Map(),
    figures: new Map(),
    left: what => left.set(what, (left.get(what) ?? 0) + 1),
  }
  const numbered = createParagraphs()
  const figures = new Map<string, Block[]>()
  for (const { type, target, id } of relations) {
    const kind = NOTES[type]
    if (kind) around.notes.set(kind, await readNotes(parts, target, around, kind, trouble))
    if (type === 'diagramData')
      figures.set(
        id,
        diagramTexts(await parts.root(target)).map(text => ({ kind: 'paragraph', text })),
      )
    if (type === 'chart') figures.set(id, chartBlocks(await parts.root(target)))
    if (type === 'aFChunk') {
      const chunk = await readChunk(parts, target)
      if (chunk) figures.set(id, chunk)
    }
  }
  around.figures = figures

  const margins = createMargins()
  for (const target of await shownMargins(parts, main, relations))
    for await (const blocks of blocksIn(parts, target, around, trouble, true))
      for (const block of margins(blocks)) yield* numbered(block)
  for await (const blocks of blocksIn(parts, main, around, trouble)) for (const block of blocks) yield* numbered(block)
}

/** What is done of a part, from time to time. */
async function* blocksIn(
  parts: Package,
  target: string,
  around: Surroundings,
  trouble: Trouble,
  margin = false,
): AsyncGenerator<Block[]> {
  const composer = createComposer()
  const reading = readXml(parts.stream(target), createBody(composer, around, { margin }), NAMESPACES)
  for (;;) {
    const { value, done } = await reading.next()
    yield composer.take()
    if (!done) continue
    if (value.damaged) trouble.damaged('a part ends early or has wrong ends')
    if (composer.tooDeep) trouble.deep()
    return
  }
}

// The parts that hold notes, by the element that refers to them.
const NOTES: Record<string, string | undefined> = {
  footnotes: 'w:footnoteReference',
  endnotes: 'w:endnoteReference',
  comments: 'w:commentReference',
}

async function readDefinitions(
  parts: Package,
  relations: readonly Relationship[],
): Promise<Pick<Surroundings, 'styles' | 'lists'>> {
  const { styles, handler } = createStyles()
  const { lists, handler: numbering } = createLists(style => styles.list(style)?.list)
  // What is wrong in them costs headings and numbers, and no text.
  for (const { type, target } of relations) {
    if (type === 'styles') await readAll(parts, target, handler)
    if (type === 'numbering') await readAll(parts, target, numbering)
  }
  return { styles, lists }
}

async function readAll(parts: Package, target: string, handler: XmlHandler): Promise<{ damaged: boolean }> {
  const reading = readXml(parts.stream(target), handler, NAMESPACES)
  for (;;) {
    const { value, done } = await reading.next()
    if (done) return value
  }
}

async function readNotes(
  parts: Package,
  target: string,
  around: Surroundings,
  kind: string,
  trouble: Trouble,
): Promise<Map<string, Block[]>> {
  const notes = new Map<string, Block[]>()
  const composer = createComposer()
  const comment = kind === 'w:commentReference'
  const onNote = (id: string, author: string) => {
    const blocks = composer.take()
    notes.set(
      id,
      blocks.map(({ text }, index) => ({
        kind: comment ? 'note' : 'footnote',
        text: comment && author !== '' && index === 0 ? `${cleanText(author)}: ${text}` : text,
      })),
    )
  }
  const { damaged } = await readAll(parts, target, createBody(composer, around, { onNote }))
  if (damaged) trouble.damaged('notes end early or have wrong ends')
  return notes
}
