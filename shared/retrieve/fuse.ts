/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): the score of what stands at rank r of a list, from 1, is
 * 1 / (60 + r), summed over the lists. It needs no scores that can be compared, and 60 is the paper's constant, which its
 * authors found to matter little.
 */
const k = 60

/**
 * Each list without repeats, best first. Best first; what ties stands as in the earlier list. `weights` are those of the
 * lists, 1 each when not said.
 */
export function fuse<Id>(
  lists: readonly (readonly Id[])[],
  weights: readonly number[] = [],
): { id: Id; fused: number }[] {
  const scores = new Map<Id, number>()
  for (const [number, list] of lists.entries()) {
    const weight = weights[number] ?? 1
    for (const [at, id] of list.entries()) scores.set(id, (scores.get(id) ?? 0) + weight / (k + at + 1))
  }
  return [...scores].map(([id, fused]) => ({ id, fused })).sort((a, b) => b.fused - a.fused)
}
