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
 * a page that makes little sense is tried in the other directions.
 */
export async function recognizePage(number: number, picture: Picture, engine: Engine): Promise<Segment> {
  const { points } = picture
  if (isBlank(picture)) return { number, ...sized(points), blocks: [], recognition: { confidence: 1 } }
  let best = await readTurned(picture, 0, engine)
  if (best.confidence < doubtful) {
    for (const quarters of [1, 3, 2]) {
      const other = await readTurned(picture, quarters, engine)
      if (sense(other) > better * sense(best)) best = other
      if (best.confidence >= doubtful && best.letters > 100) break
    }
  }
  return segmentOf(number, points, best)
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
