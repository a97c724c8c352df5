import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../errors.ts'
import type { Block, Segment } from '../../model/index.ts'
import type { Log } from '../../ports.ts'
import { createForkedProcesses } from '../../processes/fork.ts'
import type { Reading } from '../formats.ts'
import { createParsers } from '../parsers.ts'
import { openPdf } from './pdf.ts'

const folder = process.env.EVAL_DIR
const witness = (() => {
  try {
    execFileSync('pdftotext', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

async function readAll(file: string): Promise<Segment[]> {
  return (await readOn(file, 0, undefined, 1_000)).map(({ segment }) => segment)
}

async function readOn(file: string, after: number, state: string | undefined, count: number): Promise<Reading[]> {
  const source = await openPdf(file, { pages: 5_000 }, () => {})
  const readings: Reading[] = []
  for await (const reading of source.read(after, state)) if (readings.push(reading) === count) break
  await source.close()
  return readings
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

describe.skipIf(!folder)('real manuals (files in EVAL_DIR)', () => {
  const real = (name: string) => join(folder!, 'real', name)
  let undisturbed: Reading[]
  let german: Segment[]
  let english: Segment[]
  beforeAll(async () => {
    undisturbed = await readOn(real('debian-installation.de.pdf'), 0, undefined, 1_000)
    german = undisturbed.map(({ segment }) => segment)
    english = await readAll(real('debian-installation.en.pdf'))
  })
  const rows = (segments: Segment[], page: number) =>
    segments[page - 1]!.blocks.filter(block => block.kind === 'table-row')
  const row = (segments: Segment[], page: number, text: string): Block | undefined =>
    rows(segments, page).find(block => block.text === text)

  test('rows of their tables, with cells and header', () => {
    expect(row(german, 26, 'Mit Desktop 1 Gigabyte 2 Gigabyte 10 Gigabyte')).toMatchObject({
      cells: [0, 12, 23, 34],
      header: 'Art der Installation Arbeitsspeicher (minimal) Arbeitsspeicher (empfohlen) Festplatte',
    })
    expect(row(german, 112, '• GNOME (Standardeinstellung) 3216 859 4075')).toBeDefined()
    expect(row(german, 112, 'logibm Bus-Maus, die an eine Logitech-Adapterkarte angeschlossen ist')).toBeDefined()
    expect(row(english, 99, '• KDE Plasma 4584 1316 5900')).toBeDefined()
    expect(row(german, 58, 'Separate /home-, /var- und /tmp-Partitionen 1GB /, /home, /var, /tmp, Swap')).toMatchObject(
      {
        header: 'Partitionierungsschema Mindestens erforderlicher Festplattenplatz Erstellte Partitionen',
      },
    )
    expect(row(german, 86, 'hd-media (inklusive USB-Stick) ja ja ja¹')).toMatchObject({
      header: 'Installationsart initrd file network',
    })
    expect(row(english, 76, 'hd-media (including usb-stick) yes yes yes¹')).toBeDefined()
  })

  test('running headers and page numbers are set apart on every page of text', () => {
    expect(german[25]!.margins!.map(block => block.text)).toEqual([
      'KAPITEL 3. BEVOR SIE DEBIAN GNU/LINUX … 3.4. MINIMALE HARDWARE-ANFORDERUNGEN',
      '16',
    ])
    const numbered = german
      .slice(10)
      .filter(page => page.margins?.some(block => block.text === String(page.number - 10)))
    expect(numbered.length).toBeGreaterThanOrEqual(german.length - 11)
  })

  test('the three columns of the reference card are read one after the other', async () => {
    const [first] = await readAll(real('debian-refcard.de.pdf'))
    const headings = first!.blocks.filter(block => block.kind === 'heading').map(block => block.text)
    expect(headings).toEqual(['APT', 'Dpkg', 'Das Netzwerk', 'Debian Referenzkarte', 'Hilfe bekommen', 'Installation'])
    expect(first!.blocks.map(block => block.text)).toContain(
      'apt-file update Aktualisieren der Inhaltsdatenbank der Paketdepots, siehe apt update.',
    )
  })

  test('reading on after a page gives what an undisturbed reading gives', { timeout: 120_000 }, async () => {
    const file = real('debian-installation.de.pdf')
    const whole = undisturbed
    expect(whole).toHaveLength(129)
    // The next page and what is known after it; what follows depends on nothing else. Some are read to the end, to see that.
    // After each of the first pages, from which most is learned; each opens the file anew, as a new process does.
    for (let after = 1; after < whole.length; after += after < 16 ? 1 : 4) {
      const count = after % 80 === 1 || after % 80 === 16 ? whole.length : 1
      const on = await readOn(file, after, whole[after - 1]!.state, count)
      expect(on, `after page ${after}`).toEqual(whole.slice(after, after + count))
    }
  })

  test.skipIf(!witness)('words and their places agree with pdftotext', () => {
    for (const [name, pages] of [
      ['de', german],
      ['en', english],
    ] as const) {
      const words = witnessWords(real(`debian-installation.${name}.pdf`))
      let seen = 0
      let same = 0
      let inside = 0
      for (const page of pages) {
        const blocks = [...(page.margins ?? []), ...page.blocks]
        const text = blocks
          .map(block => block.text)
          .join(' ')
          .replace(/[\s-]+/g, '')
        const rects = blocks.flatMap(block => block.runs?.map(run => run.rect) ?? [])
        for (const word of words[page.number - 1]!) {
          // The dots that lead to a page number.
          if (word.text === '.') continue
          seen++
          if (text.includes(word.text.replaceAll('-', ''))) same++
          const x = (word.left + word.right) / 2
          const y = (word.top + word.bottom) / 2
          if (rects.some(([left, top, right, bottom]) => x >= left && x <= right && y >= top && y <= bottom)) inside++
        }
      }
      expect(seen).toBeGreaterThan(30_000)
      expect(same / seen).toBeGreaterThan(0.999)
      expect(inside / seen).toBeGreaterThan(0.999)
    }
  })
})

interface Word {
  text: string
  left: number
  top: number
  right: number
  bottom: number
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

function witnessWords(file: string): Word[][] {
  const html = execFileSync('pdftotext', ['-bbox', file, '-'], { maxBuffer: 2 ** 28 }).toString()
  return html
    .split('<page ')
    .slice(1)
    .map(page =>
      [...page.matchAll(/<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)<\/word>/g)].map(match => ({
        text: match[5]!.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name]!),
        left: Number(match[1]),
        top: Number(match[2]),
        right: Number(match[3]),
        bottom: Number(match[4]),
      })),
    )
}

describe.skipIf(!folder)('odd PDFs (files in EVAL_DIR)', () => {
  test('each ends with its segments or with a reason, and none harms the next', { timeout: 300_000 }, async () => {
    const odd = join(folder!, 'pdf-odd')
    const entry = fileURLToPath(new URL('../process.ts', import.meta.url))
    const processes = createForkedProcesses({ entries: { parser: entry }, log: silent })
    const parsers = createParsers({ spawn: () => processes.spawn('parser'), log: silent, processes: 2 })
    const outcomes = new Map<string, number>()
    const files = readdirSync(odd)
    const work = async () => {
      for (let name = files.pop(); name !== undefined; name = files.pop()) {
        const outcome = await outcomeOf(parsers.parse({ file: join(odd, name), name, after: 0 }))
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
    }
    try {
      await Promise.all([work(), work()])
    } finally {
      await parsers.close()
    }
    const allowed = [
      'text',
      'without-text',
      'password-protected',
      'damaged',
      'type-mismatch',
      'empty-file',
      'too-many-pages',
    ]
    expect([...outcomes.keys()].filter(outcome => !allowed.includes(outcome))).toEqual([])
    expect(outcomes.get('text')).toBeGreaterThanOrEqual(140)
  })
})

async function outcomeOf(events: ReturnType<ReturnType<typeof createParsers>['parse']>): Promise<string> {
  let text = false
  let finished = false
  try {
    for await (const event of events) {
      if (event.type === 'segment' && event.segment.blocks.length + (event.segment.margins?.length ?? 0) > 0)
        text = true
      if (event.type === 'finish') finished = true
    }
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
  if (!finished) return 'unfinished'
  return text ? 'text' : 'without-text'
}
