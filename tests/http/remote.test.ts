/** The library as commands have it through a server: what goes wrong is said as without one. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRemoteCore, type LibraryCore } from '../../server/remote.ts'
import { AppError } from '../../shared/errors.ts'
import type { Document } from '../../shared/model/index.ts'
import { openTestServer, type TestServer, token } from './open-server.ts'

let server: TestServer
let remote: LibraryCore
const running = (address: string) => ({ address, socket: null, token }) as Parameters<typeof createRemoteCore>[0]

beforeAll(async () => {
  server = await openTestServer()
  remote = createRemoteCore(running(server.url), 'en')
})
afterAll(() => server.stop())

const coded = (code: string) => expect.objectContaining({ code })

it('a file that cannot be read, or changes meanwhile, is the file’s trouble', async () => {
  const failing = (error: Error, ...before: Buffer[]) =>
    async function* () {
      yield* before
      throw error
    }
  const megabyte = Buffer.alloc(1024 * 1024, 'a')
  for (const core of [remote, server.core]) {
    const add = (open: () => AsyncIterable<Uint8Array>) => core.documents.add(server.scope, { name: 'a.txt', open })
    const unreadable = new AppError('file-unreadable', { file: 'a.txt' })
    await expect(add(failing(unreadable))).rejects.toEqual(coded('file-unreadable'))
    await expect(add(failing(new AppError('file-changed'), Buffer.from('a')))).rejects.toEqual(coded('file-changed'))
    await expect(add(failing(new AppError('file-changed'), megabyte.subarray(1)))).rejects.toEqual(
      coded('file-changed'),
    )
  }
  expect((await server.core.documents.page(server.scope, { limit: 1 })).total).toBe(0)
})

it('a server that is not there is said to be so', async () => {
  const nobody = createRemoteCore(running('http://127.0.0.1:1'), 'en')
  const open = async function* () {
    yield Buffer.from('a')
  }
  await expect(nobody.documents.add(server.scope, { name: 'a.txt', open })).rejects.toEqual(coded('server-unreachable'))
})

it('names, lengths and refusals are the same with it and without', async () => {
  const outcome = async (run: () => Promise<unknown>) =>
    run().then(
      done => done,
      (error: AppError) => error.code,
    )
  const both = async (run: (core: LibraryCore) => Promise<unknown>) => [
    await outcome(() => run(remote)),
    await outcome(() => run(server.core)),
  ]
  const names = [
    'a\\b.txt',
    'rück\u202egnal.txt',
    'zwei\nzeilen.txt',
    `${'ä'.repeat(200)}.txt`,
    'ordner/../x.txt',
    '\u202e',
  ]
  for (const [at, name] of names.entries()) {
    const texts = [`fern ${at}`, `nah ${at}`]
    const [far, near] = await both(async core => {
      const open = async function* () {
        yield Buffer.from(texts.shift() ?? '')
      }
      const { document } = await core.documents.add(server.scope, { name: name.split('/').at(-1)!, path: name, open })
      return [document.name, document.path]
    })
    expect(far).toEqual(near)
  }
  const ask = async (core: LibraryCore, question: string) => {
    for await (const _ of core.ask(server.scope, { question }));
  }
  expect(await both(core => ask(core, 'x'.repeat(12_000)))).toEqual(['question-too-long', 'question-too-long'])
  expect(await both(core => core.projects.create('local', 'x'.repeat(250)))).toEqual(['name-invalid', 'name-invalid'])
  expect(await both(core => core.search(server.scope, 'x'.repeat(3000)))).toEqual([
    'question-too-long',
    'question-too-long',
  ])
})

it('pages, ways to name a document and the work on all are the same with it and without', async () => {
  // What the tests before added is still being read otherwise, and counted in two states.
  await remote.settled(server.scope)
  const shown = ({ documents, ...rest }: { documents: Document[] }) => ({ ...rest, ids: documents.map(({ id }) => id) })
  const { documents } = await server.core.documents.page(server.scope, { limit: 9, order: 'path' })
  const [first, second] = documents
  await server.core.documents.delete(server.scope, documents.at(-1)!.id)
  for (const filter of [
    { limit: 2, order: 'path' },
    { limit: 9, ids: [first!.id] },
    { limit: 9, called: second!.path },
    { limit: 9, beginning: first!.id.slice(0, 30) },
    { limit: 9, states: ['ready', 'failed'], order: 'oldest' },
  ] as const)
    expect(shown(await remote.documents.page(server.scope, filter))).toEqual(
      shown(await server.core.documents.page(server.scope, filter)),
    )
  const trashed = await remote.documents.page(server.scope, { limit: 9, trashed: true })
  expect(trashed.documents.map(({ id }) => id)).toEqual([documents.at(-1)!.id])
  expect(await remote.documents.work(server.scope)).toEqual(await server.core.documents.work(server.scope))
})
