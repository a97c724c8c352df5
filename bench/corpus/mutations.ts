/** 500 mutated files of twenty seeds: what becomes of them, and whether what is lost is said. */
import { atMost, type Figure, told } from '../figure.ts'
import { createTemporaryFolder } from '../temporary-folder.ts'
import { mutate } from './mutate.ts'
import { isClear } from './odd.ts'
import { type Seed, writeSeeds } from './seeds.ts'
import type { CorpusOptions } from './settings.ts'
import { addFile, awaitAll, type Fate, fateOf, openShelf, type Shelf, textOf } from './shelf.ts'
import { whyTraceless } from './traceless.ts'
import { compareWords, countWords } from './words.ts'

const count = 500
const enough = 0.95

interface Outcome {
  /** Of the file and of what came out of it. */
  fates: Fate[]
  words: Map<string, number>
}

export async function measureMutations({ note, every = 1 }: CorpusOptions): Promise<Figure[]> {
  await using folder = await createTemporaryFolder('mutations')
  const shelf = await openShelf(folder.path)
  const seeds = writeSeeds()
  const faults = { unclear: 0, wrong: 0, hanging: 0, said: 0, refused: 0, whole: 0 }
  const traceless = new Map<string, number>()
  let files = 0
  try {
    shelf.core.start()
    for (const [at, seed] of seeds.entries()) {
      const each = Math.ceil(count / seeds.length)
      const numbers = Array.from({ length: each }, (_, index) => at * each + index).filter(
        number => number % every === 0,
      )
      const mutations = numbers.map(number => mutate(seed.bytes, number))
      const [whole, ...outcomes] = await readEach(
        shelf,
        seed,
        [seed.bytes, ...mutations.map(({ bytes }) => bytes)],
        note,
      )
      if (whole.words.size < 40) throw new Error(`the seed ${seed.kind} has too few words`)
      files += outcomes.length
      for (const [index, { fates, words }] of outcomes.entries()) {
        const { kind, bytes } = mutations[index]
        const name = `${seed.kind}, ${kind}, number ${numbers[index]}`
        const [fate] = fates
        if (!isClear(fate)) {
          faults.unclear += 1
          note(`unclear end: ${name}, ${fate.code}`)
          continue
        }
        const { recall, missing } = compareWords(words, whole.words)
        const isSaid = ({ code }: { code: string }) => code !== 'cells-hidden'
        const said = fates.some(one => one.code !== undefined || one.receipt?.reasons.some(isSaid))
        if (fate.code !== undefined) faults.refused += 1
        else if (recall >= enough) faults.whole += 1
        else if (said) faults.said += 1
        else {
          const reason = whyTraceless(seed, bytes)
          if (reason === undefined) {
            faults.wrong += 1
            note(`wrong: ${name}: ready, recall ${recall.toFixed(2)}, nothing said; missing: ${missing.join(' ')}`)
          } else traceless.set(`${seed.kind}: ${reason}`, (traceless.get(`${seed.kind}: ${reason}`) ?? 0) + 1)
        }
      }
    }
    for (const { code } of shelf.ended) if (code === 'parser-timeout') faults.hanging += 1
    const named = (name: string) => `mutations, ${name}`
    return [
      told(named('files'), files, ''),
      told(named('refused with a clear error'), faults.refused, ''),
      told(named('ready with at least 0.95 of the words'), faults.whole, ''),
      told(named('ready with fewer, and it is said'), faults.said, ''),
      ...[...traceless].map(([reason, number]) => told(named(`without a trace: ${reason}`), number, '')),
      told(named('parser processes that ended, and others went on'), shelf.ended.length, ''),
      atMost(named('without a receipt or a clear error'), faults.unclear, '', 0),
      atMost(named('hangs over 60 s'), faults.hanging, '', 0),
      atMost(named('wrong: ready with fewer, and nothing is said'), faults.wrong, '', 0),
    ]
  } finally {
    await shelf.close()
  }
}

/** Each in a project of its own: the same file inside two archives is one document of one of them. */
async function readEach(
  shelf: Shelf,
  { kind, extension }: Seed,
  all: readonly Uint8Array[],
  note: (line: string) => void,
): Promise<Outcome[]> {
  const shelves: Shelf[] = []
  const added: Awaited<ReturnType<typeof addFile>>[] = []
  for (const [index, bytes] of all.entries()) {
    const project = await shelf.core.projects.create('local', `${kind} ${index}`)
    const own = { ...shelf, scope: { userId: 'local', projectId: project.id } }
    shelves.push(own)
    added.push(
      await addFile(own, `${index}.${extension}`, async function* () {
        yield bytes
      }),
    )
  }
  const outcomes: Outcome[] = []
  for (const [index, own] of shelves.entries()) {
    const hanging = await awaitAll(own, note)
    if (hanging.length > 0) throw new Error(`${kind} ${index} hangs`)
    const first = await fateOf(own, added[index])
    const fates = [first]
    const texts: string[] = []
    for (const document of await own.core.documents.list(own.scope)) {
      if (document.id !== first.document?.id) fates.push(await fateOf(own, { id: document.id }))
      texts.push(await textOf(own, document))
    }
    outcomes.push({ fates, words: countWords(texts.join('\n')) })
  }
  return outcomes
}
