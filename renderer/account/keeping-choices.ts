export interface KeepingChoice {
  /** What is chosen: days, or null for what the installation says. */
  value: number | null
  /** For how long that is; null: for ever. */
  days: number | null
}

/** Shortest first, the installation's own last; what was chosen elsewhere is among them as long as it says anything. */
export function keepingChoices(
  usual: readonly number[],
  most: number | null,
  chosen: number | null,
): readonly KeepingChoice[] {
  const shorter = (days: number) => most === null || days < most
  const days = [...new Set([...usual, ...(chosen === null ? [] : [chosen])])].filter(shorter).sort((a, b) => a - b)
  const own = { value: chosen !== null && !shorter(chosen) ? chosen : null, days: most }
  return [...days.map(value => ({ value, days: value })), own]
}
