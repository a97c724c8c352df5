/** Words as a multiset: order does not matter, number does. Ligatures and other presentation forms are their letters. */
export function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  // A soft hyphen is none of the word's letters; words hyphenated at a line's end are one word.
  const whole = text
    .normalize('NFKC')
    .replaceAll('\u00ad', '')
    .replace(/(?<=\p{L})[-\u2010]\s*\n\s*(?=\p{Ll})/gu, '')
  for (const [word] of whole.toLowerCase().matchAll(/[\p{L}\p{N}\p{M}]+/gu))
    counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

export interface Agreement {
  /** Words in both, of ours, of the other's. */
  shared: number
  ours: number
  theirs: number
  /** Of theirs that are in ours. */
  recall: number
  f1: number
  /** Some of theirs that ours lacks, and of ours that theirs lacks. */
  missing: string[]
  extra: string[]
}

export function compareWords(ours: Map<string, number>, theirs: Map<string, number>): Agreement {
  let shared = 0
  for (const [word, count] of theirs) shared += Math.min(count, ours.get(word) ?? 0)
  const size = (counts: Map<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0)
  const [a, b] = [size(ours), size(theirs)]
  const lacking = (from: Map<string, number>, of: Map<string, number>) =>
    [...of].filter(([word, count]) => count > (from.get(word) ?? 0)).map(([word]) => word)
  return {
    shared,
    ours: a,
    theirs: b,
    recall: b === 0 ? 1 : shared / b,
    f1: a + b === 0 ? 1 : (2 * shared) / (a + b),
    missing: lacking(ours, theirs).slice(0, 12),
    extra: lacking(theirs, ours).slice(0, 12),
  }
}
