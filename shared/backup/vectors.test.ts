import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { engines } from '../../tests/postgres.ts'
import { fill, openBench, sourceOf, type TestLibrary, targetOf } from './fixture.ts'
import { openBackup } from './restore.ts'
import { writeBackup } from './write.ts'

let bench: Awaited<ReturnType<typeof openBench>>
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench.close())

const model = { fingerprint: 'f', name: 'Model', dimensions: 4 }
/** Exact in half precision. */
const numbers = [0.5, -0.25, 0.125, 1]

/** A vector for each chunk of the documents of these names; the first number tells them apart. */
async function embed({ store, scope }: TestLibrary, names: readonly string[]): Promise<void> {
  await store.transaction('internal', tx => store.vectors.create(tx, model))
  const index = await store.vectors.active()
  const { documents } = await store.documents.page(scope, { limit: 10 })
  for (const [at, name] of names.entries()) {
    const document = documents.find(each => each.name === name)
    if (!document || !index) throw new Error('nothing to make vectors of')
    await store.transaction(scope, async tx => {
      const [chunk] = await store.chunks.page(scope, document.id, 0, 1)
      const vector = Float32Array.from([numbers[at], ...numbers.slice(1)])
      await store.vectors.insert(tx, index, document, { from: 0, chunks: [{ id: chunk.id, vector }], complete: true })
    })
  }
}

async function nearest({ store }: TestLibrary, { scope }: TestLibrary): Promise<unknown[]> {
  const index = await store.vectors.active()
  if (!index) return []
  const vector = Float32Array.from(numbers)
  const found = await store.vectors.nearest(scope, { index, vector, limit: 5 })
  return found.map(({ id, distance }) => [id, distance.toFixed(4)])
}

describe.each(engines)('from $name', from => {
  test.each(engines)(
    'vectors come along to $name, and the rest is made there',
    async to => {
      const [one, other] = [await bench.library(from), await bench.library(to)]
      await fill(one)
      await embed(one, ['anlage.txt', 'brief.eml'])
      await fill(other)
      await embed(other, ['anlage.txt'])
      const file = bench.file('one.cloister')
      const made = await writeBackup(sourceOf(one), { file })
      const backup = await openBackup(file)
      expect(await backup.load(targetOf(other))).toMatchObject({ digest: made.digest })
      await backup.close()

      const before = await nearest(one, one)
      expect(before).toHaveLength(2)
      expect(before[0]).toEqual([1, '0.0000'])
      expect(await nearest(other, one)).toEqual(before)
      const [was, is] = [await one.store.vectors.active(), await other.store.vectors.active()]
      expect(is).toMatchObject(model)
      if (!was || !is) throw new Error('no index')
      expect(await other.store.vectors.pendingDocuments(is, 10)).toEqual(
        await one.store.vectors.pendingDocuments(was, 10),
      )
      expect(await other.store.vectors.pendingDocuments(is, 10)).toHaveLength(1)
      // What was there goes piece by piece.
      for (let round = 0; await other.store.transaction('internal', tx => other.store.vectors.dropSome(tx)); round++)
        expect(round).toBeLessThan(5)
      expect(await nearest(other, one)).toEqual(before)
      // The digest tells nothing of vectors, which two engines keep in their own ways.
      expect((await writeBackup(sourceOf(other), { file: bench.file('again.cloister') })).digest).toBe(made.digest)
    },
    60_000,
  )
})
