import type { StoredChunk } from '../model/index.ts'
import type { Hit } from '../retrieve/search.ts'
import type { Source } from './ground.ts'
import { neutral } from './neutral.ts'
import type { Quote } from './quotes.ts'
import { labelledText } from './rows.ts'
import { splitSentences } from './sentences.ts'
import { estimateTokens } from './tokens.ts'

/** Tokens. On two cores every 100 of them take a model of 0.6B about a second to read. */
export const sourceBudget = 750
/** One passage takes no more than this while others wait. */
const longestSource = 260
/** Less than this is not worth a source of its own. */
const shortestSource = 40
const mostSources = 6
/** What sources kept from the question before may grow to. */
const keptBudget = 950

/** A stretch of a chunk that is shown to a model. */
export type Stretch = Omit<Source, 'number'>

/**
 * What the model reads: the best passages, whole where they fit, else the sentences around the best one. `quotes` are the sentences that answer
 * best, best first, `passage` being the index into `hits`. In the order of the documents, not of rank, so that another question over the
 * same passages gives the same text.
 */
export function chooseStretches(hits: readonly Hit[], quotes: readonly Quote[], budget = sourceBudget): Stretch[] {
  const chosen: Stretch[] = []
  let left = budget
  // By turns where the best sentences stand and what the search ranks highest: what only vectors found has no sentence.
  const order = [...new Set([...hits.keys()].flatMap(at => [...(quotes[at] ? [quotes[at].passage] : []), at]))]
  for (const index of order) {
    if (chosen.length >= mostSources || left < shortestSource) break
    const { chunk } = hits[index]
    const best = quotes.find(quote => quote.passage === index)
    const stretch = around(chunk, best?.start ?? 0, Math.min(left, longestSource))
    if (!stretch) continue
    chosen.push(stretch)
    left -= tokensOf(stretch)
  }
  return chosen.sort(
    (a, b) =>
      (a.chunk.documentId < b.chunk.documentId ? -1 : a.chunk.documentId > b.chunk.documentId ? 1 : 0) ||
      a.chunk.position - b.chunk.position,
  )
}

/**
 * What the question before was asked with, if it serves this one too: then the model has it read already. It serves when it shows every sentence
 * that answers best (`needed`) and half of it was found again; what is missing may follow behind it while that stays short. Else undefined.
 * `earlier` must be read anew: what has been deleted since is not in it.
 */
export function keepStretches(
  earlier: readonly Stretch[],
  fresh: readonly Stretch[],
  needed: readonly { chunkId: number; start: number; end: number }[],
  found: ReadonlySet<number>,
  budget = keptBudget,
): Stretch[] | undefined {
  if (earlier.length === 0) return undefined
  const again = earlier.filter(({ chunk }) => found.has(chunk.id)).length
  if (again * 2 < earlier.length) return undefined
  const shows = (stretches: readonly Stretch[], { chunkId, start, end }: (typeof needed)[number]) =>
    stretches.some(stretch => stretch.chunk.id === chunkId && stretch.start <= start && stretch.end >= end)
  const missing = needed.filter(sentence => !shows(earlier, sentence))
  const added = fresh.filter(stretch => missing.some(sentence => shows([stretch], sentence)))
  // A passage of which another part is needed would stand there twice.
  if (added.some(({ chunk }) => earlier.some(stretch => stretch.chunk.id === chunk.id))) return undefined
  const kept = [...earlier, ...added]
  const tokens = kept.reduce((sum, stretch) => sum + tokensOf(stretch), 0)
  return tokens <= budget && kept.length <= mostSources + 2 ? kept : undefined
}

export const numbered = (stretches: readonly Stretch[]): Source[] =>
  stretches.map((stretch, at) => ({ ...stretch, number: at + 1 }))

/** A source as the model reads it. */
export function sourceText({ chunk, start, end, number }: Source): string {
  const title = [chunk.file.replace(/^.*\//, ''), ...chunk.headings.slice(-2).map(heading => heading.text)].join(' · ')
  const row = chunk.pieces.find(piece => piece.header && !piece.heads && piece.at >= start && piece.at < end)
  const header = row?.header
  const shown = labelledText(chunk, start, end)
  const above = header && !shown.includes(header) ? `${header}\n` : ''
  return `[${number}] ${neutral(title).replaceAll('\n', ' ').slice(0, 160)}\n${neutral(above + shown).trim()}`
}

const tokensOf = (stretch: Stretch) => estimateTokens(sourceText({ ...stretch, number: 1 }))

/** Whole sentences around a place, as many as fit; undefined when not even one does. */
function around(chunk: StoredChunk, place: number, budget: number): Stretch | undefined {
  const whole = { chunk, start: 0, end: chunk.text.length }
  if (tokensOf(whole) <= budget) return whole
  const spans = splitSentences(chunk.text, chunk.language)
  let first = spans.findIndex(span => span.end > place)
  if (first < 0) return undefined
  let last = first
  const stretch = () => ({ chunk, start: spans[first].start, end: spans[last].end })
  if (tokensOf(stretch()) > budget) return undefined
  for (let grown = true; grown; ) {
    grown = false
    // What follows explains more than what goes before.
    for (const side of ['after', 'after', 'before'] as const) {
      const [oldFirst, oldLast] = [first, last]
      if (side === 'after' && last + 1 < spans.length) last++
      else if (side === 'before' && first > 0) first--
      else continue
      if (tokensOf(stretch()) <= budget) grown = true
      else [first, last] = [oldFirst, oldLast]
    }
  }
  return stretch()
}
