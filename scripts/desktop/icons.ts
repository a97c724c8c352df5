/**
 * All icons from `renderer/public/icon.svg`, written into `build/`, where they are committed: `node scripts/desktop/icons.ts`, when it has
 * changed. Needs no browser.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createCanvas, loadImage } from '@napi-rs/canvas'
import { root } from './root.ts'

const folder = path.join(root, 'build')
export const linuxSizes = [16, 24, 32, 48, 64, 96, 128, 256, 512, 1024]
const windowsSizes = [16, 20, 24, 32, 40, 48, 64, 128, 256]
/** Types of an `.icns`, by pixels; the doubled ones are those of dense screens. */
const appleTypes: readonly [type: string, size: number][] = [
  ['icp4', 16],
  ['icp5', 32],
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
]

interface Drawing {
  /** Units of 32 that stay free on each side. */
  margin?: number
  /** The sign alone, in this colour. */
  sign?: string
}

/** The page's icon, as it is to be in this size. Up to 32 pixels its lines lie on whole pixels: anywhere else they are grey. */
function draw(source: string, size: number, { margin = 0, sign }: Drawing = {}): string {
  const side = 32 + 2 * margin
  let svg = source.replace(
    /viewBox="[^"]*"/,
    `viewBox="${-margin} ${-margin} ${side} ${side}" width="${size}" height="${size}"`,
  )
  if (sign !== undefined) svg = svg.replace(/<rect[^>]*\/>/, '').replace(/stroke="[^"]*"/, `stroke="${sign}"`)
  if (size > 32) return svg
  const pixel = side / size
  const snap = (value: number, round = Math.round) => round((value + margin) / pixel) * pixel - margin
  const wide = 2 * Math.max(1, Math.round(size / 32)) * pixel
  const [left, middle, top, base] = [snap(9, Math.floor), snap(16), snap(8), snap(25)]
  const [radius, right] = [middle - left, 2 * middle - left]
  const arch = `M${left} ${base}V${top + radius}a${radius} ${radius} 0 0 1 ${2 * radius} 0V${base}`
  const rest = `M${middle} ${top}V${base}M${snap(left - 2 * wide + wide / 2)} ${base}H${snap(right + 2 * wide - wide / 2)}`
  return svg
    .replace(/ d="[^"]*"/, ` d="${arch}${rest}"`)
    .replace(/stroke-width="[^"]*"/, `stroke-width="${wide}"`)
    .replace(/stroke-linecap="[^"]*"/, 'stroke-linecap="butt"')
}

async function png(svg: string, size: number): Promise<Buffer> {
  const image = await loadImage(Buffer.from(svg))
  const canvas = createCanvas(size, size)
  canvas.getContext('2d').drawImage(image, 0, 0, size, size)
  return canvas.encode('png')
}

/** Pictures of Windows: a directory, then each as PNG. 256 is written as 0. */
export function ico(pictures: readonly { size: number; png: Buffer }[]): Buffer {
  const head = Buffer.alloc(6 + 16 * pictures.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(pictures.length, 4)
  let offset = head.length
  for (const [at, picture] of pictures.entries()) {
    const entry = 6 + 16 * at
    head.writeUInt8(picture.size % 256, entry)
    head.writeUInt8(picture.size % 256, entry + 1)
    head.writeUInt16LE(1, entry + 4)
    head.writeUInt16LE(32, entry + 6)
    head.writeUInt32LE(picture.png.length, entry + 8)
    head.writeUInt32LE(offset, entry + 12)
    offset += picture.png.length
  }
  return Buffer.concat([head, ...pictures.map(picture => picture.png)])
}

/** Pictures of macOS: each with its type and the length of both. */
export function icns(pictures: readonly { type: string; png: Buffer }[]): Buffer {
  const parts = pictures.flatMap(picture => [headOf(picture.type, picture.png.length), picture.png])
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([headOf('icns', length), ...parts])
}

function headOf(type: string, length: number): Buffer {
  const head = Buffer.from(`${type}0000`)
  head.writeUInt32BE(8 + length, 4)
  return head
}

/** Every icon, by its path in `build/`. */
export async function drawIcons(): Promise<Map<string, Buffer>> {
  const source = await readFile(path.join(root, 'renderer/public/icon.svg'), 'utf8')
  const files = new Map<string, Buffer>()
  const usual = (size: number) => png(draw(source, size), size)
  // Apple's icons leave a tenth of their square free on each side; not where every pixel counts.
  const apple = (size: number) => png(draw(source, size, { margin: size <= 32 ? 0 : 3.9 }), size)
  for (const size of linuxSizes) files.set(`icons/${size}x${size}.png`, await usual(size))
  files.set('icon.png', await usual(1024))
  files.set('icon.ico', ico(await Promise.all(windowsSizes.map(async size => ({ size, png: await usual(size) })))))
  files.set(
    'icon.icns',
    icns(await Promise.all(appleTypes.map(async ([type, size]) => ({ type, png: await apple(size) })))),
  )
  // The bar of macOS colours what is black; elsewhere the sign stands in its field.
  for (const [density, size] of [
    ['', 16],
    ['@2x', 32],
    ['@3x', 48],
  ] as const) {
    files.set(`tray/trayTemplate${density}.png`, await png(draw(source, size, { sign: '#000', margin: -2 }), size))
    files.set(`tray/tray${density}.png`, await usual(size))
  }
  const small = [16, 20, 24, 32]
  files.set('tray/tray.ico', ico(await Promise.all(small.map(async size => ({ size, png: await usual(size) })))))
  return files
}

if (import.meta.main) {
  for (const [name, bytes] of await drawIcons()) {
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, bytes)
  }
}
