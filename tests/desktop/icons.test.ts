/** The icons that are committed are those that the page's own becomes. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { loadImage } from '@napi-rs/canvas'
import { describe, expect, test } from 'vitest'
import { drawIcons, linuxSizes } from '../../scripts/desktop/icons.ts'
import { root } from '../../scripts/desktop/root.ts'
import { pixelsOf } from './pixels.ts'

const file = (name: string) => readFile(path.join(root, 'build', name))

describe('icons', () => {
  test('are up to date with their source', async () => {
    for (const [name, bytes] of await drawIcons()) {
      const committed = await file(name)
      // Another version of the library that draws may pack the same picture in other bytes.
      if (name.endsWith('.png')) expect(await pixelsOf(committed), name).toEqual(await pixelsOf(bytes))
      else expect(committed.length, name).toBeGreaterThan(1000)
    }
  })

  test('have the size that their name says', async () => {
    for (const size of linuxSizes) {
      const { width, height } = await loadImage(await file(`icons/${size}x${size}.png`))
      expect([width, height]).toEqual([size, size])
    }
  })

  test('of Windows and macOS hold each size once, whole', async () => {
    const ico = await file('icon.ico')
    const count = ico.readUInt16LE(4)
    expect([ico.readUInt16LE(0), ico.readUInt16LE(2), count]).toEqual([0, 1, 9])
    const sizes = []
    for (let at = 0; at < count; at++) {
      const entry = 6 + 16 * at
      const png = ico.subarray(ico.readUInt32LE(entry + 12), ico.readUInt32LE(entry + 12) + ico.readUInt32LE(entry + 8))
      const { width } = await loadImage(png)
      expect(width % 256).toBe(ico.readUInt8(entry))
      sizes.push(width)
    }
    expect(sizes).toEqual([16, 20, 24, 32, 40, 48, 64, 128, 256])
    const icns = await file('icon.icns')
    expect([icns.toString('latin1', 0, 4), icns.readUInt32BE(4)]).toEqual(['icns', icns.length])
    const types: [string, number][] = []
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
      const { width } = await loadImage(icns.subarray(at + 8, at + icns.readUInt32BE(at + 4)))
      types.push([icns.toString('latin1', at, at + 4), width])
    }
    expect(types).toContainEqual(['ic10', 1024])
    expect(types).toContainEqual(['icp4', 16])
    expect(types).toHaveLength(10)
  })

  test('of the bar of macOS are a black sign on nothing', async () => {
    for (const name of ['tray/trayTemplate.png', 'tray/trayTemplate@2x.png']) {
      const pixels = await pixelsOf(await file(name))
      let shown = 0
      for (let at = 0; at < pixels.length; at += 4) {
        if (pixels[at + 3] === 0) continue
        shown += 1
        expect([pixels[at], pixels[at + 1], pixels[at + 2]]).toEqual([0, 0, 0])
      }
      expect(shown).toBeGreaterThan(pixels.length / 4 / 10)
      expect(shown).toBeLessThan(pixels.length / 4 / 1.5)
    }
  })
})
