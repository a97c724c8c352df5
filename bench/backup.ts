/**
 * How fast a library is backed up beside copying the same bytes, on each engine that is at hand, and how fast it comes back. A
 * copy waits for the disk and a backup for the processor: on a machine that is busy with other things the backup loses more.
 */
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { v7 } from 'uuid'
import { openBackup } from '../shared/backup/restore.ts'
import { writeBackup } from '../shared/backup/write.ts'
import { createFolderBlobs } from '../shared/blobs/folder.ts'
import { openPostgres } from '../shared/db/postgres/index.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import type { Segment } from '../shared/model/index.ts'
import type { Database } from '../shared/ports.ts'
import { openStore } from '../shared/store/index.ts'
import { createText, createVectors } from '../tests/synthetic.ts'
import { atLeast, atMost, type Bench, Missing, median, told } from './figure.ts'
import { createOwnDatabase, type OwnDatabase } from './own-database.ts'
import { backendsOf, processorTime } from './processor.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const documents = 250
/** 400 MB of files; what was read out of them takes the rest of 500 MB. */
const fileSize = 1_600_000
const perDocument = 60
const rounds = 5

const clock = { now: () => Date.now() }
const ids = { next: () => v7() }
const log = { debug() {}, info() {}, warn() {}, error() {} }

export const bench: Bench = async ({ note }) => {
  await using folder = await createTemporaryFolder('backup')
  const data = path.join(folder.path, 'data')
  await build(data, note)
  const file = path.join(folder.path, 'bench.cloister')
  await using own = await ownDatabase(note)
  const libraries: Library[] = [{ name: 'SQLite', open: () => openLibrary(data), servers: async () => [] }]
  if (own) {
    libraries.push(await fillPostgres(own, data, file))
    note('the same library is on Postgres')
  }
  const copies: number[] = []
  const taken = libraries.map(() => [] as Taken[])
  const digests = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    // In turns, so that a busy machine slows all.
    const copy = path.join(folder.path, 'copy')
    const copied = await speedOf(() => copyAll(data, copy))
    await rm(copy, { recursive: true })
    copies.push(copied)
    note(`copied with ${copied.toFixed(0)} MB/s`)
    for (const [at, library] of libraries.entries()) {
      await rm(file, { force: true })
      const one = await backUp(library, file)
      taken[at].push(one)
      digests.add(one.digest)
      const { speed, ours, servers } = one
      note(
        `${library.name}: ${speed.toFixed(0)} MB/s, processor ${ours.toFixed(2)} s, of the database ${servers.toFixed(2)} s`,
      )
    }
  }
  const restored = await speedOf(async () => {
    await using library = await openLibrary(path.join(folder.path, 'restored'))
    return await restore(library, file)
  })
  return [
    ...libraries.flatMap(({ name }, at) => [
      atLeast(
        `${name}: speed of a backup, read through again, of a copy's`,
        median(taken[at].map(({ speed }, round) => speed / copies[round])),
        '',
        0.5,
      ),
      told(`${name}: backup`, median(taken[at].map(({ speed }) => speed)), 'MB/s'),
      told(`${name}: processor time of our process`, median(taken[at].map(({ ours }) => ours)), 's'),
    ]),
    ...(own
      ? [
          told('Postgres: processor time of the server', median(taken[1].map(({ servers }) => servers)), 's'),
          atMost('digests of one library on both engines', digests.size, '', 1),
        ]
      : []),
    told('copy of the data directory, each file on the disk', median(copies), 'MB/s'),
    told('restore, with the index of words made anew', restored, 'MB/s'),
    told('size of the backup', (await stat(file)).size / 1e6, 'MB'),
  ]
}

interface Library {
  name: string
  open(): Promise<OpenLibrary>
  /** Processes of its database that are others than this one, while it is open. */
  servers(): Promise<number[]>
}

/** Megabytes a second; seconds of the processor. */
interface Taken {
  speed: number
  ours: number
  servers: number
  digest: string
}

async function backUp({ open, servers }: Library, file: string): Promise<Taken> {
  await using library = await open()
  let digest = ''
  const before = process.cpuUsage()
  const speed = await speedOf(async () => {
    const summary = await writeBackup({ ...library, clock }, { file })
    digest = summary.digest
    return (await stat(file)).size
  })
  const { user, system } = process.cpuUsage(before)
  // Their connections are as new as the library.
  const theirs = (await processorTime(await servers())) ?? 0
  return { speed, ours: (user + system) / 1e6, servers: theirs / 1000, digest }
}

async function ownDatabase(note: (line: string) => void): Promise<OwnDatabase | undefined> {
  return createOwnDatabase('backup').catch(error => {
    if (!(error instanceof Missing)) throw error
    note(`Postgres is left out: ${error.message}`)
    return undefined
  })
}

