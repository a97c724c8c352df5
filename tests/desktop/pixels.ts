import { createCanvas, loadImage } from '@napi-rs/canvas'

/** Red, green, blue and opacity of each, from the top left. */
export async function pixelsOf(png: Buffer): Promise<Uint8ClampedArray> {
  const image = await loadImage(png)
  const context = createCanvas(image.width, image.height).getContext('2d')
  context.drawImage(image, 0, 0)
  return context.getImageData(0, 0, image.width, image.height).data
}
