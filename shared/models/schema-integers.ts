/** 10^15: every integer below is exact. */
const longest = 15

/** The integers from one to another, both included, in the notation of grammars; undefined where there is none. */
export function integersBetween(from: number, to: number): string | undefined {
  if (!(from <= to)) return
  const most = 10 ** longest - 1
  const parts: string[] = []
  if (from < 0) {
    const nearest = Math.max(1, -to)
    const between = naturals(nearest, Math.min(most, -from))
    if (between !== undefined) parts.push(`"-" (${between})`)
  }
  if (to >= 0) {
    const between = naturals(Math.max(0, from), Math.min(most, to))
    if (between !== undefined) parts.push(between)
  }
  return parts.length === 0 ? undefined : parts.join(' | ')
}

function naturals(from: number, to: number): string | undefined {
  if (from > to) return
  const parts: string[] = []
  for (let digits = String(from).length; digits <= String(to).length; digits++) {
    const low = Math.max(from, digits === 1 ? 0 : 10 ** (digits - 1))
    const high = Math.min(to, 10 ** digits - 1)
    parts.push(ofOneLength(String(low), String(high)))
  }
  return parts.join(' | ')
}

function ofOneLength(low: string, high: string): string {
  if (low === high) return `"${low}"`
  const rest = low.length - 1
  const [l, h] = [Number(low[0]), Number(high[0])]
  if (rest === 0) return `[${l}-${h}]`
  const [nines, zeros] = ['9'.repeat(rest), '0'.repeat(rest)]
  if (l === h) return `"${l}" (${ofOneLength(low.slice(1), high.slice(1))})`
  const parts: string[] = []
  // Whole decades need no word on their digits.
  const begin = low.slice(1) === zeros ? l : l + 1
  const end = high.slice(1) === nines ? h : h - 1
  if (begin > l) parts.push(`"${l}" (${ofOneLength(low.slice(1), nines)})`)
  if (begin <= end) parts.push(`[${begin}-${end}] [0-9]{${rest}}`)
  if (end < h) parts.push(`"${h}" (${ofOneLength(zeros, high.slice(1))})`)
  return parts.join(' | ')
}
