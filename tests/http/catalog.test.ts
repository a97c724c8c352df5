import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createModelShelf } from '../../server/http/model-shelf.ts'
import type { Held } from '../../shared/models/supervise.ts'
import { openTestServer, type TestServer } from './open-server.ts'

let base: string
let held: Held[] = []
let server: TestServer
beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'cloister-http-catalog-'))
  // As broken as a file can be: it has the name of one of the catalog and is none.
  await writeFile(path.join(base, 'Qwen3-0.6B-Q8_0.gguf'), 'GGUF')
  const models = await createModelShelf({ folder: base, named: {}, threads: 2, heldModels: () => held })
  server = await openTestServer({ models })
})
afterAll(async () => {
  await server?.stop()
  await rm(base, { recursive: true, force: true })
})

it('tells what can be had, and how it fits this machine', async () => {
  const { machine, models } = await server.client.catalog.list({})
  expect(machine.memory).toBeGreaterThanOrEqual(machine.free)
  expect(machine.cores).toBeGreaterThan(0)
  const first = models.find(({ id }) => id === 'qwen3-0.6b')
  expect(first).toMatchObject({
    role: 'chat',
    default: true,
    size: 639_446_688,
    file: 'Qwen3-0.6B-Q8_0.gguf',
    host: 'huggingface.co',
    installed: null,
    inUse: false,
  })
  for (const { id, role, fit } of models) {
    expect(fit, id).not.toBeNull()
    expect(fit!.need).toBeGreaterThan(100_000_000)
    expect(fit!.free).toBeLessThanOrEqual(machine.memory)
    expect(fit!.reason?.code).toBe(fit!.fits === 'no' ? 'model-memory' : undefined)
    if (role !== 'chat') expect(fit!.tokensPerSecond).toBeNull()
    if (fit!.smaller !== null) expect(models.find(model => model.id === fit!.smaller)?.role).toBe(role)
  }
  for (const role of ['chat', 'embedding', 'reranking'])
    expect(models.filter(model => model.role === role && model.recommended).length).toBeLessThanOrEqual(1)
})

it('counts what a loaded model would give back to the next one', async () => {
  const free = async () => (await server.client.catalog.list({})).models.find(({ role }) => role === 'chat')!.fit!.free
  const before = await free()
  const gigabyte = 1024 ** 3
  held = [
    {
      file: { key: 'a', path: 'a', name: 'a', role: 'chat', contextSize: 4096 },
      granted: { weights: gigabyte, all: 65 * gigabyte },
    },
  ]
  // Others use memory meanwhile.
  expect((await free()) - before).toBeGreaterThan(50 * gigabyte)
  held = []
})
