/** Where a window opens: where it was, as far as that is still to be seen on the displays that there are now. */

export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

export interface WindowPlace extends Rectangle {
  maximized?: boolean
}

/** What a page needs to be of use, and what it gets the first time. */
const least = { width: 480, height: 400 }
const usual = { width: 1240, height: 860 }
/** So much of its upper edge must be in reach: whoever sees that can drag the window. */
const grip = { width: 120, height: 40 }

/**
 * `saved`: as it was when it was last moved. `displays`: their working areas, the main one first. A window whose upper edge nobody could
 * take hold of any more comes back onto the main display; one that is larger than its display shrinks to it.
 */
export function fitWindow(saved: WindowPlace | undefined, displays: readonly Rectangle[]): WindowPlace {
  const main = displays[0] ?? { x: 0, y: 0, ...usual }
  if (!saved || ![saved.x, saved.y, saved.width, saved.height].every(Number.isFinite)) return centred(usual, main)
  const kept = saved.maximized ? { maximized: true } : {}
  // Moved for one display, it may have come onto another, for which it is too large.
  let place: Rectangle = saved
  for (const _ of [main, ...displays]) place = fitOnce(place, main, displays)
  return { ...place, ...kept }
}

function fitOnce(saved: Rectangle, main: Rectangle, displays: readonly Rectangle[]): Rectangle {
  const home = displays.find(display => isInReach(saved, display))
  if (!home) return centred(saved, main)
  const width = between(least.width, saved.width, home.width)
  const height = between(least.height, saved.height, home.height)
  // It may reach over onto the next display, and beyond the edge, as it was left: only its top must not be above.
  const isWhole = width === saved.width && height === saved.height
  const x = isWhole ? saved.x : between(home.x, saved.x, home.x + home.width - width)
  const y = isWhole ? Math.max(home.y, saved.y) : between(home.y, saved.y, home.y + home.height - height)
  return rounded({ x, y, width, height })
}

const quick = { width: 680, height: 420 }

/** The small window: in the middle, in the upper third of the display that the pointer is on. */
export function placeQuickWindow(display: Rectangle): Rectangle {
  const width = Math.min(quick.width, display.width)
  const height = Math.min(quick.height, display.height)
  const x = display.x + (display.width - width) / 2
  const y = display.y + (display.height - height) / 3
  return rounded({ x, y, width, height })
}

/** The display that a point lies on, or the first. */
export function displayAt(point: { x: number; y: number }, displays: readonly Rectangle[]): Rectangle | undefined {
  const holds = ({ x, y, width, height }: Rectangle) =>
    point.x >= x && point.x < x + width && point.y >= y && point.y < y + height
  return displays.find(holds) ?? displays[0]
}

function isInReach(window: Rectangle, display: Rectangle): boolean {
  const left = Math.max(window.x, display.x)
  const right = Math.min(window.x + window.width, display.x + display.width)
  const top = window.y
  return (
    right - left >= Math.min(grip.width, window.width) &&
    top >= display.y - grip.height / 2 &&
    top + grip.height <= display.y + display.height
  )
}

function centred(size: { width: number; height: number }, display: Rectangle): Rectangle {
  const width = between(least.width, size.width, display.width)
  const height = between(least.height, size.height, display.height)
  const x = display.x + (display.width - width) / 2
  const y = display.y + (display.height - height) / 2
  return rounded({ x, y, width, height })
}

/** The upper bound goes first: a display may be smaller than the least. */
const between = (low: number, value: number, high: number) => Math.min(high, Math.max(low, value))

function rounded({ x, y, width, height }: Rectangle): Rectangle {
  return { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) }
}
