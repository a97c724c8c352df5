import type { Fragment } from './line.ts'

/** What body text looks like in this document, learned page by page. */
export interface Typography {
  learn(fragments: readonly Fragment[]): void
  /** The size most characters have, in points. */
  bodySize(): number
  /** The font most characters of that size have. */
  bodyFont(): string
}

// Characters after which the body text is known; a long document is not counted to its end.
const ENOUGH = 100_000

export function createTypography(): Typography {
  const sizes = new Map<number, number>()
  const fonts = new Map<string, number>()
  let learned = 0
  let size = 0
  let font = ''
  return {
    learn(fragments) {
      if (learned > ENOUGH) return
      for (const fragment of fragments)
        for (const piece of fragment.pieces) {
          learned += piece.text.length
          const rounded = Math.round(piece.size * 4) / 4
          sizes.set(rounded, (sizes.get(rounded) ?? 0) + piece.text.length)
          if (!piece.mono) fonts.set(piece.font, (fonts.get(piece.font) ?? 0) + piece.text.length)
        }
      size = most(sizes) ?? size
      font = most(fonts) ?? font
    },
    bodySize: () => size,
    bodyFont: () => font,
  }
}

function most<Key>(counts: Map<Key, number>): Key | undefined {
  let best: Key | undefined
  let count = -1
  for (const [key, value] of counts) {
    if (value > count) {
      count = value
      best = key
    }
  }
  return best
}
