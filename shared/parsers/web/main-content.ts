import type { Piece } from './flow.ts'
import { ASIDE, CONSENT, FOOTER, HEADER, MAIN, NAVIGATION } from './zones.ts'

/** What is there for the site, not for the page, by its name. */
const FRAME = NAVIGATION | HEADER | FOOTER | ASIDE | CONSENT
// Less than so many characters is no text that the rest could be beside of.
const ENOUGH = 140
// What is called the main content holds at least this share of all that is not called something else.
const SHARE = 0.4
// A block of text that something may be beside of: characters that are no link.
const PROSE = 80
// A menu: so many blocks one after another that are links.
const MENU = 4
/**
 * A part of the page is a menu, whatever its name, when this share of its characters are links. On 20 pages of manuals and sites,
 * 28 of 33 navigations have more than 0.6 (the others are boxes to search in and single lines), footers with text less than
 * 0.43, and dishes on a menu, opening hours beside the text, a warning in an aside less than 0.1.
 */
const LINKS = 0.5

/**
 * Which blocks are the page's own: all but what is called a menu, header, footer and the like and consists of links, links
 * beside the main content where the page says which that is, else links at its ends, and banners that ask for consent.
 * Everything where that would leave too little. The answer holds for blocks behind those it was told by.
 */
export function mainContent(pieces: readonly Piece[]): (piece: Piece) => boolean {
  const left = new Set<Piece>()
  for (const part of partsOf(pieces, hasMain(pieces)))
    if (isMenu(part)) for (const piece of part) if (!saysMore(piece)) left.add(piece)
  for (const piece of pieces) if ((piece.zone & CONSENT) !== 0) left.add(piece)
  if (lengthOf(pieces.filter(piece => !left.has(piece))) < ENOUGH) return () => true
  if (!hasMain(pieces)) {
    const ends = [...menuAt(pieces, left), ...menuAt(pieces.toReversed(), left)]
    const rest = pieces.filter(piece => !left.has(piece) && !ends.includes(piece))
    // Where there are more links than text, they are what the page is about.
    if (lengthOf(rest) >= Math.max(ENOUGH, lengthOf(ends))) for (const piece of ends) left.add(piece)
  }
  const told = new Set(pieces)
  return piece => (told.has(piece) ? !left.has(piece) : !isFrame(piece) || !isMenu([piece]))
}

const isFrame = ({ zone }: Piece) => (zone & FRAME) !== 0
const isMain = ({ zone }: Piece) => (zone & MAIN) !== 0 && (zone & (NAVIGATION | CONSENT)) === 0

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { block }) => sum + block.text.length, 0)
}

function hasMain(pieces: readonly Piece[]): boolean {
  const main = lengthOf(pieces.filter(isMain))
  return main >= ENOUGH && main >= SHARE * lengthOf(pieces.filter(piece => !isFrame(piece)))
}

/** What has a name of its own, each by itself; with `beside` also what stands between them outside of the main content. */
function partsOf(pieces: readonly Piece[], beside: boolean): Piece[][] {
  const named = new Map<number, Piece[]>()
  const parts: Piece[][] = []
  let between: Piece[] = []
  for (const piece of pieces) {
    if (!isFrame(piece) && !isMain(piece) && beside) {
      if (between.length === 0) parts.push(between)
      between.push(piece)
      continue
    }
    between = []
    if (!isFrame(piece)) continue
    const part = named.get(piece.part)
    if (part) part.push(piece)
    else {
      const fresh = [piece]
      named.set(piece.part, fresh)
      parts.push(fresh)
    }
  }
  return parts
}

function isMenu(part: readonly Piece[]): boolean {
  const links = part.reduce((sum, piece) => sum + Math.min(piece.links, piece.block.text.length), 0)
  return links > LINKS * lengthOf(part)
}

/** Stands among links and is none: the title of the page, an address, a number to call. */
function saysMore({ block, links, zone }: Piece): boolean {
  if ((zone & FRAME) === HEADER && block.kind === 'heading') return true
  return links < LINKS * block.text.length && (block.text.length - links > PROSE || /\d/.test(block.text))
}

/** The links before the first text, if they are many. */
function menuAt(pieces: readonly Piece[], left: ReadonlySet<Piece>): Piece[] {
  const found: Piece[] = []
  for (const piece of pieces) {
    if (left.has(piece)) continue
    const { length } = piece.block.text
    if (length - piece.links > PROSE || piece.block.kind === 'heading') break
    if (piece.links > 0.8 * length) found.push(piece)
  }
  return found.length >= MENU ? found : []
}
