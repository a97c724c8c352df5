/** Compares texts as their bytes in UTF-8 compare, which is how both databases do; units of UTF-16 put signs beyond the first plane too low. */
export function compareBytes(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const left = one.charCodeAt(at)
    const right = other.charCodeAt(at)
    if (left !== right) return rankOf(left) - rankOf(right)
  }
  return one.length - other.length
}

/** Halves of signs beyond the first plane come after everything in it. */
function rankOf(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
