import type { Rectangle } from '../../model/index.ts'

/** The fields that reach into a strip. There may be thousands, so they are found without a look at all. */
export type Boxes = (top: number, bottom: number) => Rectangle[]

export function boxesOf(all: readonly Rectangle[]): Boxes {
  const sorted = all.toSorted((a, b) => a[1] - b[1])
  const tallest = sorted.reduce((most, box) => Math.max(most, box[3] - box[1]), 0)
  return (top, bottom) => {
    const found: Rectangle[] = []
    for (let index = firstFrom(sorted, top - tallest); index < sorted.length; index++) {
      const box = sorted[index]!
      if (box[1] > bottom) break
      if (box[3] >= top) found.push(box)
    }
    return found
  }
}

function firstFrom(sorted: readonly Rectangle[], top: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]![1] < top) low = middle + 1
    else high = middle
  }
  return low
}

/** How much two stretches share; below 0: how far they are apart. */
export function overlap(from: number, to: number, otherFrom: number, otherTo: number): number {
  return Math.min(to, otherTo) - Math.max(from, otherFrom)
}
