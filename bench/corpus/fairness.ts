/** Small files that are added while a huge one is read and indexed: how much longer they wait than without it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LEASE } from '../../scripts/fixtures/lease.ts'
import { writePdf } from '../../scripts/write-pdf.ts'
import { atLeast, atMost, type Figure, percentile, told } from '../figure.ts'
import { createTemporaryFolder } from '../temporary-folder.ts'
import type { CorpusOptions } from './settings.ts'
import { addFile, awaitAll, openShelf, type Shelf } from './shelf.ts'
import { pageOf, writeSmallFiles } from './small.ts'

const pages = 1200
const most = 30

export async function measureFairness({ note, every = 1 }: CorpusOptions): Promise<Figure[]> {
  await using folder = await createTemporaryFolder('fairness')
  const shelf = await openShelf(folder.path)
  try {
    shelf.core.start()
    const small = writeSmallFiles(2 * most, ['txt', 'md', 'docx', 'eml', 'pdf'])
    const alone: number[] = []
    for (const file of small.slice(0, Math.ceil(most / every))) alone.push(await timeOf(shelf, file))
    const texts = LEASE.sections.flatMap(({ paragraphs }) => paragraphs)
    const huge = writePdf({
      pages: Array.from({ length: Math.round(pages / every) }, (_, page) =>
        pageOf(
          `Seite ${page + 1}`,
          texts.map(text => `${page * 7} ${text}`),
        ),
      ),
    })
    const big = await addFile(shelf, 'huge.pdf', async function* () {
      yield huge
    })
    if ('code' in big) throw new Error(`the huge file was refused: ${big.code}`)
    const beside: number[] = []
    const progress: number[] = []
    for (const file of small.slice(most)) {
      const { state, parsed, indexed } = await shelf.core.documents.get(shelf.scope, big.id)
      if (state === 'ready') break
      progress.push(parsed + indexed)
      beside.push(await timeOf(shelf, file))
      await sleep(700)
    }
    const [before, with_] = [percentile(alone, 0.95), percentile(beside, 0.95)]
    note(`alone: ${alone.map(Math.round).join(' ')}`)
    note(`beside: ${beside.map(Math.round).join(' ')}; progress of the huge one: ${progress.join(' ')}`)
    await awaitAll(shelf, note)
    const { state } = await shelf.core.documents.get(shelf.scope, big.id)
    const further = progress.filter((value, index) => index > 0 && value > progress[index - 1]).length
    return [
      told('small files beside a huge one', beside.length, ''),
      told('until a small file is searchable, alone, p95', before, 'ms'),
      // Either is good enough: three times as long as alone, or two seconds.
      atMost('the same beside a huge one, p95', with_, 'ms', Math.max(2000, 3 * before)),
      atLeast('the huge one got on between two small ones', further / Math.max(1, progress.length - 1), '', 0.5),
      atLeast('the huge one is ready in the end', state === 'ready' ? 1 : 0, '', 1),
    ]
  } finally {
    await shelf.close()
  }
}

/** Milliseconds from adding a file until it is searchable. */
async function timeOf(shelf: Shelf, { name, bytes }: { name: string; bytes: Uint8Array }): Promise<number> {
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
