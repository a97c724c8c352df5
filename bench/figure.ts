/** What a bench measured, and whether it is good enough. */
export interface Figure {
  name: string
  value: number | null
  unit: string
  /** `<= 20`, `>= 0.9`; null where the figure is told for its own sake. */
  target: string | null
  holds: boolean
}

/** Does the work and gives its figures; `note` tells whoever waits what is going on. */
export type Bench = (options: { note: (line: string) => void; args: readonly string[] }) => Promise<Figure[]>

export function atMost(name: string, value: number | null, unit: string, target: number): Figure {
  return { name, value: rounded(value), unit, target: `<= ${target}`, holds: value !== null && value <= target }
}

export function atLeast(name: string, value: number | null, unit: string, target: number): Figure {
  return { name, value: rounded(value), unit, target: `>= ${target}`, holds: value !== null && value >= target }
}

export function told(name: string, value: number | null, unit: string): Figure {
  return { name, value: rounded(value), unit, target: null, holds: true }
}

/** To three decimals. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000
}

/** The value that `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))]
}

export const median = (values: readonly number[]) => percentile(values, 0.5)

/** What a bench needs and does not find; the message says what to set. */
export class Missing extends Error {}
