import type { Fragment } from './line.ts'

interface Gutter {
  left: number
  right: number
}

// In font sizes: narrower strips are loose word spaces that happen to meet.
const MIN_GUTTER = 0.9
// A column holds at least so many lines beside so many others; less is a table, a form, a letterhead.
const MIN_LINES = 3
// Words in a line, on average: the narrowest newspaper column has four, the cells of a table one to three.
const MIN_WORDS = 3
// Characters in a cell, on average.
const GRID_CHARACTERS = 16
// At most this share of a region's fragments may cross the gutter (headings, wide tables, a footer).
const MAX_CROSSING = 0.45
const MAX_DEPTH = 6

/**
 * Cuts a page into regions in reading order: where a vertical strip stays free and both sides read like running text,
 * the left side comes before the right; what spans both (a title, a wide table) stands between. In the manner of the
 * recursive XY-cut (Nagy and Seth, 1984), with one difference: a gutter need not be free over the whole height.
 */
export function columnsOf(fragments: Fragment[], depth = 0): Fragment[][] {
  if (depth >= MAX_DEPTH || fragments.length < 2 * MIN_LINES) return fragments.length > 0 ? [fragments] : []
  for (const gutter of guttersOf(fragments)) {
    const bands = bandsOf(fragments, gutter)
    if (!bands.some(band => band.split)) continue
    const regions: Fragment[][] = []
    for (const band of bands) {
      if (!band.split) {
        if (band.fragments.length > 0) regions.push(...columnsOf(band.fragments, depth + 1))
        continue
      }
      const [left, right] = sidesOf(band.fragments, gutter)
      regions.push(...columnsOf(left, depth + 1), ...columnsOf(right, depth + 1))
    }
    return regions
  }
  return [fragments]
}

/** Strips that few fragments cross, the clearest first. */
function guttersOf(fragments: readonly Fragment[]): Gutter[] {
  let left = Number.POSITIVE_INFINITY
  let right = Number.NEGATIVE_INFINITY
  let size = 0
  for (const fragment of fragments) {
    left = Math.min(left, fragment.x0)
    right = Math.max(right, fragment.x1)
    size += fragment.size
  }
  size /= fragments.length
  const width = Math.ceil(right - left)
  if (!(width > 8 * size) || width > 20_000) return []
  // How many fragments lie over each point of the width.
  const steps = new Int32Array(width + 2)
  for (const fragment of fragments) {
    steps[Math.max(0, Math.floor(fragment.x0 - left))]!++
    steps[Math.min(width, Math.ceil(fragment.x1 - left)) + 1]!--
  }
  let covered = 0
  for (let x = 0; x < steps.length; x++) {
    covered += steps[x]!
    steps[x] = covered
  }
  const most = MAX_CROSSING * fragments.length
  const found: (Gutter & { crossing: number })[] = []
  let x = 0
  while (x <= width) {
    // A strip is a stretch whose cover is lowest between two hills.
    if (steps[x]! > most) {
      x++
      continue
    }
    let low = steps[x]!
    let end = x
    while (end <= width && steps[end]! <= most) {
      low = Math.min(low, steps[end]!)
      end++
    }
    for (let at = x; at < end; ) {
      if (steps[at]! > low) {
        at++
        continue
      }
      let stop = at
      while (stop < end && steps[stop]! === low) stop++
      if (stop - at >= MIN_GUTTER * size && at > 2 * size && stop < width - 2 * size)
        found.push({ left: left + at, right: left + stop, crossing: low })
      at = stop
    }
    x = end
  }
  return found.sort((a, b) => a.crossing - b.crossing || b.right - b.left - (a.right - a.left)).slice(0, 6)
}

interface Band {
  split: boolean
  fragments: Fragment[]
}

/** Alternating bands, top to bottom: what crosses the gutter, and what stands on both sides of it. */
function bandsOf(fragments: readonly Fragment[], gutter: Gutter): Band[] {
  const bands: Band[] = []
  let sides: Fragment[] = []
  const crossing = fragments.filter(fragment => crosses(fragment, gutter))
  const rest = fragments.filter(fragment => !crosses(fragment, gutter))
  let next = 0
  const flush = () => {
    if (sides.length === 0) return
    pushBand(bands, { split: readsAsColumns(sides, gutter), fragments: sides })
    sides = []
  }
  for (const spanning of crossing) {
    while (next < rest.length && rest[next]!.y < spanning.y - 0.25 * spanning.size) sides.push(rest[next++]!)
    flush()
    const band = [spanning]
    // What stands on the same baseline belongs to it.
    while (next < rest.length && rest[next]!.y <= spanning.y + 0.25 * spanning.size) band.push(rest[next++]!)
    pushBand(bands, { split: false, fragments: band })
  }
  while (next < rest.length) sides.push(rest[next++]!)
  flush()
  return bands
}

