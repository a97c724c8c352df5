/** Small files that are added while a huge one is read and indexed: how much longer they wait than without it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { writeCsv } from '../../scripts/fixtures/csv.ts'
import { LEASE } from '../../scripts/fixtures/lease.ts'
import { type FixtureSheet, writeXlsx } from '../../scripts/fixtures/xlsx.ts'
import { writePdf } from '../../scripts/write-pdf.ts'
import type { Document } from '../../shared/model/index.ts'
import { atLeast, atMost, type Figure, median, percentile, told } from '../figure.ts'
import { createTemporaryFolder } from '../temporary-folder.ts'
import type { CorpusOptions } from './settings.ts'
import { addFile, awaitAll, openShelf, type Shelf } from './shelf.ts'
import { pageOf, type SmallFile, writeSmallFiles } from './small.ts'

const most = 30
/** A format that is cut into pages, one that is read on from a byte, and one in which rows are passed over. */
const huge: { name: string; write: (every: number) => Uint8Array }[] = [
  { name: 'huge.pdf', write: every => writeLongPdf(1200 / every) },
  { name: 'huge.csv', write: every => Buffer.from(writeCsv(rowsOf(400_000 / every))) },
  { name: 'huge.xlsx', write: every => writeLongWorkbook(100_000 / every) },
]
/** Indexing a table of this length takes minutes, and shows nothing that the pages do not. */
const onlyRead = /\.(?:csv|xlsx)$/
/** Milliseconds to read the rest in, when nothing is added any more. */
const patience = 120_000

export async function measureFairness({ note, every = 1 }: CorpusOptions): Promise<Figure[]> {
  await using folder = await createTemporaryFolder('fairness')
  const shelf = await openShelf(folder.path)
  try {
    shelf.core.start()
    const small = writeSmallFiles((huge.length + 1) * most, ['txt', 'md', 'docx', 'eml', 'pdf'])
    const alone: number[] = []
    for (const file of small.splice(0, Math.ceil(most / every))) alone.push(await timeOf(shelf, file))
    note(`alone: ${alone.map(Math.round).join(' ')}`)
    const before = percentile(alone, 0.95)
    const figures = [told('until a small file is searchable, alone, p95', before, 'ms')]
    for (const { name, write } of huge) {
      figures.push(...(await measureBeside(shelf, { name, bytes: write(every) }, small.splice(0, most), before, note)))
    }
    return figures
  } finally {
    await shelf.close()
  }
}

async function measureBeside(
  shelf: Shelf,
  { name, bytes }: SmallFile,
  small: readonly SmallFile[],
  before: number,
  note: (line: string) => void,
): Promise<Figure[]> {
  const big = await addFile(shelf, name, async function* () {
    yield bytes
  })
  if ('code' in big) throw new Error(`${name} was refused: ${big.code}`)
  const beside: number[] = []
  const progress: number[] = []
  for (const file of small) {
    const { state, parsed, indexed } = await shelf.core.documents.get(shelf.scope, big.id)
    progress.push(parsed + indexed)
    if (isDone(name, state)) break
    beside.push(await timeOf(shelf, file))
    await sleep(700)
  }
  note(`beside ${name}: ${beside.map(Math.round).join(' ')}; its progress: ${progress.join(' ')}`)
  const stateOf = async () => (await shelf.core.documents.get(shelf.scope, big.id)).state
  if (!onlyRead.test(name)) await awaitAll(shelf, note)
  for (const end = performance.now() + patience; !isDone(name, await stateOf()) && performance.now() < end; ) {
    await sleep(100)
  }
  const state = await stateOf()
  if (onlyRead.test(name)) await shelf.core.documents.delete(shelf.scope, big.id)
  const steps = progress.slice(1).map((value, index) => value - progress[index])
  const named = (what: string) => `${name}: ${what}`
  return [
    told(named('small files beside it'), beside.length, ''),
    // Either is good enough: three times as long as alone, or two seconds.
    atMost(
      named('until a small file is searchable beside it, p95'),
      percentile(beside, 0.95),
      'ms',
      Math.max(2000, 3 * before),
    ),
    atLeast(
      named('got on between two small ones'),
      steps.filter(step => step > 0).length / Math.max(1, steps.length),
      '',
      0.5,
    ),
    told(named('segments read and indexed between two small ones, median'), steps.length > 0 ? median(steps) : 0, ''),
    atLeast(named('read to its end'), ['ready', 'indexing'].includes(state) ? 1 : 0, '', 1),
  ]
}

function isDone(name: string, state: Document['state']): boolean {
  return state === 'ready' || state === 'failed' || (state === 'indexing' && onlyRead.test(name))
}

function writeLongPdf(pages: number): Uint8Array {
  const texts = LEASE.sections.flatMap(({ paragraphs }) => paragraphs)
  return writePdf({
    pages: Array.from({ length: Math.round(pages) }, (_, page) =>
      pageOf(
        `Seite ${page + 1}`,
        texts.map(text => `${page * 7} ${text}`),
      ),
    ),
  })
}

const titles = ['Nummer', 'Posten', 'Betrag', 'Lieferung']

function rowsOf(count: number): string[][] {
  const rows = Array.from({ length: Math.round(count) }, (_, at) => {
    return [`${at}`, `Posten ${at} mit Maß und Zusatz`, `${at % 997},50`, `an Filiale ${at % 50} nach Vereinbarung`]
  })
  return [titles, ...rows]
}

function writeLongWorkbook(count: number): Uint8Array {
  const cells: FixtureSheet['cells'] = {}
  // As programs write them: figures are numbers.
  for (const [at, row] of rowsOf(count).entries())
    for (const [column, text] of row.entries()) {
      const figure = at > 0 && column !== 1 && column !== 3
      cells[`${'ABCD'[column]}${at + 1}`] = figure ? Number(text.replace(',', '.')) : text
    }
  return writeXlsx({ sheets: [{ name: 'Lieferungen', cells }] })
}

/** Milliseconds from adding a file until it is searchable. */
async function timeOf(shelf: Shelf, { name, bytes }: SmallFile): Promise<number> {
  const started = performance.now()
  const added = await addFile(shelf, name, async function* () {
    yield bytes
  })
  if ('code' in added) throw new Error(`${name}: ${added.code}`)
  for (;;) {
    const { state } = await shelf.core.documents.get(shelf.scope, added.id)
    if (state === 'ready') return performance.now() - started
    if (state === 'failed') throw new Error(`${name} failed`)
    await sleep(10)
  }
}
