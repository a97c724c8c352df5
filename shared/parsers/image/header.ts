/** Size, resolution and orientation of PNG, JPEG and WebP files, from their headers alone. */

export interface ImageHeader {
  /** Pixels, as stored. */
  width: number
  height: number
  /** Dots per inch; null where the file does not say. */
  dpi: number | null
  /** As EXIF and TIFF count it: 1 upright, 3 upside down, 6 and 8 on their sides, the others mirrored. */
  orientation: number
}

/** Undefined for what is none of the three, or ends too early. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const header = readPng(view) ?? readJpeg(view) ?? readWebp(view)
    return header && header.width > 0 && header.height > 0 ? header : undefined
  } catch (error) {
    // The data ends inside its header.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const inchesPerMeter = 0.0254

function readPng(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x89504e47 || text(view, 12) !== 'IHDR') return undefined
  const header: ImageHeader = { width: view.getUint32(16), height: view.getUint32(20), dpi: null, orientation: 1 }
  // Chunks until the data begins.
  for (let at = 33; at + 12 <= view.byteLength; ) {
    const length = view.getUint32(at)
    const type = text(view, at + 4)
    if (type === 'IDAT' || type === 'IEND') break
    if (type === 'pHYs' && at + 17 <= view.byteLength && view.getUint8(at + 16) === 1)
      header.dpi = plausible(view.getUint32(at + 8) * inchesPerMeter)
    at += 12 + length
  }
  return header
}

function readJpeg(view: DataView): ImageHeader | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined
  let dpi: number | null = null
  let orientation = 1
  for (let at = 2; at + 4 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) {
      at += 1
      continue
    }
    const marker = view.getUint8(at + 1)
    // Fill bytes, and markers that stand alone.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2
      continue
    }
    // Start of scan, end of image: there is no size any more.
    if (marker === 0xda || marker === 0xd9) return undefined
    const length = view.getUint16(at + 2)
    if (marker === 0xe0 && text(view, at + 4) === 'JFIF') {
      const unit = view.getUint8(at + 11)
      const density = view.getUint16(at + 12)
      if (unit === 1) dpi ??= plausible(density)
      if (unit === 2) dpi ??= plausible(density * 2.54)
    }
    if (marker === 0xe1 && text(view, at + 4) === 'Exif') {
      const exif = readExif(new DataView(view.buffer, view.byteOffset + at + 10, Math.max(0, length - 8)))
      orientation = exif.orientation
      dpi = exif.dpi ?? dpi
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), dpi, orientation }
    at += 2 + Math.max(2, length)
  }
  return undefined
}

/** What is wrong in it is no reason not to show the picture. */
function readExif(view: DataView): { orientation: number; dpi: number | null } {
  let orientation = 1
  let resolution: number | null = null
  let unit = 2
  try {
    const little = view.getUint16(0) === 0x4949
    const directory = view.getUint32(4, little)
    const count = view.getUint16(directory, little)
    for (let index = 0; index < count; index++) {
      const at = directory + 2 + 12 * index
      const tag = view.getUint16(at, little)
      if (tag === 0x0112) orientation = view.getUint16(at + 8, little)
      if (tag === 0x0128) unit = view.getUint16(at + 8, little)
      if (tag === 0x011a) {
        const place = view.getUint32(at + 8, little)
        resolution = view.getUint32(place, little) / view.getUint32(place + 4, little)
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return {
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
    dpi: resolution === null ? null : plausible(unit === 3 ? resolution * 2.54 : resolution),
  }
}

function readWebp(view: DataView): ImageHeader | undefined {
  if (text(view, 0) !== 'RIFF' || text(view, 8) !== 'WEBP') return undefined
  const header = { dpi: null, orientation: 1 }
  switch (text(view, 12)) {
    case 'VP8X':
      return { width: 1 + wide(view, 24), height: 1 + wide(view, 27), ...header }
    case 'VP8L': {
      const bits = view.getUint32(21, true)
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), ...header }
    }
    case 'VP8 ':
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, ...header }
    default:
      return undefined
  }
}

function wide(view: DataView, at: number): number {
  return view.getUint16(at, true) + 65_536 * view.getUint8(at + 2)
}

function text(view: DataView, at: number): string {
  return at + 4 > view.byteLength ? '' : String.fromCharCode(...[0, 1, 2, 3].map(index => view.getUint8(at + index)))
}

/** What cameras and drawing programs write when they do not know (72, 96) says nothing. */
export function plausible(dpi: number): number | null {
  return Number.isFinite(dpi) && dpi > 97 && dpi <= 4800 ? dpi : null
}
