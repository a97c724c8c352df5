/** Fewer distances tell nothing of their spread. */
const fewest = 30
/** The median absolute deviation of a normal distribution, as a share of its standard deviation. */
const deviationOfNormal = 0.6745

/**
 * How surely the best of `size` chunks is nearer to the question than chance would bring one: the probability, 0 to 1, that
 * the nearest of so many unrelated chunks lies farther away. As far as distances are normal, a question of which nothing
 * is told gives any value alike, and one above 0.99 once in a hundred times; on real embedders that is still to be measured.
 *
 * How similar is similar differs from embedder to embedder (one gives 0.7 for anything, another 0.3 for the same thing said
 * twice), so the best is measured against the project's own background: the distances of a fixed sample of its chunks, by
 * their median and median absolute deviation, which the few that do answer hardly move. Where nearly all chunks are alike
 * (one form filled in a thousand times), whatever is of another kind stands out too. Undefined where the sample is too small.
 */
export function nearnessOf(best: number, background: readonly number[], size: number): number | undefined {
  if (background.length < fewest) return undefined
  const middle = medianOf(background)
  const spread = medianOf(background.map(distance => Math.abs(distance - middle))) / deviationOfNormal
  if (!(spread > 1e-9)) return undefined
  const beyond = upperTail((middle - best) / spread)
  return Math.exp(Math.max(1, size) * Math.log1p(-beyond))
}

/**
 * The share of a standard normal distribution above z. For z < 2 by Abramowitz and Stegun 26.2.17 (error below 7.5e-8), above
 * by the continued fraction 26.2.14, whose relative error stays small where the tail is.
 */
function upperTail(z: number): number {
  const density = Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z < 0) return Math.min(1 - 1e-12, 1 - upperTail(-z))
  if (z < 2) {
    const t = 1 / (1 + 0.2316419 * z)
    const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    return density * sum
  }
  let fraction = z
  for (let n = 40; n >= 1; n--) fraction = z + n / fraction
  return density / fraction
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}
