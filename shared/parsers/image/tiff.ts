import { AppError } from '../../errors.ts'
import { type ImageHeader, plausible } from './header.ts'

/** A page of a TIFF file, from its directory alone. */
export interface TiffPage extends ImageHeader {
  /** Which of the file's directories it is, from 0. */
  directory: number
}

/**
 * The pages of a TIFF file, without smaller pictures of them. A chain of directories that leads in circles, or out of the
 * file, ends where it does; `bytes` are changed so that it ends there for others too.
 */
export function readTiffPages(bytes: Uint8Array): TiffPage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pages: TiffPage[] = []
  if (view.byteLength < 8) return pages
  const little = view.getUint16(0) === 0x4949
  const seen = new Set<number>()
  for (let link = 4, directory = 0; ; directory++) {
    const at = view.getUint32(link, little)
    const count = at + 2 <= view.byteLength ? view.getUint16(at, little) : 0
    const next = at + 2 + 12 * count
    if (at === 0 || count === 0 || seen.has(at) || next + 4 > view.byteLength) {
      view.setUint32(link, 0, little)
      return pages
    }
    seen.add(at)
    const page = readDirectory(view, at, count, little)
    if (page) pages.push({ ...page, directory })
    link = next
  }
}

function readDirectory(view: DataView, at: number, count: number, little: boolean): ImageHeader | undefined {
  const values = new Map<number, number>()
  for (let index = 0; index < count; index++) {
    const entry = at + 2 + 12 * index
    const tag = view.getUint16(entry, little)
    const type = view.getUint16(entry + 2, little)
    if (type === 3) values.set(tag, view.getUint16(entry + 8, little))
    else if (type === 4) values.set(tag, view.getUint32(entry + 8, little))
    else if (type === 5) {
      const place = view.getUint32(entry + 8, little)
      if (place + 8 <= view.byteLength)
        values.set(tag, view.getUint32(place, little) / view.getUint32(place + 4, little))
    }
  }
  const width = values.get(256) ?? 0
  const height = values.get(257) ?? 0
  // The lowest bit of `NewSubfileType`: a smaller version of another one.
  if (width === 0 || height === 0 || ((values.get(254) ?? 0) & 1) === 1) return undefined
  const resolution = values.get(282)
  const unit = values.get(296) ?? 2
  const dpi = resolution === undefined || unit === 1 ? null : plausible(unit === 3 ? resolution * 2.54 : resolution)
  const orientation = values.get(274) ?? 1
  return { width, height, dpi, orientation: orientation >= 1 && orientation <= 8 ? orientation : 1 }
}

/** Pixels of a page, red, green, blue and opacity, as stored. */
export async function decodeTiff(
  bytes: Uint8Array,
  { directory, width, height }: TiffPage,
): Promise<Uint8ClampedArray> {
  const { default: tiff } = await import('utif2')
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const found = tiff.decode(buffer)[directory]
  if (!found) throw new AppError('damaged')
  tiff.decodeImage(buffer, found)
  const pixels = tiff.toRGBA8(found)
  if (found.width !== width || found.height !== height || pixels.length < 4 * width * height)
    throw new AppError('damaged')
  return new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, 4 * width * height)
}
