import type { SearchPlan } from './plan.ts'

export interface ChunkTerms {
  /** Stored terms in order. */
  terms: readonly string[]
  /** Terms of the headings above it and of its table headers: they match at a lower weight. */
  contextTerms: readonly string[]
  /** Number of stored terms. */
  length: number
}

/**
 * Measured on the XQuAD development set (right paragraph first / among five, German and English): every value is flat around what stands here
 * (±0.5 points). Tried without gain: the best window of a sentence's length, terms of neighbouring chunks, idf to a power, other weights
 * for nouns and verbs.
 */
export const rankWeights = {
  k1: 1.2,
  b: 0.5,
  /** A heading's word, beside one of the text. */
  context: 0.4,
  /** Neighbours in the question that stand near each other here, by the lesser worth of the two. */
  pair: 0.2,
  /** Terms apart. */
  window: 6,
  /** What a chunk that holds the whole question gains, as a share. */
  coverage: 0.5,
}

/** BM25 over the question's terms, with their relatives as fractional occurrences; 0 when nothing matches. */
export function scoreChunk(plan: SearchPlan, chunk: ChunkTerms): number {
  const count = plan.terms.length
  const frequency = new Float64Array(count)
  const best = new Float64Array(count)
  const add = (at: number, weight: number) => {
    frequency[at]! += weight
    if (weight > best[at]!) best[at] = weight
  }
  const places: number[] = []
  const owners: number[] = []
  for (let place = 0; place < chunk.terms.length; place++) {
    const added = plan.contributions.get(chunk.terms[place]!)
    // Nearly all of them.
    if (!added) continue
    for (const { at, weight } of added) {
      add(at, weight)
      if (weight < 0.5) continue
      places.push(place)
      owners.push(at)
    }
  }
  for (const term of chunk.contextTerms)
    for (const { at, weight } of plan.contributions.get(term) ?? []) add(at, weight * rankWeights.context)

  const norm = rankWeights.k1 * (1 - rankWeights.b + (rankWeights.b * chunk.length) / plan.averageLength)
  let score = 0
  let total = 0
  let covered = 0
  for (const [at, { worth }] of plan.terms.entries()) {
    total += worth
    if (frequency[at] === 0) continue
    const saturated = (frequency[at]! * (rankWeights.k1 + 1)) / (frequency[at]! + norm)
    // No relative, however often it occurs, is worth more than the word itself.
    score += worth * Math.min(saturated, best[at]! * (rankWeights.k1 + 1))
    covered += worth * best[at]!
  }
  if (score === 0) return 0
  const phrases = plan.phrases.filter(phrase => holdsPhrase(chunk.terms, phrase)).length
  return (
    score * (1 + rankWeights.coverage * (covered / total)) +
    rankWeights.pair * pairs(plan, places, owners) +
    phrases * total
  )
}

function pairs(plan: SearchPlan, places: readonly number[], owners: readonly number[]): number {
  const found = new Set<number>()
  let sum = 0
  for (let i = 0; i < places.length; i++)
    for (let j = i + 1; j < places.length && places[j]! - places[i]! <= rankWeights.window; j++) {
      if (Math.abs(owners[j]! - owners[i]!) !== 1) continue
      const first = Math.min(owners[i]!, owners[j]!)
      if (found.has(first)) continue
      found.add(first)
      sum += Math.min(plan.terms[first]!.worth, plan.terms[first + 1]!.worth)
    }
  return sum
}

/** A phrase in quotation marks: its terms in order, with nothing searchable between them but parts of the same token. */
function holdsPhrase(terms: readonly string[], phrase: readonly string[]): boolean {
  for (let start = 0; start < terms.length; start++) {
    if (terms[start] !== phrase[0]) continue
    let at = start
    let matched = 1
    while (matched < phrase.length) {
      const next = terms.indexOf(phrase[matched]!, at + 1)
      if (next < 0 || next - at > PHRASE_SLACK) break
      at = next
      matched++
    }
    if (matched === phrase.length) return true
  }
  return false
}

const PHRASE_SLACK = 3
