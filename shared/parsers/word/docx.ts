import type { Block, Reason } from '../../model/index.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { segmentsOf } from '../text/segments.ts'
import type { Archive, ArchiveEntry } from '../zip/archive.ts'
import { openOffice } from '../zip/office.ts'
import { type Composer, createComposer, createNumbering } from './compose.ts'
import { createBody, type Surroundings } from './docx-body.ts'
import { findParts, NAMESPACES, type Parts, readPieces, readXml } from './docx-package.ts'
import { createLists, createStyles } from './docx-styles.ts'
import { createCounters } from './numbering.ts'
import { cleanText } from './text.ts'

export const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

/**
 * A text document of Office Open XML (Word, LibreOffice, Google Docs …): its text as a reader sees it, with all changes
 * accepted. Headers and footers repeat on each page and are no part of the text: they are read only where there is no other.
 */
export async function openDocx(file: string, opening: Opening): Promise<Source<Reading>> {
  const { limits, password, note } = opening
  const archive = await openOffice(file, { mediaType: DOCX, ...(password !== undefined && { password }) })
  try {
    const parts = await findParts(archive, DOCX)
    return {
      segments: null,
      async *read(after) {
        const reasons: Reason[] = []
        const { cut }: Ending = yield* segmentsOf(blocksOf(archive, parts, reasons, note), after, limits.characters)
        return { cut, reasons }
      },
      close: () => archive.close(),
    }
  } catch (error) {
    await archive.close()
    throw error
  }
}

async function* blocksOf(
  archive: Archive,
  parts: Parts,
  reasons: Reason[],
  note: Opening['note'],
): AsyncGenerator<Block> {
  const left = new Map<string, number>()
  const around: Surroundings = {
    ...(await readDefinitions(archive, parts)),
    counters: createCounters(),
    notes: new Map(),
    diagrams: new Map(),
    left: what => left.set(what, (left.get(what) ?? 0) + 1),
  }
  let damaged = parts.damaged
  let tooDeep = false
  const numbered = createNumbering()

  async function* blocksIn(entry: ArchiveEntry): AsyncGenerator<Block> {
    const composer = createComposer()
    const reading = readPieces(archive, entry, createBody(composer, around), NAMESPACES)
    for (;;) {
      const { value, done } = await reading.next()
      for (const block of composer.take()) yield* numbered(block)
      if (!done) continue
      if (value) damaged = true
      if (composer.tooDeep) tooDeep = true
      return
    }
  }

  const diagrams = new Map<string, Block[]>()
  for (const { type, entry, id } of parts.relations) {
    const kind = NOTES[type]
    if (kind) {
      const { notes, broken } = await readNotes(archive, entry, around, kind)
      around.notes.set(kind, notes)
      if (broken) damaged = true
    }
    if (type === 'diagramData') diagrams.set(id, await readDiagram(archive, entry))
  }
  around.diagrams = diagrams

  let empty = true
  for await (const block of blocksIn(parts.main)) {
    empty = false
    yield block
  }
  if (empty)
    for (const { type, entry } of parts.relations) if (type === 'header' || type === 'footer') yield* blocksIn(entry)
  if (damaged) reasons.push({ code: 'partly-damaged' })
  if (tooDeep) reasons.push({ code: 'too-deep' })
  for (const [what, times] of left) note(times > 1 ? `left out ${times} times: ${what}` : `left out: ${what}`)
}

// The parts that hold notes, by the element that refers to them.
const NOTES: Record<string, string | undefined> = {
  footnotes: 'w:footnoteReference',
  endnotes: 'w:endnoteReference',
  comments: 'w:commentReference',
}

async function readDefinitions(archive: Archive, parts: Parts): Promise<Pick<Surroundings, 'styles' | 'lists'>> {
  const { styles, handler } = createStyles()
  const { lists, handler: numbering } = createLists(style => styles.list(style)?.list)
  // What is broken here costs headings and numbers, and no text.
  for (const { type, entry } of parts.relations) {
    if (type === 'styles') await readXml(archive, entry, handler)
    if (type === 'numbering') await readXml(archive, entry, numbering)
  }
  return { styles, lists }
}

async function readNotes(
  archive: Archive,
  entry: ArchiveEntry,
  around: Surroundings,
  kind: string,
): Promise<{ notes: Map<string, Block[]>; broken: boolean }> {
  const notes = new Map<string, Block[]>()
  const composer: Composer = createComposer()
  const comment = kind === 'w:commentReference'
  const body = createBody(composer, around, (id, author) => {
    const blocks = composer.take()
    notes.set(
      id,
      blocks.map(({ text }, index) => ({
        kind: comment ? 'note' : 'footnote',
        text: comment && author !== '' && index === 0 ? `${cleanText(author)}: ${text}` : text,
      })),
    )
  })
  return { notes, broken: await readXml(archive, entry, body) }
}

/** The words of a diagram of shapes, in the order of its data. */
async function readDiagram(archive: Archive, entry: ArchiveEntry): Promise<Block[]> {
  const blocks: Block[] = []
  let text = ''
  let inText = false
  await readXml(archive, entry, {
    open(tag) {
      if (tag.name === 'a:t') inText = true
      else if (tag.name === 'a:br') text += ' '
    },
    close(name) {
      if (name === 'a:t') inText = false
      if (name !== 'a:p') return
      const clean = cleanText(text)
      if (clean !== '') blocks.push({ kind: 'paragraph', text: clean })
      text = ''
    },
    text(part) {
      if (inText) text += part
    },
  })
  return blocks
}
