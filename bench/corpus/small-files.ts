/** How fast a thousand small files can be found by their words, and what memory that takes. */
import { atLeast, atMost, type Figure, told } from '../figure.ts'
import { createTemporaryFolder } from '../temporary-folder.ts'
import { megabytes, watchMemory } from './memory.ts'
import type { CorpusOptions } from './settings.ts'
import { addFile, awaitAll, openShelf } from './shelf.ts'
import { markOf, writeSmallFiles } from './small.ts'

const count = 1000

export async function measureSmall({ note, every = 1 }: CorpusOptions): Promise<Figure[]> {
  await using folder = await createTemporaryFolder('small')
  const files = writeSmallFiles(Math.round(count / every))
  const shelf = await openShelf(folder.path)
  try {
    shelf.core.start()
    const memory = watchMemory(shelf.children)
    const cpu = process.cpuUsage()
    const started = performance.now()
    for (const { name, bytes } of files)
      await addFile(shelf, name, async function* () {
        yield bytes
      })
    await awaitAll(shelf, note)
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const most = memory.stop()
    const documents = await shelf.core.documents.list(shelf.scope)
    const ready = documents.filter(({ state }) => state === 'ready').length
    // Some are asked for: they are found by a word that stands in none of the others.
    let found = 0
    let asked = 0
    for (let index = 0; index < files.length; index += Math.ceil(files.length / 20)) {
      asked += 1
      const [passage] = await shelf.core.search(shelf.scope, markOf(index), { mode: 'words' })
      if (passage?.file === files[index].name) found += 1
      else note(`not found: ${files[index].name}`)
    }
    return [
      atLeast('small files a second to searchable by words', files.length / seconds, '', 20),
      told('processor time of the host for one', (user + system) / 1000 / files.length, 'ms'),
      atMost('small files that are not ready', files.length - ready, '', 0),
      atLeast('found by a word of their own, of a sample of 20', found, '', asked),
      atMost('memory of all processes meanwhile', megabytes(most.all), 'MB', 600),
      told('memory of the host alone', megabytes(most.host), 'MB'),
    ]
  } finally {
    await shelf.close()
  }
}
