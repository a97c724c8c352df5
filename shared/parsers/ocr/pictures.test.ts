import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCanvas } from '@napi-rs/canvas'
import { expect, test } from 'vitest'
import { writePdf } from '../../../scripts/write-pdf.ts'
import { mostPixels } from '../image/image.ts'
import { openPictures } from './pictures.ts'

async function draw(name: string, bytes: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-pictures-'))
  try {
    const file = join(folder, name)
    await writeFile(file, bytes)
    const pictures = await openPictures({ file, name, page: 1 })
    try {
      const { width, height, grey } = await pictures.draw(1)
      expect(grey).toHaveLength(width * height)
      return { width, height }
    } finally {
      await pictures.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const page = (width: number, height: number) => writePdf({ pages: [{ width, height, texts: [] }] })

test('a page of any size is drawn in bounds', async () => {
  expect(await draw('a.pdf', page(595, 842))).toEqual({ width: 1653, height: 2339 })
  expect(await draw('a.pdf', page(1e9, 1e9))).toEqual({ width: 4000, height: 4000 })
  expect(await draw('a.pdf', page(1e9, 100))).toEqual({ width: 32_000, height: 1 })
  expect(await draw('a.pdf', page(1, 1e7))).toEqual({ width: 1, height: 32_000 })
})

test('a picture of too many pixels is refused by its header', async () => {
  const bytes = createCanvas(10, 10).toBuffer('image/png')
  // Width and height of a PNG stand behind its mark and the head of its first part (RFC 2083, 11.2.1).
  bytes.writeUInt32BE(10_000, 16)
  bytes.writeUInt32BE(mostPixels / 10_000 + 1, 20)
  await expect(draw('a.png', bytes)).rejects.toMatchObject({ code: 'damaged' })
})
