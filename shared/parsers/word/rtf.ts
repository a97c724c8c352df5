import { open } from 'node:fs/promises'
import { AppError } from '../../errors.ts'
import type { Block, Reason } from '../../model/index.ts'
import type { Opening, Reading, Source } from '../formats.ts'
import { createParagraphs } from '../paragraphs.ts'
import { createTrouble, segmentsWith, type Trouble } from '../trouble.ts'
import { ARCHIVE_LIMITS } from '../zip/archive.ts'
import { createRtfText } from './rtf-text.ts'
import { tokensOf } from './rtf-tokens.ts'

/** How the text ended. */
export interface RtfEnding {
  /** Groups are not closed, or the bytes end inside something. */
  damaged: boolean
  tooDeep: boolean
  /** Embedded objects and the like, how many. */
  left: number
}

/**
 * The blocks of an RTF text, as a reader sees it; without spans, for they may be a part of something. What its headers and
 * footers say comes where they are said, before the text of their section. What Outlook wrapped HTML in is read by its RTF
 * side. Bytes that are no RTF give none.
 */
export function* readRtf(bytes: Uint8Array): Generator<Block, RtfEnding> {
  const text = createRtfText()
  for (const token of tokensOf(bytes)) {
    text.take(token)
    yield* text.blocks()
  }
  const ending = text.end()
  yield* text.blocks()
  return ending
}

/** A file of Rich Text Format. Throws `too-large`, and `damaged` for what only begins like one. */
export async function openRtf(file: string, { limits, note }: Opening): Promise<Source<Reading>> {
  const handle = await open(file, 'r')
  let bytes: Buffer
  try {
    const { size } = await handle.stat()
    if (size > ARCHIVE_LIMITS.bytes)
      throw new AppError('too-large', { limit: Math.round(ARCHIVE_LIMITS.bytes / 1024 ** 2) })
    bytes = await handle.readFile()
  } finally {
    await handle.close()
  }
  return {
    segments: null,
    async *read(after) {
      const trouble = createTrouble(note)
      const left = { objects: 0 }
      const blocks = numberedBlocks(bytes, trouble, left)
      const { cut, reasons = [] } = yield* segmentsWith(blocks, after, limits.characters, trouble)
      const lost: Reason[] = left.objects > 0 ? [{ code: 'objects-left-out', values: { count: left.objects } }] : []
      return { cut, reasons: [...reasons, ...lost] }
    },
    close: async () => {},
  }
}

async function* numberedBlocks(bytes: Buffer, trouble: Trouble, left: { objects: number }): AsyncGenerator<Block> {
  const numbered = createParagraphs()
  const blocks = readRtf(bytes)
  for (;;) {
    const { value, done } = blocks.next()
    if (!done) {
      yield* numbered(value)
      continue
    }
    if (value.damaged) trouble.damaged('groups without an end, or an end without a group')
    if (value.tooDeep) trouble.deep()
    left.objects = value.left
    return
  }
}
