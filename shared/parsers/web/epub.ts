import { AppError } from '../../errors.ts'
import type { Block, Reason } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { createPackage } from '../office/package.ts'
import { createParagraphs } from '../paragraphs.ts'
import { decodeBytes } from '../text/decode.ts'
import { createTrouble, segmentsWith } from '../trouble.ts'
import { type Archive, openArchive } from '../zip/archive.ts'
import { openBook } from './book.ts'
import { declaredIn } from './charset.ts'
import { htmlBlocks } from './html.ts'

export const EPUB = 'application/epub+zip'

/**
 * A book (EPUB 2 and 3), chapter by chapter in the order of its spine. A chapter without a heading gets the title that the
 * table of contents gives it. The table of contents itself is left out: it repeats the headings. Throws `drm-protected`.
 */
export async function openEpub(
  file: string,
  { limits, note }: Pick<Opening, 'limits' | 'note'>,
): Promise<Source<Reading>> {
  const archive = await openArchive(file)
  return {
    segments: null,
    async *read(after) {
      const trouble = createTrouble(note)
      const left = { locked: 0, contents: false }
      const blocks = blocksOf(archive, trouble, left)
      const { cut, reasons = [] } = yield* segmentsWith(blocks, after, limits.characters, trouble)
      if (left.contents) note('left out the table of contents of a book')
      const locked: Reason[] = left.locked > 0 ? [{ code: 'drm-protected' }] : []
      return { cut, reasons: [...reasons, ...locked] }
    },
    close: () => archive.close(),
  }
}

async function* blocksOf(
  archive: Archive,
  trouble: ReturnType<typeof createTrouble>,
  left: { locked: number; contents: boolean },
): AsyncGenerator<Block> {
  const parts = createPackage(archive, trouble)
  const book = await openBook(archive, parts, trouble)
  const readable = book.chapters.filter(chapter => !chapter.locked)
  left.locked = book.chapters.length - readable.length
  if (left.locked > 0 && readable.length === 0) throw new AppError('drm-protected')
  const numbered = createParagraphs()
  if (book.title !== '') yield* numbered({ kind: 'heading', level: 1, text: book.title })
  for (const author of book.authors) yield* numbered({ kind: 'paragraph', text: author })
  for (const { entry, contents, title } of readable) {
    if (contents) {
      left.contents = true
      continue
    }
    const { bytes, damaged } = await archive.read(entry)
    if (damaged) trouble.damaged('a chapter is broken')
    const text = decodeBytes(bytes, declaredIn(bytes.toString('latin1', 0, 2_000)))
    let first = true
    for (const block of htmlBlocks(text, { xhtml: true })) {
      const named = title === undefined ? '' : cleanText(title)
      if (first && block.kind !== 'heading' && named !== '' && named !== block.text)
        yield* numbered({ kind: 'heading', level: 1, text: named })
      first = false
      yield* numbered(block)
    }
  }
}
