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
  const pieces = piecesIn(file)
  let next = await pieces.next()
  while (!next.done && !next.value.separates) {
    before(next.value.bytes)
    next = await pieces.next()
  }
  while (!next.done) {
    const parts: Buffer[] = []
    let size = 0
    let ended = false
    const step = async () => {
      next = await pieces.next()
      ended = next.done === true || next.value.separates
      return ended ? undefined : (next.value as Piece).bytes
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

interface Piece {
  /** Lines with their ends, or part of a long one, as they were before the mailbox marked them. */
  bytes: Buffer
  /** A line that stands before a mail and belongs to none. */
  separates: boolean
}

const feed = 0x0a
const longestLine = 64 * 1024
const from = Buffer.from('From ')

/**
 * As much at a time as has no line in it that separates or might: line by line, 300 MB of mails with attachments took 6 s
 * of the processor, and whoever reads on begins with what was read before.
 */
async function* piecesIn(file: string): AsyncGenerator<Piece> {
  let rest: Buffer = Buffer.alloc(0)
  let atStart = true
  let blank = true
  // A separator is one only where headers follow.
  let held: Buffer | undefined
  const release = function* (following: Buffer): Generator<Piece> {
    if (!held) return
    const line = following.toString('latin1', 0, Math.min(200, lineEnd(following, 0)))
    yield { bytes: held, separates: /^>?[!-9;-~]+[ \t]*:|^\r?\n?$/.test(line) }
    held = undefined
  }
  const split = function* (bytes: Buffer): Generator<Piece> {
    const next = seek(bytes)
    for (let at = 0; at < bytes.length; ) {
      const mark = atStart && isMark(bytes, at) ? at : next(at)
      if (mark > at) {
        const plain = bytes.subarray(at, mark)
        yield* release(plain)
        yield { bytes: plain, separates: false }
        blank = endsBlank(plain, atStart)
      }
      if (mark === bytes.length) break
      at = lineEnd(bytes, mark)
      const line = bytes.subarray(mark, at)
      atStart = line.at(-1) === feed
      yield* release(line)
      if (blank && line[0] === from[0]) held = line
      else yield { bytes: line[0] === from[0] ? line : line.subarray(1), separates: false }
      blank = false
    }
    atStart = bytes.at(-1) === feed
  }
  for await (const chunk of createReadStream(file)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const whole = rest.lastIndexOf(feed) + 1
    const end = whole > 0 || rest.length < longestLine ? whole : rest.length
    if (end > 0) yield* split(rest.subarray(0, end))
    rest = rest.subarray(end)
  }
  if (rest.length > 0) yield* split(rest)
  if (held) yield { bytes: held, separates: true }
}

/** Where the next line begins that may separate, or is marked because it would; the end, where there is none. */
function seek(bytes: Buffer): (at: number) => number {
  const lineWith = (start: string) => {
    let found = -1
    return (at: number) => {
      while (found < at || (found < bytes.length && !isMark(bytes, found))) {
        const index = bytes.indexOf(`\n${start}`, Math.max(at, found), 'latin1')
        found = index === -1 ? bytes.length : index + 1
      }
      return found
    }
  }
  const separating = lineWith('From ')
  const quoted = lineWith('>')
  return at => Math.min(separating(at), quoted(at))
}

function isMark(bytes: Buffer, at: number): boolean {
  return (bytes[at] === from[0] || bytes[at] === 0x3e) && /^>*From /.test(bytes.toString('latin1', at, at + 40))
}

function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(feed, at)
  return end === -1 ? bytes.length : end + 1
}

/** Whether the last line is empty; the first is one only if it `begins` there. */
function endsBlank(bytes: Buffer, begins: boolean): boolean {
  const start = bytes.length < 2 ? 0 : bytes.lastIndexOf(feed, bytes.length - 2) + 1
  if (start === 0 && !begins) return false
  return bytes.length - start <= 2 && bytes.toString('latin1', start).trim() === ''
}
