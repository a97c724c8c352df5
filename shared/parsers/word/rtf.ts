import { open } from 'node:fs/promises'
import { AppError } from '../../errors.ts'
import type { Block, Reason } from '../../model/index.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { segmentsOf } from '../text/segments.ts'
import { ARCHIVE_LIMITS } from '../zip/archive.ts'
import { createNumbering } from './compose.ts'
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
 * The blocks of an RTF text, as a reader sees it; without spans, for they may be a part of something. What Outlook wrapped
 * HTML in is read by its RTF side. Bytes that are no RTF give none.
 */
export function* readRtf(bytes: Uint8Array): Generator<Block, RtfEnding> {
  const first = yield* readPart(bytes, false)
  if (first.count > 0) return first.ending
  // Headers and footers repeat on each page and are no part of the text, unless there is no other.
  return (yield* readPart(bytes, true)).ending
}

function* readPart(bytes: Uint8Array, margins: boolean): Generator<Block, { count: number; ending: RtfEnding }> {
  const text = createRtfText({ margins })
  let count = 0
  for (const token of tokensOf(bytes)) {
    text.take(token)
    for (const block of text.blocks()) {
      count++
      yield block
    }
  }
  const ending = text.end()
  for (const block of text.blocks()) {
    count++
    yield block
  }
  return { count, ending }
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
      const reasons: Reason[] = []
      const { cut }: Ending = yield* segmentsOf(numberedBlocks(bytes, reasons, note), after, limits.characters)
      return { cut, reasons }
    },
    close: async () => {},
  }
}

async function* numberedBlocks(bytes: Buffer, reasons: Reason[], note: Opening['note']): AsyncGenerator<Block> {
  const numbered = createNumbering()
  const blocks = readRtf(bytes)
  for (;;) {
    const { value, done } = blocks.next()
    if (!done) {
      yield* numbered(value)
      continue
    }
    if (value.damaged) reasons.push({ code: 'partly-damaged' })
    if (value.tooDeep) reasons.push({ code: 'too-deep' })
    if (value.left > 0) note(`left out ${value.left} times: an embedded object`)
    return
  }
}
