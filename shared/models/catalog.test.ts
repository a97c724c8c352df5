import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCatalog } from './catalog.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-catalog-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('only what is not there is gone: a place that cannot be looked at tells nothing', async () => {
  const none = createCatalog({ folder: path.join(folder, 'none'), named: {} })
  expect(await none.entries()).toEqual([])
  const gone = createCatalog({ folder, named: { embedding: path.join(folder, 'gone.gguf') } })
  await expect(gone.find('embedding')).rejects.toMatchObject({ code: 'model-missing' })
  // As from a drive that does not answer: the system says something else than that there is none.
  const strange = path.join(folder, 'x'.repeat(5000))
  for (const catalog of [
    createCatalog({ folder: strange, named: {} }),
    createCatalog({ folder, named: { embedding: strange } }),
  ]) {
    await expect(catalog.find('embedding')).rejects.toMatchObject({ code: 'model-unavailable' })
    await expect(catalog.entries()).rejects.toMatchObject({ code: 'model-unavailable' })
  }
})
