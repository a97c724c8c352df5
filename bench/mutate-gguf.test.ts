import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tinyOf } from '../scripts/tiny-models.ts'
import { strings, writeGguf } from '../scripts/write-gguf.ts'
import { createLoader, mutatedHeaders, tinyModels } from './mutate-gguf.ts'

test('llama.cpp loads and uses a model of every kind we support; a broken one ends only the process beside', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-gguf-'))
  const loader = createLoader()
  const path = join(folder, 'model.gguf')
  try {
    for (const { name, model } of tinyModels()) {
      await writeGguf(path, model)
      expect([name, await loader.load(path)]).toEqual([name, { state: 'loaded', detail: '' }])
    }
    const model = tinyOf('qwen3')
    const tokens = [...(model.metadata['tokenizer.ggml.tokens']!.value as string[])]
    tokens[5] = tokens[6]!
    await writeGguf(path, { ...model, metadata: { ...model.metadata, 'tokenizer.ggml.tokens': strings(tokens) } })
    expect(await loader.load(path)).toMatchObject({ state: 'crashed' })
    await writeGguf(path, model)
    expect(await loader.load(path)).toEqual({ state: 'loaded', detail: '' })
  } finally {
    await loader.close()
    await rm(folder, { recursive: true })
  }
})

test('60 broken headers are refused with a reason or loaded, and crash nobody', async () => {
  const { refused, loaded, failedInLlama, crashed, hostCrashes, holes } = await mutatedHeaders({ count: 60 })
  expect(holes).toEqual([])
  expect({ crashed, hostCrashes }).toEqual({ crashed: 0, hostCrashes: 0 })
  expect(refused + loaded + failedInLlama).toBe(60)
  // Neither all nor none: the mutations are neither harmless nor crude.
  expect(loaded).toBeGreaterThan(0)
  expect(refused).toBeGreaterThan(20)
})
