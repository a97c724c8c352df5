/** Shorter words have too many neighbours that are other words. */
export const SHORTEST_MISSPELT = 6

/**
 * Whether a word the library does not know may be a slip for this one: one letter wrong, missing, too many or changed with
 * its neighbour, or the same letters in another order ("Ghandi"). Both begin alike: first letters are rarely mistyped.
 */
export function mayBeSlip(unknown: string, known: string): boolean {
  if (unknown.length < SHORTEST_MISSPELT || unknown === known || unknown[0] !== known[0]) return false
  const difference = unknown.length - known.length
  if (Math.abs(difference) > 1) return false
  let start = 0
  while (start < unknown.length && unknown[start] === known[start]) start++
  let end = 0
  while (end < Math.min(unknown.length, known.length) - start && unknown.at(-1 - end) === known.at(-1 - end)) end++
  const left = unknown.slice(start, unknown.length - end)
  const right = known.slice(start, known.length - end)
  if (left.length <= 1 && right.length <= 1) return true
  return difference === 0 && [...left].sort().join('') === [...right].sort().join('')
}
