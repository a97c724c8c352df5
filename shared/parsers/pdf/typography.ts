import type { Fragment } from './line.ts'

/** What body text looks like in this document, learned page by page. */
export interface Typography {
  /** `fonts`: the page's, as `fontsOf` says. */
  learn(fragments: readonly Fragment[], page: number, fonts: readonly string[]): void
  /** The size most characters have, in points. */
  bodySize(): number
  /** The font most characters have that are not monospaced, by its name in this process. */
  bodyFont(): string
  learned(): Learned
}

/**
 * All that was learned, in a form that another process understands: a reading that begins with it goes on exactly as this
 * one does. pdf.js names fonts in the order it meets them, so a name means nothing to another process; a font is told
 * by a page it stands on and its place among that page's fonts.
 */
export interface Learned {
  characters: number
  sizes: [size: number, characters: number][]
  fonts: [page: number, index: number, characters: number][]
}

interface Font {
  name: string
  /** The last page it was seen on: where most fonts stand, so that few pages tell them all. */
  page: number
  index: number
  characters: number
}

// Characters after which the body text is known; a long document is not counted to its end.
const ENOUGH = 100_000
// So many sizes and fonts are remembered from page to page, the most frequent: no file makes the state large.
export const MAX_SIZES = 32
export const MAX_FONTS = 16

/** `nameOf`: this process's name for a font learned elsewhere; undefined when it cannot be told, and is forgotten. */
export function createTypography(
  before?: Learned,
  nameOf: (page: number, index: number) => string | undefined = () => undefined,
): Typography {
  let sizes = new Map<number, number>(before?.sizes)
  let fonts = new Map<string, Font>()
  for (const [page, index, characters] of before?.fonts ?? []) {
    const name = nameOf(page, index)
    if (name !== undefined) fonts.set(name, { name, page, index, characters })
  }
  let characters = before?.characters ?? 0
  let size = 0
  let font = ''
  decide()

  function decide() {
    size = most(sizes, 1)[0]?.[0] ?? size
    font = most(fonts, 1)[0]?.[0] ?? font
  }

  return {
    learn(fragments, page, names) {
      if (characters > ENOUGH) return
      for (const fragment of fragments)
        for (const piece of fragment.pieces) {
          // How a form was filled in says nothing about its text.
          if (piece.filled) continue
          characters += piece.text.length
          const rounded = Math.round(piece.size * 4) / 4
          sizes.set(rounded, (sizes.get(rounded) ?? 0) + piece.text.length)
          if (piece.mono) continue
          const known = fonts.get(piece.font) ?? { name: piece.font, page, index: 0, characters: 0 }
          known.page = page
          known.characters += piece.text.length
          fonts.set(piece.font, known)
        }
      for (const [index, name] of names.entries()) {
        const known = fonts.get(name)
        if (known?.page === page) known.index = index
      }
      sizes = new Map(most(sizes, characters > ENOUGH ? 1 : MAX_SIZES))
      fonts = new Map(most(fonts, characters > ENOUGH ? 1 : MAX_FONTS))
      decide()
    },
    bodySize: () => size,
    bodyFont: () => font,
    learned: () => ({
      characters,
      sizes: [...sizes],
      fonts: [...fonts.values()].map(({ page, index, characters }) => [page, index, characters]),
    }),
  }
}

/** The `count` most frequent, each group in the order it was met; of equals the one met first. */
function most<Key, Value extends number | Font>(counts: Map<Key, Value>, count: number): [Key, Value][] {
  const of = (value: number | Font) => (typeof value === 'number' ? value : value.characters)
  const entries = [...counts]
  if (entries.length <= count) return entries
  const kept = new Set(entries.toSorted((a, b) => of(b[1]) - of(a[1])).slice(0, count))
  return entries.filter(entry => kept.has(entry))
}
