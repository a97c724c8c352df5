/** The samples that have pages are what their sources say, and are set within their margins. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { widthOf } from '../write-pdf.ts'
import { hygienePlan } from './hygieneplan.ts'
import { setManual } from './set-manual.ts'
import { clubManual } from './vereinshandbuch.ts'

const stored = (name: string) => readFile(path.join(import.meta.dirname, '../../samples', name))
const source = await readFile(path.join(import.meta.dirname, 'vereinshandbuch.md'), 'utf8')
const long = `# Title\n\n## 1 One\n\n${'- a point of some length that goes on\n'.repeat(60)}\n| a | b |\n|---|---|\n| ${'word '.repeat(80)}| c |\n`

test('the files are those that `node scripts/write-samples.ts` writes', async () => {
  expect(Buffer.compare(await stored('hygieneplan.pdf'), hygienePlan())).toBe(0)
  expect(Buffer.compare(await stored('vereinshandbuch.pdf'), clubManual())).toBe(0)
})

test('the manual has at least 20 pages; the contents name the page of every heading', () => {
  const { pages, bookmarks } = setManual(source)
  expect(pages.length).toBeGreaterThanOrEqual(20)
  const said = (page: number) => (pages[page - 1]?.texts ?? []).map(({ text }) => text)
  const headings = [...source.matchAll(/^#{2,3} (.*)$/gm)].map(([, heading]) => heading ?? '')
  expect(bookmarks.map(({ title }) => title)).toEqual(headings.filter(heading => /^\d+ /.test(heading)))
  const contents = [2, 3].flatMap(page => pages[page - 1]?.texts ?? [])
  for (const heading of headings) {
    const entry = contents.find(({ text }) => text === heading)
    const number = contents.filter(({ y }) => y === entry?.y).map(({ text }) => text)
    const page = Number(number.findLast(text => /^\d+$/.test(text)))
    expect(said(page), heading).toContain(heading)
  }
})

test.each([
  ['the manual', source],
  ['what goes over pages', long],
])('nothing of it lies outside the margins or over another line: %s', (_, markdown) => {
  for (const { texts } of setManual(markdown).pages) {
    const lines = texts.map(text => ({
      ...text,
      right: text.x + widthOf(text.text, text.font ?? 'Helvetica', text.size ?? 10),
    }))
    for (const { x, y, right, text } of lines) {
      expect([x >= 70, right <= 526, y >= 40, y <= 812], text).toEqual([true, true, true, true])
      const over = lines.filter(
        other => other.text !== text && Math.abs(other.y - y) < 9 && other.x < right - 0.1 && other.right > x + 0.1,
      )
      expect(
        over.map(other => other.text),
        text,
      ).toEqual([])
    }
  }
})
