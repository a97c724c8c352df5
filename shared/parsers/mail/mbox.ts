/**
 * Mailboxes: mails one after the other, each behind a line “From ” (RFC 4155). Read as a stream, whatever its size. A line
 * of a mail that begins like that is written with a `>` before it, which is taken away (mboxrd; mboxo writes the same, but
 * for lines that had one already).
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { AppError } from '../../errors.ts'
import type { Block, FoundFile } from '../../model/index.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { createTaker } from '../found.ts'
import { segmentsOf } from '../text/segments.ts'
import { tidy } from './blocks.ts'
import { dateText } from './eml.ts'
import { headersIn, mailName, subjectReach } from './name.ts'

/** Its own text is the list of its mails. Throws `empty-file`. */
export async function openMbox(file: string, { limits, scratch }: Opening): Promise<Source> {
  return {
    segments: null,
    read: (after, _state, filesAfter) => read(after, filesAfter),
    close: async () => {},
  }

  async function* read(after: number, filesAfter: number | undefined): AsyncGenerator<Reading | FoundFile, Ending> {
    const taker = createTaker({ after: filesAfter, scratch })
    let count = 0
    let begins = true
    const before = (bytes: Buffer) => {
      if (/[!-~]/.test(bytes.toString('latin1'))) begins = false
    }
    // Once through the file: each mail and its line of the list, and what is known already shows on the way that it gets on.
    async function* items(): AsyncGenerator<FoundFile | Block> {
      for await (const { head, bytes } of mailsIn(file, before)) {
        count += 1
        const headers = headersIn(head)
        const found = await taker.take({ path: mailName(headers.subject), bytes })
        if (found) yield found
        yield lineOf(headers, count)
      }
    }
    const { cut } = yield* segmentsOf<FoundFile>(items(), after, limits.characters)
    if (count === 0) throw new AppError('empty-file')
    const whole = begins && (await endsWell(file))
    return { cut, ...(!whole && { reasons: [{ code: 'partly-damaged' }] }) }
  }
}

/** Whoever writes a mailbox ends each mail with a line of its own. */
async function endsWell(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer[0] === feed
  } finally {
    await handle.close()
  }
}

function lineOf({ subject, from, date }: ReturnType<typeof headersIn>, number: number): Block {
  const known = [subject, from, dateText(date)].map(tidy).filter(Boolean)
  const text = known.length > 0 ? known.join(' – ') : mailName('')
  return { kind: 'list-item', text, span: { unit: 'paragraph', first: number, last: number } }
}

interface FoundMail {
  /** Its first bytes, in which its headers stand. */
  head: Buffer
  /** All of it, once; what is not read is skipped. */
  bytes: () => AsyncGenerator<Buffer>
}

/** Each is to be read, or left, before the next is asked for. `before` gets what stands before the first, and belongs to none. */
async function* mailsIn(file: string, before: (bytes: Buffer) => void): AsyncGenerator<FoundMail> {
  const lines = linesIn(file)
  let next = await lines.next()
  while (!next.done && !next.value.separates) {
    before(next.value.bytes)
    next = await lines.next()
  }
  while (!next.done) {
    const parts: Buffer[] = []
    let size = 0
    let ended = false
    const step = async () => {
      next = await lines.next()
      ended = next.done === true || next.value.separates
      return ended ? undefined : (next.value as Line).bytes
    }
    while (size < subjectReach) {
      const part = await step()
      if (!part) break
      parts.push(part)
      size += part.length
    }
    const head = Buffer.concat(parts)
    yield {
      head,
      async *bytes() {
        yield head
        while (!ended) {
          const part = await step()
          if (part) yield part
        }
      },
    }
    while (!ended) await step()
  }
}

interface Line {
  /** With its end, without the mark that kept it from separating; part of a line where that is very long. */
  bytes: Buffer
  /** Stands before a mail and belongs to none. */
  separates: boolean
}

const feed = 0x0a
const longestLine = 64 * 1024

async function* linesIn(file: string): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0)
  let atStart = true
  let blank = true
  // A separator is one only where headers follow.
  let held: Buffer | undefined
  const settle = function* (line: Buffer, begins: boolean): Generator<Line> {
    if (held) {
      const separates = /^>?[!-9;-~]+[ \t]*:|^\r?\n?$/.test(line.toString('latin1', 0, 200))
      yield { bytes: held, separates }
      held = undefined
    }
    if (begins && blank && line.subarray(0, 5).equals(from)) {
      held = line
      blank = false
      return
    }
    blank = begins && line.toString('latin1', 0, 3).trim() === '' && line.length <= 2
    const quoted = begins && /^>+From /.test(line.toString('latin1', 0, 40))
    yield { bytes: quoted ? line.subarray(1) : line, separates: false }
  }
  for await (const chunk of createReadStream(file)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      const end = rest.indexOf(feed, at)
      if (end === -1 && rest.length - at < longestLine) break
      const cut = end === -1 ? at + longestLine : end + 1
      yield* settle(rest.subarray(at, cut), atStart)
      atStart = end !== -1
      at = cut
    }
    rest = rest.subarray(at)
  }
  if (rest.length > 0) yield* settle(rest, atStart)
  if (held) yield { bytes: held, separates: true }
}

const from = Buffer.from('From ')
