import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createModelShelf } from '../../server/http/model-shelf.ts'
import type { ServerEvent } from '../../shared/api/index.ts'
import { modelBytes, openDownloads } from '../downloads.ts'
import { type ModelServer, sha256, startModelServer } from '../model-server.ts'
import { until } from '../until.ts'
import { openTestServer, type TestServer } from './open-server.ts'

const MB = 1024 * 1024
const bytes = modelBytes(3 * MB, 1)
const limit = 4 * MB

let hub: ModelServer
let base: string
let server: TestServer
beforeAll(async () => {
  hub = await startModelServer()
  base = await mkdtemp(path.join(tmpdir(), 'cloister-http-downloads-'))
  const folder = path.join(base, 'models')
  const { downloads } = await openDownloads(folder, {
    limit,
    changed: name => server.core.announce({ type: 'download', name }),
    times: { stall: 60_000 },
  })
  server = await openTestServer({ downloads, models: await createModelShelf({ folder, named: {}, limit }) })
})
afterAll(async () => {
  await server?.stop()
  await hub?.close()
  await rm(base, { recursive: true, force: true })
})
beforeEach(() => {
  hub.files.set('/x.gguf', { bytes, etag: '"x"' })
  hub.faults.set('/x.gguf', [{ stall: 2 * MB }])
})

const source = () => `${hub.url}/x.gguf`
const first = async () => (await server.client.downloads.list({})).downloads[0]
const halfway = () => until(async () => (await first())?.received === 2 * MB, 'two of three megabytes are there')

it('starts, pauses, goes on and cancels, and tells everybody', async () => {
  const { client } = server
  const heard: ServerEvent[] = []
  const listening = new AbortController()
  const hear = async () => {
    for await (const event of await client.jobs.events({}, { signal: listening.signal })) heard.push(event)
  }
  void hear().catch(() => {})
  await until(() => heard.length > 0, 'it listens')
  const told = () => heard.flatMap(event => (event.type === 'download' ? [event.download] : []))

  const started = await client.downloads.start({ source: source(), sha256: sha256(bytes).toUpperCase() })
  expect(started).toMatchObject({ name: 'x.gguf', state: 'queued', reason: null })
  await halfway()
  expect(await client.downloads.pause({ name: 'x.gguf' })).toMatchObject({ state: 'paused', received: 2 * MB })
  await until(() => told().at(-1)?.state === 'paused', 'the pause is told')
  expect(await client.downloads.resume({ name: 'x.gguf' })).toMatchObject({ state: 'queued' })
  await until(async () => (await client.models.list({})).models.length === 1, 'it is a model')
  await until(() => told().at(-1) === null, 'its end is told')
  await until(() => heard.some(({ type }) => type === 'models'), 'that there is a new model is told')
  expect(await client.downloads.start({ source: source(), sha256: sha256(bytes) })).toMatchObject({ state: 'done' })
  await expect(client.downloads.start({ source: source() })).rejects.toMatchObject({
    code: 'model-exists',
    status: 409,
  })
  await client.models.remove({ name: 'x.gguf' })

  hub.faults.set('/x.gguf', [{ stall: 2 * MB }])
  await client.downloads.start({ source: source() })
  await halfway()
  await client.downloads.cancel({ name: 'x.gguf' })
  expect(await client.downloads.list({})).toEqual({ downloads: [] })
  await until(() => told().at(-1) === null, 'that it is cancelled is told')
  listening.abort()
})

it('refuses what is none, with a status that says whose fault it is', async () => {
  const { client } = server
  const refused = (given: Parameters<typeof client.downloads.start>[0]) => expect(client.downloads.start(given)).rejects
  await refused({ source: 'nothing' }).toMatchObject({ code: 'download-address', status: 400 })
  const secret = await client.downloads.start({ source: 'https://me:secret@x.org/a?key=b' }).catch(error => error)
  expect(secret).toMatchObject({ code: 'download-address', values: { given: 'https://…@x.org/a?…' } })
  await refused({ source: 'https://x.org/a' }).toMatchObject({ code: 'download-unnamed', status: 400 })
  await refused({ source: source(), sha256: 'abc' }).toMatchObject({ code: 'input-invalid', status: 400 })
  for (const verb of ['pause', 'resume', 'cancel'] as const)
    await expect(client.downloads[verb]({ name: '../x' })).rejects.toMatchObject({
      code: 'download-not-found',
      status: 404,
    })
})

it('keeps models that are too large from coming in, by upload and by address', async () => {
  const large = new File([modelBytes(limit + 1, 2)], 'large.gguf')
  await expect(server.client.models.add({ file: large })).rejects.toMatchObject({
    code: 'model-too-large',
    status: 413,
  })
  hub.files.set('/large.gguf', { bytes: modelBytes(limit + 1, 2), etag: null })
  await server.client.downloads.start({ source: `${hub.url}/large.gguf` })
  await until(async () => (await first())?.state === 'failed', 'it is refused')
  expect(await first()).toMatchObject({ received: 0, reason: { code: 'model-too-large', values: { limit: 4 } } })
  await server.client.downloads.cancel({ name: 'large.gguf' })
  expect((await server.client.models.list({})).models).toEqual([])
})
