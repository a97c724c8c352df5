import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Canvas, createCanvas } from '@napi-rs/canvas'
import tiffs from 'utif2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { paragraph, writePdf } from '../../../scripts/write-pdf.ts'
import type { Segment } from '../../model/index.ts'
import type { Parsers } from '../../ports.ts'
import { createForkedProcesses } from '../../processes/fork.ts'
import { createParsers } from '../parsers.ts'
import { loadPdf } from '../pdf/load.ts'
import { layOut, type RecognizedLine } from './layout.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const text =
  'Die Mieterin übergibt die Wohnung geräumt und gereinigt. Die Kaution von 1.350,00 Euro wird binnen sechs Monaten ' +
  'zurückgezahlt, sofern keine größeren Schäden vorliegen. Schönheitsreparaturen führt die Vermieterin aus.'

let folder: string
let parsers: Parsers
let page: Canvas
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-ocr-'))
  const entry = (name: string) => fileURLToPath(new URL(name, import.meta.url))
  // Whatever wants to reach out fails: there is no way out of an address that nobody has.
  const env = { http_proxy: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' }
  const entries = { parser: entry('../process.ts'), recognizer: entry('./process.ts') }
  const processes = createForkedProcesses({ entries, log: silent, env })
  parsers = createParsers({
    spawn: () => processes.spawn('parser'),
    spawnRecognizer: () => processes.spawn('recognizer'),
    log: silent,
    processes: 1,
  })
  const written = path.join(folder, 'page.pdf')
  const texts = paragraph(text, { x: 70, y: 120, width: 440, size: 12 })
  await writeFile(written, writePdf({ pages: [{ texts }] }))
  const pdf = await (await loadPdf(written)).promise
  const shown = await pdf.getPage(1)
  const viewport = shown.getViewport({ scale: 200 / 72 })
  page = createCanvas(Math.round(viewport.width), Math.round(viewport.height))
  type Target = NonNullable<Parameters<typeof shown.render>[0]['canvas']>
  await shown.render({ canvas: page as unknown as Target, viewport, background: '#ffffff' }).promise
}, 60_000)
afterAll(async () => {
  await parsers.close()
  await rm(folder, { recursive: true, force: true })
})

async function recognize(name: string, content: Uint8Array, number = 1): Promise<Segment> {
  const file = path.join(folder, name)
  await writeFile(file, content)
  return parsers.recognize({ file, name, page: number })
}

const wordsOf = (segment: Segment) =>
  segment.blocks
    .map(block => block.text)
    .join(' ')
    .match(/[\p{L}\p{N}.,]+/gu) ?? []

function recall(segment: Segment): number {
  const found = new Set(wordsOf(segment))
  const wanted = text.match(/[\p{L}\p{N}.,]+/gu) ?? []
  return wanted.filter(word => found.has(word)).length / wanted.length
}

test('a page as PNG, and on its side as JPEG: words, umlauts and places', { timeout: 300_000 }, async () => {
  const upright = await recognize('page.png', page.toBuffer('image/png'))
  expect(recall(upright)).toBeGreaterThanOrEqual(0.95)
  expect(wordsOf(upright)).toEqual(expect.arrayContaining(['übergibt', 'geräumt', 'Schönheitsreparaturen', '1.350,00']))
  expect(upright.recognition?.confidence).toBeGreaterThan(0.8)
  const [block] = upright.blocks
  const run = block!.runs!.find(({ at, end }) => block!.text.slice(at, end) === 'Mieterin')!
  // Set at x 70, baseline 120, in 12 points, on a page that says nothing of its resolution: 150 dpi instead of 200.
  const [left, top, right, bottom] = run.rect.map(value => (value * 150) / 200)
  expect(left).toBeGreaterThan(70)
  expect(right).toBeLessThan(150)
  expect(top).toBeGreaterThan(108)
  expect(bottom).toBeLessThan(123)

  const turned = createCanvas(page.height, page.width)
  const context = turned.getContext('2d')
  context.translate(page.height, 0)
  context.rotate(Math.PI / 2)
  context.drawImage(page, 0, 0)
  const side = await recognize('side.jpg', turned.toBuffer('image/jpeg', 90))
  expect(recall(side)).toBeGreaterThanOrEqual(0.95)
  expect(side).toMatchObject({ width: (page.height * 72) / 150 })
})

test('pages of a TIFF file; a blank one has no problem, what is cut off is damaged', { timeout: 300_000 }, async () => {
  const pixels = page.data()
  const tiff = new Uint8Array(tiffs.encodeImage(new Uint8Array(pixels), page.width, page.height))
  const read: Segment[] = []
  const file = path.join(folder, 'fax.tif')
  await writeFile(file, tiff)
  for await (const event of parsers.parse({ file, name: 'fax.tif', after: 0 }))
    if (event.type === 'segment') read.push(event.segment)
  expect(read).toMatchObject([{ number: 1, blocks: [], problem: 'without-text' }])
  expect(recall(await recognize('fax.tif', tiff))).toBeGreaterThanOrEqual(0.95)
  const blank = await recognize('blank.pdf', writePdf({ pages: [{ texts: [] }] }))
  expect(blank).toMatchObject({ blocks: [] })
  expect(blank.problem).toBeUndefined()
  const png = page.toBuffer('image/png')
  await expect(recognize('cut.png', png.subarray(0, 60))).rejects.toMatchObject({ code: 'damaged' })
})

test('lines become paragraphs, words at their ends are joined, specks are left out', () => {
  const line = (y: number, ...words: [string, number?][]): RecognizedLine => ({
    bbox: { x0: 0, y0: y, x1: 100, y1: y + 10 },
    words: words.map(([word, confidence = 90], at) => ({
      text: word,
      confidence,
      bbox: { x0: 10 * at, y0: y, x1: 10 * at + 9, y1: y + 10 },
    })),
  })
  const lines = [line(300, ['Haus-'], ['und'], ['Garten-']), line(312, ['arbeit', 60], ['|', 40], ['Ende.', 60])]
  const layout = layOut({ blocks: [{ paragraphs: [{ lines }] }] }, 800, ({ x0, y0, x1, y1 }) => [x0, y0, x1, y1])
  expect(layout.blocks.map(block => block.text)).toEqual(['Haus- und Gartenarbeit Ende.'])
  const runs = layout.blocks[0]!.runs!.map(({ at, end }) => layout.blocks[0]!.text.slice(at, end))
  expect(runs).toEqual(['Haus-', 'und', 'Garten', 'arbeit', 'Ende.'])
  expect(layout.confidence).toBeCloseTo((90 * 15 + 60 * 11) / 26 / 100)
})
