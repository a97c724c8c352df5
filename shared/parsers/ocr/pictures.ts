/** Pages as pixels. */
import { readFile } from 'node:fs/promises'
import { createCanvas, ImageData, loadImage } from '@napi-rs/canvas'
import { AppError } from '../../errors.ts'
import type { RecognizeRequest } from '../../ports.ts'
import { dpiOf, headersOf, isTurned, mostPixels, sizeOf } from '../image/image.ts'
import { decodeTiff } from '../image/tiff.ts'
import { loadPdf, opened } from '../pdf/load.ts'

export interface Picture {
  /** Pixels, and one byte of grey for each. */
  width: number
  height: number
  grey: Uint8Array
  /** The page as shown, in points. */
  points: { width: number; height: number }
}

/** An opened file. */
export interface Pictures {
  draw(page: number): Promise<Picture>
  close(): Promise<void>
}

/** What a page of a PDF is drawn at; and what pictures with less are enlarged to, for letters need some 20 pixels. */
const dpi = 200
const fewDpi = 150
/** Of what is looked at: twice a sheet of A3 at 200 dpi. Larger pages are drawn smaller. */
const drawnPixels = 16_000_000
/** The longest side: Tesseract takes no more than 32,767. A page may be as thin as a thread. */
const longestSide = 32_000

type Context = ReturnType<ReturnType<typeof createCanvas>['getContext']>

export async function openPictures({ file, name, password }: RecognizeRequest): Promise<Pictures> {
  return /\.pdf$/i.test(name) ? openPdf(file, password) : openImages(file)
}

async function openPdf(file: string, password?: string): Promise<Pictures> {
  const task = await loadPdf(file, password)
  const document = await task.promise.catch(cause => {
    throw opened(cause)
  })
  return {
    async draw(number) {
      const page = await document.getPage(number)
      try {
        // As where its text is read: the user unit is left out.
        const unit = 1 / (page.userUnit || 1)
        const points = page.getViewport({ scale: unit })
        const scale = fitting(points, dpi / 72)
        const viewport = page.getViewport({ scale: scale * unit })
        const width = Math.max(1, Math.round(viewport.width))
        const height = Math.max(1, Math.round(viewport.height))
        const canvas = createCanvas(width, height)
        type Target = NonNullable<Parameters<typeof page.render>[0]['canvas']>
        await page.render({ canvas: canvas as unknown as Target, viewport, background: '#ffffff' }).promise
        return { width, height, grey: greyOf(canvas.data()), points: { width: points.width, height: points.height } }
      } finally {
        page.cleanup()
      }
    },
    close: () => task.destroy(),
  }
}

async function openImages(file: string): Promise<Pictures> {
  const bytes = new Uint8Array(await readFile(file))
  const headers = headersOf(bytes)
  return {
    async draw(page) {
      const header = headers[page - 1]
      if (!header || header.width * header.height > mostPixels) throw new AppError('damaged')
      const points = sizeOf(header)
      const enlarged = dpiOf(header) < fewDpi || header.dpi === null ? dpi / dpiOf(header) : 1
      const shown = isTurned(header) ? { width: header.height, height: header.width } : header
      const scale = fitting(shown, enlarged)
      const width = Math.max(1, Math.round(shown.width * scale))
      const height = Math.max(1, Math.round(shown.height * scale))
      const canvas = createCanvas(width, height)
      const context = canvas.getContext('2d')
      context.fillStyle = '#ffffff'
      context.fillRect(0, 0, width, height)
      context.imageSmoothingQuality = 'high'
      if ('directory' in header) {
        const stored = createCanvas(header.width, header.height)
        const pixels = await decodeTiff(bytes, header)
        stored.getContext('2d').putImageData(new ImageData(pixels, header.width, header.height), 0, 0)
        turn(context, header.orientation, width, height)
        const size = isTurned(header) ? ([height, width] as const) : ([width, height] as const)
        context.drawImage(stored, 0, 0, ...size)
      } else {
        // The decoder sets what EXIF says about the orientation right by itself.
        context.drawImage(await loadImage(bytes), 0, 0, width, height)
      }
      return { width, height, grey: greyOf(canvas.data()), points }
    },
    async close() {},
  }
}

/** The wanted scale, or what is left of it. */
function fitting({ width, height }: { width: number; height: number }, wanted: number): number {
  return Math.min(wanted, Math.sqrt(drawnPixels / (width * height)), longestSide / Math.max(width, height))
}

/** So that what is drawn as it is stored stands as it is to be seen (EXIF's eight orientations). */
function turn(context: Context, orientation: number, width: number, height: number): void {
  const matrices: Record<number, [number, number, number, number, number, number]> = {
    2: [-1, 0, 0, 1, width, 0],
    3: [-1, 0, 0, -1, width, height],
    4: [1, 0, 0, -1, 0, height],
    5: [0, 1, 1, 0, 0, 0],
    6: [0, 1, -1, 0, width, 0],
    7: [0, -1, -1, 0, width, height],
    8: [0, -1, 1, 0, 0, height],
  }
  const matrix = matrices[orientation]
  if (matrix) context.setTransform(...matrix)
}

/** Luma as television has it (ITU-R BT.601), in 256ths. */
function greyOf(rgba: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgba.length / 4)
  for (let at = 0, from = 0; at < grey.length; at++, from += 4)
    grey[at] = (77 * rgba[from]! + 150 * rgba[from + 1]! + 29 * rgba[from + 2]!) >> 8
  return grey
}

/** What differs from the ground by less than this many steps of grey is paper; fewer pixels than a word has are dust. */
const paper = 48
const dust = 100

export function isBlank({ grey }: Picture): boolean {
  const counts = new Uint32Array(256)
  for (const value of grey) counts[value]! += 1
  const ground = counts.indexOf(Math.max(...counts))
  let marks = 0
  for (const [value, count] of counts.entries()) if (Math.abs(value - ground) > paper) marks += count
  return marks < dust
}

/** Turned clockwise by quarters. */
export function turned(picture: Picture, quarters: number): Picture {
  const { width, height, grey } = picture
  if (quarters === 0) return picture
  const result = new Uint8Array(grey.length)
  if (quarters === 2) {
    for (let at = 0; at < grey.length; at++) result[grey.length - 1 - at] = grey[at]!
    return { ...picture, grey: result }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = quarters === 1 ? x * height + (height - 1 - y) : (width - 1 - x) * height + y
      result[to] = grey[y * width + x]!
    }
  }
  return { ...picture, width: height, height: width, grey: result }
}
