/** Documents for tests of written answers, as chunks and segments, without parser or database. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Block, Piece, Segment, StoredChunk } from '../../shared/model/index.ts'
import { detectLanguage } from '../../shared/retrieve/language.ts'

export interface TestLibrary {
  chunks: StoredChunk[]
  segments: Map<string, Segment[]>
}

/** A Markdown-like text, a paragraph, row or heading a block; a chunk of about 900 characters each. */
export function libraryOf(files: Record<string, string>): TestLibrary {
  const chunks: StoredChunk[] = []
  const segments = new Map<string, Segment[]>()
  for (const [file, text] of Object.entries(files)) {
    const blocks = blocksOf(text)
    segments.set(file, [{ number: 1, blocks }])
    let pieces: Piece[] = []
    let chunkText = ''
    let path: { level: number; text: string }[] = []
    let above = path
    const close = () => {
      if (pieces.length === 0) return
      chunks.push({
        id: chunks.length + 1,
        documentId: file,
        file,
        paged: false,
        position: chunks.length,
        text: chunkText,
        headings: above,
        pieces,
        language: detectLanguage(chunkText),
        terms: [],
        contextTerms: [],
      })
      pieces = []
      chunkText = ''
      above = path
    }
    for (const [index, block] of blocks.entries()) {
      if (chunkText.length + block.text.length > 900 || (block.kind === 'heading' && chunkText.length > 500)) close()
      if (pieces.length > 0) chunkText += '\n'
      const { kind, level, header, text: blockText } = block
      const place = { at: chunkText.length, segment: 1, block: index, from: 0, to: blockText.length, kind }
      pieces.push({ ...place, ...(level && { level }), ...(header && { header }) })
      chunkText += blockText
      if (level) path = [...path.filter(heading => heading.level < level), { level, text: blockText }]
    }
    close()
  }
  return { chunks, segments }
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let header: string | undefined
  for (const line of text.split('\n')) {
    const heading = /^(#+) (.*)$/.exec(line)
    if (!line.startsWith('|')) header = undefined
    if (line.trim() === '' || /^\|[\s|-]+$/.test(line)) continue
    if (heading) blocks.push({ kind: 'heading', level: heading[1].length, text: heading[2] })
    else if (line.startsWith('|')) {
      const row = line.replaceAll(/\s*\|\s*/g, ' ').trim()
      blocks.push({ kind: 'table-row', text: row, ...(header && { header }) })
      header ??= row
    } else blocks.push({ kind: 'paragraph', text: line.trim() })
  }
  return blocks
}

export const sample = (name: string) => readFileSync(path.join(import.meta.dirname, '../../samples', name), 'utf8')
