import { AppError } from '../../errors.ts'
import type { Block } from '../../model/index.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { createParagraphs } from '../paragraphs.ts'
import { createTrouble, segmentsWith } from '../trouble.ts'
import { decodeHtml } from './charset.ts'
import { createElementReader } from './elements.ts'
import { createFlow, isXhtml, type Piece, readHtml } from './flow.ts'
import { mainContent } from './main-content.ts'

export interface HtmlOptions {
  /** Takes also what is not shown (`hidden`, `display: none`). By default only where there is nothing else. */
  hidden?: boolean
  /** The text is XHTML, whether it says so or not. */
  xhtml?: boolean
}

/**
 * The blocks of an HTML text, as a reader sees it, without spans: all of it, menus and footers too. The address of a link
 * is not part of the text unless the link is written so. The title in the head is left out.
 */
export function* htmlBlocks(html: string, options: HtmlOptions = {}): Generator<Block> {
  for (const { block } of piecesOf(html, options)) yield block
}

function piecesOf(html: string, { hidden = false, xhtml = isXhtml(html) }: HtmlOptions): Piece[] {
  const flow = createFlow({ hidden })
  readHtml(html, flow, xhtml)
  const pieces = flow.take()
  return pieces.length === 0 && flow.hid ? piecesOf(html, { hidden: true, xhtml }) : pieces
}

/** What is the page's own is told by so many characters of its text; what comes later is not held in memory. */
const PROBE = 4_000_000

/**
 * A page: what is its own, without the menus of its site, and its title where it has no heading of the first level. What is
 * left out is counted and said.
 */
export async function openHtml(
  file: string,
  { limits, note }: Pick<Opening, 'limits' | 'note'>,
): Promise<Source<Reading>> {
  return {
    segments: null,
    async *read(after) {
      const trouble = createTrouble(note)
      const left = { words: 0 }
      const pieces = () => decodeHtml(file, () => trouble.damaged('bytes that are no text'))
      const { cut, reasons = [] } = yield* segmentsWith(blocksOf(pieces, left), after, limits.characters, trouble)
      if (left.words === 0) return { cut, reasons }
      note(`left out ${left.words} words: menus of a page`)
      return { cut, reasons: [...reasons, { code: 'page-frame-left-out', values: { words: left.words } }] }
    },
    close: async () => {},
  }
}

async function* blocksOf(pieces: () => AsyncIterable<string>, left: { words: number }): AsyncGenerator<Block> {
  const numbered = createParagraphs()
  let any = false
  let hid = false
  for (const hidden of [false, true]) {
    if (hidden && (any || !hid)) break
    const flow = createFlow({ hidden })
    const held: Piece[] = []
    let size = 0
    let isOwn: ((piece: Piece) => boolean) | undefined
    const own = function* (all: readonly Piece[]): Generator<Block> {
      for (const piece of all) {
        if (isOwn?.(piece) === false) left.words += piece.block.text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0
        else {
          any = true
          yield* numbered(piece.block)
        }
      }
    }
    const decide = function* (): Generator<Block> {
      isOwn ??= mainContent(held)
      const title = flow.title
      const titled = held.some(piece => isOwn?.(piece) && piece.block.kind === 'heading' && piece.block.level === 1)
      if (title !== '' && !titled) yield* numbered({ kind: 'heading', level: 1, text: title })
      yield* own(held.splice(0))
    }
    let decided = false
    for await (const _ of flowOf(pieces(), flow)) {
      const fresh = flow.take()
      if (decided) {
        yield* own(fresh)
        continue
      }
      for (const piece of fresh) {
        held.push(piece)
        size += piece.block.text.length
      }
      if (size < PROBE) continue
      decided = true
      yield* decide()
    }
    if (!decided && (held.length > 0 || hidden || !flow.hid)) yield* decide()
    hid = flow.hid
  }
}

async function* flowOf(pieces: AsyncIterable<string>, flow: ReturnType<typeof createFlow>): AsyncGenerator<void> {
  let reader: ReturnType<typeof createElementReader> | undefined
  for await (const piece of pieces) {
    if (piece === '') continue
    // A ZIP or a picture with this name passes as text only when most of it is.
    if (!reader && piece.startsWith('\0\0\0\0')) throw new AppError('damaged')
    reader ??= createElementReader(flow, { xhtml: isXhtml(piece) })
    reader.write(piece)
    yield
  }
  reader?.end()
  flow.finish()
  yield
}
