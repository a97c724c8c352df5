/** Amounts as they stand in fields. */
export const megabyte = 1_000_000

/** Empty for what the installation says. */
export function typedOf(amount: number | null, unit: number): string {
  return amount === null ? '' : String(amount / unit)
}

/** Null for an empty field; 0 is an amount. */
export function amountOf(typed: string, unit: number): number | null {
  const amount = Number(typed)
  return typed.trim() === '' || !Number.isFinite(amount) ? null : Math.max(0, Math.round(amount * unit))
}