/** The same library, out of a backup. Its files are those of the other. */
async function fillPostgres(own: OwnDatabase, data: string, file: string): Promise<Library> {
  const open = async () => {
    const database = await openPostgres({ url: own.url })
    return openOver(database, data)
  }
  await backUp({ name: '', open: () => openLibrary(data), servers: async () => [] }, file)
  {
    await using library = await open()
    await restore(library, file)
  }
  // As the server's own vacuum leaves it soon after.
  await own.query('vacuum (analyze)')
  await own.query('checkpoint')
  return { name: 'Postgres', open, servers: () => backendsOf(own) }
}

async function build(folder: string, note: (line: string) => void): Promise<void> {
  await mkdir(folder)
  await using library = await openLibrary(folder)
  const { blobs, store } = library
  const text = createText({ seed: 20_261_121 })
  const near = createVectors({ seed: 20_261_122 })
  const model = { fingerprint: 'bench', name: 'Bench', dimensions: near.dimensions }
  await store.transaction('internal', tx => store.vectors.create(tx, model))
  const index = await store.vectors.active()
  await store.users.begin('local')
  const scope = store.projects.next('local')
  await store.transaction(scope, tx => store.projects.insert(tx, scope, 'Bench', 'documents'))
  for (let number = 0; number < documents; number++) {
    const { hash, size } = await blobs.put(once(randomBytes(fileSize)))
    const name = `${number}.pdf`
    const document = await store.transaction(scope, async tx => {
      const file = { name, path: name, mediaType: 'application/pdf', size, blob: hash }
      const { id } = await store.documents.insert(tx, scope, file)
      const chunks = Array.from({ length: perDocument }, (_, position) => text.chunk(position))
      await store.segments.insert(
        tx,
        id,
        chunks.map((chunk, at) => segment(at + 1, chunk.text)),
      )
      await store.chunks.insert(tx, scope.projectId, id, chunks)
      await store.documents.update(tx, id, {
        state: 'ready',
        chunks: chunks.length,
        segments: perDocument,
        parsed: perDocument,
      })
      return { id, projectId: scope.projectId }
    })
    const chunks = await store.chunks.page(scope, document.id, 0, perDocument)
    const vectors = chunks.map(({ id }) => ({ id, vector: near.near(number) }))
    if (index)
      await store.transaction(scope, tx =>
        store.vectors.insert(tx, index, document, { from: 0, chunks: vectors, complete: true }),
      )
    if (number % 50 === 0) note(`document ${number + 1} of ${documents}`)
  }
}

/** As large as a page is with the places of its lines. */
function segment(number: number, text: string): Segment {
  const blocks = Array.from({ length: 3 }, () => {
    const runs = Array.from({ length: 12 }, (_, line) => ({
      at: line * 80,
      end: line * 80 + 79,
      rect: [56.7, 100.25 + line * 12, 540.1, 111.5 + line * 12] as [number, number, number, number],
    }))
    return { kind: 'paragraph' as const, text, runs }
  })
  return { number, width: 595, height: 842, blocks }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

type OpenLibrary = Awaited<ReturnType<typeof openOver>>

async function openLibrary(folder: string): Promise<OpenLibrary> {
  await mkdir(folder, { recursive: true })
  return openOver(await openSqlite({ file: path.join(folder, 'cloister.db') }), folder)
}

async function openOver(database: Database, folder: string) {
  const store = await openStore({ database, clock, ids, log, backups: name => path.join(folder, name) })
  const blobs = await createFolderBlobs({ folder: path.join(folder, 'blobs') })
  return {
    ...{ database, store, blobs },
    async [Symbol.asyncDispose]() {
      await store.close()
      await database.close()
    },
  }
}

/** Each file durable, as those of a backup are. Gives the bytes. */
async function copyAll(from: string, to: string): Promise<number> {
  await mkdir(to)
  let size = 0
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const source = path.join(entry.parentPath, entry.name)
    const target = path.join(to, path.relative(from, source))
    if (entry.isDirectory()) {
      await mkdir(target, { recursive: true })
      continue
    }
    await mkdir(path.dirname(target), { recursive: true })
    await copyFile(source, target)
    const handle = await open(target, 'r+')
    await handle.sync()
    size += (await handle.stat()).size
    await handle.close()
  }
  return size
}

async function restore({ database, blobs }: OpenLibrary, file: string): Promise<number> {
  const backup = await openBackup(file)
  const stage = () => Promise.reject(new Error('nothing of an earlier version here'))
  await backup.load({ database, blobs, ids, clock, log, queue: { enqueue: async () => {} }, stage })
  await backup.close()
  return (await stat(file)).size
}

/** Megabytes a second of what says how many bytes it made. */
async function speedOf(run: () => Promise<number>): Promise<number> {
  const started = performance.now()
  const bytes = await run()
  return bytes / 1000 / (performance.now() - started)
}