function pushBand(bands: Band[], band: Band) {
  const last = bands[bands.length - 1]
  if (last && !last.split && !band.split) {
    last.fragments.push(...band.fragments)
    last.fragments.sort((a, b) => a.y - b.y || a.x0 - b.x0)
  } else bands.push(band)
}

function crosses(fragment: Fragment, gutter: Gutter): boolean {
  return fragment.x0 < gutter.right && fragment.x1 > gutter.left
}

function sidesOf(fragments: readonly Fragment[], gutter: Gutter): [Fragment[], Fragment[]] {
  const left: Fragment[] = []
  const right: Fragment[] = []
  for (const fragment of fragments) (fragment.x1 <= gutter.left + 0.5 ? left : right).push(fragment)
  return [left, right]
}

/**
 * Columns hold running text on both sides, or a list of things that ends at its own edge; the columns of a table hold
 * short cells. Told apart by how far the lines fill their side and how many words they have.
 */
function readsAsColumns(fragments: readonly Fragment[], gutter: Gutter): boolean {
  const [left, right] = sidesOf(fragments, gutter)
  const a = proseOf(left)
  const b = proseOf(right)
  if (a.lines < MIN_LINES || b.lines < MIN_LINES) return false
  if (a.words < MIN_WORDS || b.words < MIN_WORDS) return false
  if (a.fill < 0.4 || b.fill < 0.4) return false
  return !sharesRows(left, right) && !isGrid(left, right)
}

function proseOf(fragments: readonly Fragment[]): { lines: number; words: number; fill: number } {
  let left = Number.POSITIVE_INFINITY
  let right = Number.NEGATIVE_INFINITY
  const ends: number[] = []
  let words = 0
  let baseline = Number.NEGATIVE_INFINITY
  for (const fragment of fragments) {
    left = Math.min(left, fragment.x0)
    right = Math.max(right, fragment.x1)
    for (const piece of fragment.pieces) words += wordsIn(piece.text)
    // The lines of cells centred on each other stand half a line apart, and count as one.
    if (fragment.y - baseline > 0.8 * fragment.size) {
      ends.push(fragment.x1)
      baseline = fragment.y
    } else ends[ends.length - 1] = Math.max(ends[ends.length - 1]!, fragment.x1)
  }
  const edge = right - 0.25 * (right - left)
  const filled = ends.filter(end => end >= edge).length
  return { lines: ends.length, words: words / Math.max(1, ends.length), fill: filled / Math.max(1, ends.length) }
}

function wordsIn(text: string): number {
  let count = 1
  for (let index = text.indexOf(' '); index !== -1; index = text.indexOf(' ', index + 1)) count++
  return count
}

/** Wide gaps at the same heights on both sides are the rules between a table's rows; text columns break where they like. */
function sharesRows(left: readonly Fragment[], right: readonly Fragment[]): boolean {
  const a = gapsOf(left)
  const b = gapsOf(right)
  const fewer = Math.min(a.length, b.length)
  if (fewer < 3) return false
  const shared = a.filter(gap => b.some(other => gap.top < other.bottom && other.top < gap.bottom)).length
  return shared >= 0.75 * Math.max(a.length, b.length)
}

/** Short pieces on common baselines are cells. */
function isGrid(left: readonly Fragment[], right: readonly Fragment[]): boolean {
  const all = [...left, ...right]
  if (all.reduce((sum, fragment) => sum + fragment.characters, 0) >= GRID_CHARACTERS * all.length) return false
  const baselines = new Set(right.map(fragment => Math.round(fragment.y)))
  const shared = left.filter(({ y }) => [-1, 0, 1].some(step => baselines.has(Math.round(y) + step)))
  return shared.length >= 0.8 * left.length
}

function gapsOf(fragments: readonly Fragment[]): { top: number; bottom: number }[] {
  const gaps: { top: number; bottom: number }[] = []
  let last: Fragment | undefined
  for (const fragment of fragments) {
    if (last && fragment.y - last.y > 1.6 * Math.max(fragment.size, last.size))
      gaps.push({ top: last.y, bottom: fragment.y })
    last = fragment
  }
  return gaps
}
