import type { Language, StoredChunk } from '../model/index.ts'
import { type Claim, claimOf, foldedWords } from './claim.ts'
import { headerOf } from './rows.ts'
import { splitSentences } from './sentences.ts'

/** A passage as the model was given it. */
export interface Source {
  /** From 1: what the model cites it by. */
  number: number
  chunk: StoredChunk
  /** What of the chunk's text was shown. */
  start: number
  end: number
}

/** A sentence or table row that can be quoted, with what has to be known to understand it. */
export interface GroundSentence {
  source: Source
  /** In the chunk's text. */
  start: number
  end: number
  claim: Claim
  /** Headings above, the table's head, the file's name. */
  context: Claim
  previous: GroundSentence | undefined
  /** A row of a table with a head. */
  row: boolean
  language: Language
}

export interface Ground {
  sources: readonly Source[]
  sentences: readonly GroundSentence[]
  /** All words around a source, folded: its text, headings and file. */
  words: ReadonlyMap<Source, ReadonlySet<string>>
}

/** What the sources say, sentence by sentence. Headings are no sentences: they only explain what stands below. */
export function readGround(sources: readonly Source[]): Ground {
  const sentences: GroundSentence[] = []
  const words = new Map<Source, ReadonlySet<string>>()
  for (const source of sources) {
    const { chunk } = source
    const all = [chunk.text, ...chunk.headings.map(heading => heading.text), chunk.file]
    words.set(source, foldedWords([...all, ...chunk.pieces.map(piece => piece.header ?? '')].join('\n')))
    const contexts = new Map<string, Claim>()
    let previous: GroundSentence | undefined
    for (const { start, end } of splitSentences(chunk.text, chunk.language)) {
      const piece = chunk.pieces.find(({ at, from, to }) => start >= at && start < at + to - from)
      if (piece?.kind === 'heading') {
        previous = undefined
        continue
      }
      const above = contextOf(chunk, start, piece && headerOf(piece))
      const context = contexts.get(above) ?? claimOf(above, chunk.language)
      contexts.set(above, context)
      const claim = claimOf(chunk.text.slice(start, end), chunk.language)
      const row = piece?.header !== undefined
      const sentence: GroundSentence = { source, start, end, claim, context, previous, row, language: chunk.language }
      sentences.push(sentence)
      previous = sentence
    }
  }
  return { sources, sentences, words }
}

/** What stands over a place of a chunk, a line each. */
function contextOf(chunk: StoredChunk, position: number, header: string | undefined): string {
  const path = chunk.headings.map(({ level, text }) => ({ level, text }))
  for (const piece of chunk.pieces) {
    if (piece.at >= position) break
    if (piece.kind !== 'heading') continue
    const level = piece.level ?? 1
    while (path.length > 0 && path[path.length - 1].level >= level) path.pop()
    path.push({ level, text: chunk.text.slice(piece.at, piece.at + piece.to - piece.from) })
  }
  const name = chunk.file.replace(/^.*\//, '').replace(/\.\w+$/, '')
  return [...path.map(heading => heading.text), header ?? '', name.replaceAll(/[-_]+/g, ' ')].join('\n')
}
