/** For tests: reads a document that was written for them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../errors.ts'
import type { Block } from '../../model/index.ts'
import { type Ending, formatOf, HEAD } from '../formats.ts'
import { DEFAULT_LIMITS } from '../protocol.ts'

export interface Read {
  blocks: Block[]
  ending: Ending
  notes: string[]
}

/** The way a parser process goes: type by name and first bytes, then all of it. */
export async function readBytes(name: string, bytes: Uint8Array, password?: string): Promise<Read> {
  const folder = await mkdtemp(join(tmpdir(), 'word-'))
  try {
    const file = join(folder, 'file')
    await writeFile(file, bytes)
    return await readAs(name, file, bytes.subarray(0, HEAD), password)
  } finally {
    await rm(folder, { recursive: true })
  }
}

export async function readAs(name: string, file: string, head: Uint8Array, password?: string): Promise<Read> {
  const format = formatOf(name)
  if (!format?.matches(head)) throw new AppError('type-mismatch')
  const notes: string[] = []
  const source = await format.open(file, {
    limits: DEFAULT_LIMITS,
    note: detail => notes.push(detail),
    ...(password !== undefined && { password }),
  })
  try {
    const blocks: Block[] = []
    const reading = source.read(0)
    for (;;) {
      const { value, done } = await reading.next()
      if (done) return { blocks, ending: value, notes }
      if ('segment' in value) blocks.push(...value.segment.blocks)
    }
  } finally {
    await source.close()
  }
}

/** As lines that are easy to compare: `h1 Title`, `p Text`, `li 1. Item`, `tr A|B <Head>`, `fn …`, `note …`, `alt …`. */
export function shown(blocks: readonly Block[]): string[] {
  return blocks.map(({ kind, level, text, cells = [], header }) => {
    const words = cells.map((start, index) => text.slice(start, cells[index + 1] ?? text.length).trim())
    if (kind === 'heading') return `h${level} ${text}`
    if (kind === 'table-row') return `tr ${words.join('|')}${header === undefined ? '' : ` <${header}>`}`
    return `${SHORT[kind] ?? kind} ${text}`
  })
}

const SHORT: Record<string, string> = {
  paragraph: 'p',
  'list-item': 'li',
  footnote: 'fn',
  caption: 'alt',
}
