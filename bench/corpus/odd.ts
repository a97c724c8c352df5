/** A folder of odd, broken and protected files, each through the real core, and its words against a witness. */
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { atMost, type Figure, told } from '../figure.ts'
import { createTemporaryFolder } from '../temporary-folder.ts'
import { megabytes, settledMemory } from './memory.ts'
import type { CorpusOptions } from './settings.ts'
import { addFile, awaitAll, type Fate, fateOf, openShelf, textOf } from './shelf.ts'
import { type Agreement, compareWords, countWords } from './words.ts'

export interface OddFile {
  name: string
  fate: Fate
  /** Absent where there is no text, or no witness of it. */
  agreement?: Agreement
}

/** The witness's text of a file; undefined where it cannot read it. */
export type Witness = (file: string) => Promise<string | undefined>

/** MB that the host may have grown by: caches that were filled for the first time. */
const growth = 60

export async function readOdd(
  folder: string,
  witness: Witness | undefined,
  { note, every = 1 }: CorpusOptions,
): Promise<{ files: OddFile[]; figures: Figure[] }> {
  await using data = await createTemporaryFolder('odd')
  const names = (await readdir(folder)).sort().filter((_, index) => index % every === 0)
  const shelf = await openShelf(data.path)
  const files: OddFile[] = []
  try {
    shelf.core.start()
    // What is loaded once (statements, fonts of the analysis) is not what is looked for.
    const first = await addFile(shelf, names[0], () => createReadStream(path.join(folder, names[0])))
    await awaitAll(shelf, note)
    const before = await settledMemory()
    const added = [first]
    for (const name of names.slice(1)) {
      added.push(await addFile(shelf, name, () => createReadStream(path.join(folder, name))))
    }
    const hanging = await awaitAll(shelf, note)
    for (const [index, name] of names.entries()) {
      const fate = await fateOf(shelf, added[index])
      const text =
        fate.document && fate.code === undefined
          ? await textOf(shelf, fate.document, !/\.(?:xlsx|ods)$/i.test(name))
          : undefined
      const theirs = text === undefined ? undefined : await witness?.(path.join(folder, name))
      const agreement = theirs === undefined ? undefined : compareWords(countWords(text ?? ''), countWords(theirs))
      files.push({ name, fate, ...(agreement && agreement.theirs > 0 && { agreement }) })
    }
    const after = await settledMemory()
    for (const { code, documentId } of shelf.ended) {
      const of = files.find(({ fate }) => fate.document?.id === documentId)
      note(`parser process ended: ${of?.name ?? documentId}, ${code}`)
    }
    const unclear = files.filter(({ fate }) => !isClear(fate))
    for (const { name, fate } of unclear) note(`unclear end: ${name}, ${fate.code}`)
    const timeouts = shelf.ended.filter(({ code }) => code === 'parser-timeout').length
    return {
      files,
      figures: [
        told('files', files.length, ''),
        told('ready', files.filter(({ fate }) => fate.code === undefined).length, ''),
        atMost('without a receipt or a clear error', unclear.length, '', 0),
        atMost('hangs over 60 s', hanging.length + timeouts, '', 0),
        told('parser processes that ended, and others went on', shelf.ended.length, ''),
        atMost('growth of the host, after collection', megabytes(Math.max(0, after - before)), 'MB', growth),
      ],
    }
  } finally {
    await shelf.close()
  }
}

/** Ready with a receipt, or an error that says what is wrong with the file. */
export function isClear({ document, receipt, code }: Fate): boolean {
  if (document?.state === 'ready') return receipt !== undefined
  return code !== undefined && code !== 'internal' && !code.startsWith('no reason')
}

/** How well they agree, each below `low` named. */
export function tellAgreement(files: readonly OddFile[], low: number, note: (line: string) => void): number[] {
  const scores: number[] = []
  for (const { name, agreement, fate } of files) {
    if (!agreement) continue
    scores.push(agreement.f1)
    if (agreement.f1 >= low) continue
    const { f1, ours, theirs, recall, missing, extra } = agreement
    const said = fate.receipt?.reasons.map(({ code }) => code).join(', ')
    note(`${name}: F1 ${f1.toFixed(2)}, recall ${recall.toFixed(2)}, ${ours} words, witness ${theirs}; said: ${said}`)
    note(`  missing: ${missing.join(' ')}\n  extra: ${extra.join(' ')}`)
  }
  return scores
}
