import type { Rectangle, Segment } from '../../model/index.ts'
import type { Engine } from './engine.ts'
import { type Box, type Layout, layOut, segmentOf } from './layout.ts'
import { isBlank, type Picture, turned } from './pictures.ts'

/** Below this the page may lie on its side: it is read turned, too. Upright pages of any quality are above it. */
const doubtful = 0.6
/** How much more must be read of a turned page. */
const better = 1.5

/**
 * The text of a page's picture. There are no data for telling how a page lies (Tesseract's OSD needs its older engine), so
 * lines of text tell it, and a page that makes little sense is tried in the other directions: which is slow, for what
 * makes no sense takes Tesseract longest.
 */
export async function recognizePage(number: number, picture: Picture, engine: Engine): Promise<Segment> {
  const { points } = picture
  if (isBlank(picture)) return { number, ...sized(points), blocks: [], recognition: { confidence: 1 } }
  let best: Layout | undefined
  for (const quarters of directionsOf(picture)) {
    const layout = await readTurned(picture, quarters, engine)
    if (!best || sense(layout) > better * sense(best)) best = layout
    if (best.confidence >= doubtful) break
  }
  return segmentOf(number, points, best ?? { blocks: [], margins: [], confidence: 0, letters: 0 })
}

/** How much more the ink changes across the lines than along them; less than that may be a picture or a table. */
const clearly = 2

/** Quarters to turn the page by, the likeliest first. */
function directionsOf(picture: Picture): number[] {
  const across = changeOf(picture, 'rows')
  const along = changeOf(picture, 'columns')
  if (across > clearly * along) return [0, 2]
  if (along > clearly * across) return [1, 3]
  return [0, 1, 3, 2]
}

/** Lines and the gaps between them: squares of how much the ink differs from one row, or column, to the next. */
function changeOf({ width, height, grey }: Picture, by: 'rows' | 'columns'): number {
  const sums = new Float64Array(by === 'rows' ? height : width)
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++) sums[by === 'rows' ? y : x]! += 255 - grey[at]!
  let change = 0
  for (let at = 1; at < sums.length; at++) change += (sums[at]! - sums[at - 1]!) ** 2
  return change / sums.length
}

const sense = ({ confidence, letters }: Layout) => (confidence > 0.4 ? confidence ** 2 * letters : 0)

const sized = ({ width, height }: { width: number; height: number }) => ({
  width: Math.round(width * 100) / 100,
  height: Math.round(height * 100) / 100,
})

async function readTurned(picture: Picture, quarters: number, engine: Engine): Promise<Layout> {
  const { points } = picture
  const recognized = await engine.read(turned(picture, quarters))
  const height = quarters % 2 === 0 ? points.height : 0
  return layOut(recognized, height, box => toPage(upright(box, quarters, picture), picture))
}

/** A box of the turned picture in the picture as it was. */
export function upright({ x0, y0, x1, y1 }: Box, quarters: number, { width, height }: Picture): Box {
  if (quarters === 1) return { x0: y0, y0: height - x1, x1: y1, y1: height - x0 }
  if (quarters === 2) return { x0: width - x1, y0: height - y1, x1: width - x0, y1: height - y0 }
  if (quarters === 3) return { x0: width - y1, y0: x0, x1: width - y0, y1: x1 }
  return { x0, y0, x1, y1 }
}

function toPage({ x0, y0, x1, y1 }: Box, { width, height, points }: Picture): Rectangle {
  const across = points.width / width
  const down = points.height / height
  return [round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down)]
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
