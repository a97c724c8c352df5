/** Places of a sheet, as programs write them. */

export interface Area {
  row: number
  last: number
  columns: [first: number, last: number]
}

/** `Sheet!$A$1:$D$9`, `B2` or `$1:$2` (whole rows). */
export function areaOf(reference: string): Area | undefined {
  const match = /^\$?([A-Za-z]{0,3})\$?(\d{1,7})(?::\$?([A-Za-z]{0,3})\$?(\d{1,7}))?$/.exec(
    reference.slice(reference.lastIndexOf('!') + 1),
  )
  if (!match) return undefined
  const [, left, top, right, bottom] = match
  const row = Number(top)
  const first = left ? columnOf(left) : 1
  const last = right ? columnOf(right) : left ? first : 16_384
  return { row, last: Number(bottom ?? top), columns: [first, last] }
}

/** `B7` is 2; 0 where there are no letters. */
export function columnOf(reference: string): number {
  let column = 0
  for (let at = 0; at < reference.length; at++) {
    const letter = reference.charCodeAt(at) & 0xdf
    if (letter < 65 || letter > 90) {
      if (reference[at] === '$') continue
      break
    }
    column = column * 26 + letter - 64
  }
  return column
}
