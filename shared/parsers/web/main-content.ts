import type { Piece } from './flow.ts'
import { ASIDE, CONSENT, FOOTER, HEADER, MAIN, NAVIGATION } from './zones.ts'

/** What is there for the site, not for the page. */
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
 * Which blocks are the page's own: the main content where the page says so, else all but menus, headers, footers and links
 * at its ends. Everything where that would leave too little. The answer holds for blocks behind those it was told by.
 */
export function mainContent(pieces: readonly Piece[]): (piece: Piece) => boolean {
  const isFrame = ({ block, zone }: Piece) =>
    (zone & FRAME) !== 0 && !((zone & FRAME) === HEADER && block.kind === 'heading')
  const count = (wanted: (piece: Piece) => boolean) =>
    pieces.reduce((sum, piece) => sum + (wanted(piece) ? piece.block.text.length : 0), 0)
  const own = count(piece => !isFrame(piece))
  const isMain = (piece: Piece) => (piece.zone & MAIN) !== 0 && (piece.zone & (NAVIGATION | CONSENT)) === 0
  const main = count(isMain)
  if (main >= ENOUGH && main >= SHARE * own) return isMain
  if (own < ENOUGH) return () => true
  const ends = new Set([...menuAt(pieces), ...menuAt(pieces.toReversed())])
  if (count(piece => !isFrame(piece) && !ends.has(piece)) < ENOUGH) return piece => !isFrame(piece)
  return piece => !isFrame(piece) && !ends.has(piece)
}

/** The links before the first text, if they are many. */
function menuAt(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = []
  for (const piece of pieces) {
    const { length } = piece.block.text
    if (length - piece.links > PROSE || piece.block.kind === 'heading') break
    if (piece.links > 0.8 * length) found.push(piece)
  }
  return found.length >= MENU ? found : []
}
