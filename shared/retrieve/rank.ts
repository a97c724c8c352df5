import type { SearchPlan } from './plan.ts'

export interface ChunkTerms {
  /** Stored terms in order. */
  terms: readonly string[]
  /** Terms of the headings above it and of its table header: they may match, at a lower weight. */
  contextTerms: readonly string[]
  /** Number of stored terms. */
  length: number
}

export const bm25 = { k1: 1.2, b: 0.5, context: 0.4, pair: 0.3, coverage: 0.5, window: 6 }

/** BM25 over the question's terms with their relatives as fractional occurrences, plus neighbouring pairs and coverage. 0: no match. */
export function scoreChunk(plan: SearchPlan, chunk: ChunkTerms): number {
  const count = plan.terms.length
  const frequency = new Float64Array(count)
  const best = new Float64Array(count)
  const places: number[] = []
  const owners: number[] = []
  for (let place = 0; place < chunk.terms.length; place++) {
    const contributions = plan.contributions.get(chunk.terms[place]!)
    if (contributions === undefined) continue
    for (const { at, weight } of contributions) {
      frequency[at]! += weight
      if (weight > best[at]!) best[at] = weight
      if (weight >= 0.5) {
        places.push(place)
        owners.push(at)
      }
    }
  }
  for (const term of chunk.contextTerms)
    for (const { at, weight } of plan.contributions.get(term) ?? []) {
      frequency[at]! += weight * bm25.context
      if (weight * bm25.context > best[at]!) best[at] = weight * bm25.context
    }
  const norm = bm25.k1 * (1 - bm25.b + (bm25.b * chunk.length) / plan.averageLength)
  let score = 0
  let total = 0
  let covered = 0
  for (let at = 0; at < count; at++) {
    const { worth } = plan.terms[at]!
    total += worth
    if (frequency[at] === 0) continue
    // No relative, however often it occurs, is worth more than the word itself.
    score += worth * Math.min((frequency[at]! * (bm25.k1 + 1)) / (frequency[at]! + norm), best[at]! * (bm25.k1 + 1))
    covered += worth * best[at]!
  }
  if (score === 0) return 0
  return score * (1 + bm25.coverage * (covered / total)) + bm25.pair * pairs(plan, places, owners)
}

/** Question neighbours that are near each other here, once each. */
function pairs(plan: SearchPlan, places: number[], owners: number[]): number {
  const found = new Set<number>()
  let sum = 0
  for (let i = 0; i < places.length; i++)
    for (let j = i + 1; j < places.length && places[j]! - places[i]! <= bm25.window; j++) {
      const distance = Math.abs(owners[j]! - owners[i]!)
      if (distance !== 1) continue
      const first = Math.min(owners[i]!, owners[j]!)
      if (found.has(first)) continue
      found.add(first)
      sum += Math.min(plan.terms[first]!.worth, plan.terms[first + 1]!.worth)
    }
  return sum
}
