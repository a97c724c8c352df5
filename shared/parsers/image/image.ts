import { readFile } from 'node:fs/promises'
import { AppError } from '../../errors.ts'
import type { Segment } from '../../model/index.ts'
import type { Ending, Opening, Reading, Source } from '../formats.ts'
import { type ImageHeader, readImageHeader } from './header.ts'
import { readTiffPages, type TiffPage } from './tiff.ts'

/** Where a file does not say: between a fax and a usual scan. */
const assumedDpi = 150
/** Of a picture that is unpacked, 4 bytes each: a sheet of A3 at 600 dpi has 70 million. */
export const mostPixels = 80_000_000

/** Pages of a picture: nothing but their size. What stands on them is for text recognition. */
export async function openImage(file: string, { limits, note }: Opening): Promise<Source<Reading>> {
  const headers = headersOf(await readFile(file))
  if (headers.length === 0) throw new AppError('damaged')
  if (headers.length > limits.pages)
    throw new AppError('too-many-pages', { pages: headers.length, limit: limits.pages })
  return {
    segments: headers.length,
    async *read(after): AsyncGenerator<Reading, Ending> {
      for (const [index, header] of headers.entries()) {
        const number = index + 1
        if (number <= after) continue
        const large = header.width * header.height > mostPixels
        if (large) note(`page ${number}: ${header.width} × ${header.height} pixels are too many`)
        const problem: Segment['problem'] = large ? 'unreadable' : 'without-text'
        yield { segment: { number, ...sizeOf(header), blocks: [], problem } }
      }
      return { cut: false }
    },
    async close() {},
  }
}

/** One for each page. */
export function headersOf(bytes: Uint8Array): (ImageHeader | TiffPage)[] {
  const mark = bytes[0] === 0x49 || bytes[0] === 0x4d ? readTiffPages(bytes) : undefined
  if (mark) return mark
  const header = readImageHeader(bytes)
  return header ? [header] : []
}

export const dpiOf = (header: ImageHeader) => header.dpi ?? assumedDpi

/** Whether it lies on its side. */
export const isTurned = ({ orientation }: ImageHeader) => orientation >= 5

/** Points, as shown. */
export function sizeOf(header: ImageHeader): { width: number; height: number } {
  const scale = 72 / dpiOf(header)
  const [width, height] = isTurned(header) ? [header.height, header.width] : [header.width, header.height]
  return { width: Math.round(width * scale * 100) / 100, height: Math.round(height * scale * 100) / 100 }
}
