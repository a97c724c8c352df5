const longest = 300

/**
 * A path as people sort it, for an engine that compares bytes: ä beside a, either case alike, 2 before 10, what lies in a
 * folder together. Only its beginning: paths that differ later than that stand beside each other in any order.
 */
export function sortKey(path: string): string {
  return path
    .slice(0, longest)
    .toWellFormed()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('/', '\u0001')
    .replace(/\d+/g, numbered)
    .slice(0, longest)
    .toWellFormed()
}

/** How many digits it has goes before a number, so that the longer one is the larger one. */
function numbered(digits: string): string {
  const number = digits.replace(/^0+(?=\d)/, '')
  return String(Math.min(number.length, 99)).padStart(2, '0') + number
}
