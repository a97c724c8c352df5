/** A mail as blocks, whatever kind of file it came in. */
import type { Block } from '../../model/index.ts'
import { blocksOf } from '../text/plain.ts'

export interface Mail {
  subject: string
  /** `To: …`, as the mail writes them. */
  headers: readonly string[]
  plain?: string | undefined
  html?: string | undefined
  rtf?: Uint8Array | undefined
}

/** Below this share of the words of the other, a body only says that there is another one. */
const fuller = 0.5

/**
 * Subject, who wrote to whom and when, and the body: as plain text unless the other one says more. Paragraphs are counted
 * over all of them.
 */
export async function* blocksOfMail(mail: Mail): AsyncGenerator<Block> {
  let number = 0
  const placed = (block: Block): Block => {
    number += 1
    return { ...block, span: { unit: 'paragraph', first: number, last: number } }
  }
  const subject = tidy(mail.subject)
  if (subject !== '') yield placed({ kind: 'heading', text: subject, level: 1 })
  for (const header of mail.headers.map(tidy)) if (header !== '') yield placed({ kind: 'paragraph', text: header })
  for (const { runs: _, ...block } of await bodyOf(mail)) yield placed(block)
}

async function bodyOf({ plain = '', html = '', rtf }: Mail): Promise<Block[]> {
  const written = await collect(plainBlocks(plain))
  const marked = html.trim() === '' ? [] : await htmlBody(html)
  if (marked.length > 0 && wordsIn(written) < fuller * wordsIn(marked)) return marked
  if (written.length > 0 || !rtf || rtf.length === 0) return written
  return rtfBody(rtf)
}

async function htmlBody(html: string): Promise<Block[]> {
  const { htmlBlocks } = await import('../web/html.ts')
  return [...htmlBlocks(html)].filter(block => block.text !== '')
}

async function rtfBody(rtf: Uint8Array): Promise<Block[]> {
  const { rtfBlocks } = await import('./rtf.ts')
  return rtfBlocks(rtf)
}

function wordsIn(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { text }) => sum + (text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0), 0)
}

const quoted = /^(?:>[ \t]?)+/

/** What is quoted keeps one mark for each level at its beginning, and is put together like the rest. */
async function* plainBlocks(text: string): AsyncGenerator<Block> {
  for (const { level, lines } of levelsOf(text)) {
    const mark = level === 0 ? '' : `${'>'.repeat(level)} `
    for await (const { kind, text: body } of blocksOf(once(lines.join('\n')))) {
      // Whoever joined the lines of a flowed text before us left their marks in it.
      const clean = level === 0 ? tidy(body) : tidy(body).replaceAll(` ${mark}`, ' ')
      if (clean !== '') yield { kind, text: mark + clean }
    }
  }
}

function* levelsOf(text: string): Generator<{ level: number; lines: string[] }> {
  let level = 0
  let lines: string[] = []
  for (const line of text.split(/\r\n|\r|\n/)) {
    const mark = quoted.exec(line)?.[0] ?? ''
    // Nobody answers an answer twenty times; lines of signs are drawings.
    const next = Math.min(20, mark.replace(/[^>]/g, '').length)
    if (next !== level && lines.length > 0) {
      yield { level, lines }
      lines = []
    }
    level = next
    lines.push(line.slice(mark.length))
  }
  yield { level, lines }
}

async function* once(text: string): AsyncGenerator<string> {
  yield text
}

/** NFC, single spaces, nothing invisible. */
export function tidy(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .normalize('NFC')
    .replace(/ {2,}/g, ' ')
    .trim()
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
