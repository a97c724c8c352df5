/**
 * How fast a library is backed up beside copying the same bytes, and how fast it comes back. A copy waits for the disk and a
 * backup for the processor: on a machine that is busy with other things the backup loses more.
 */
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { v7 } from 'uuid'
import { openBackup } from '../shared/backup/restore.ts'
import { writeBackup } from '../shared/backup/write.ts'
import { createFolderBlobs } from '../shared/blobs/folder.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import type { Segment } from '../shared/model/index.ts'
import { openStore } from '../shared/store/index.ts'
import { createText } from '../tests/synthetic.ts'
import { atLeast, type Bench, median, told } from './figure.ts'
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
  const ours: number[] = []
  const copies: number[] = []
  const file = path.join(folder.path, 'bench.cloister')
  for (let round = 0; round < rounds; round++) {
    // In turns, so that a busy machine slows both.
    const copy = path.join(folder.path, 'copy')
    const copied = await speedOf(() => copyAll(data, copy))
    await rm(copy, { recursive: true })
    await rm(file, { force: true })
    const { database, blobs } = await openLibrary(data)
    const backed = await speedOf(async () => {
      await writeBackup({ database, blobs, clock }, { file })
      return (await stat(file)).size
    })
    await database.close()
    copies.push(copied)
    ours.push(backed)
    note(`copied with ${copied.toFixed(0)} MB/s, backed up with ${backed.toFixed(0)} MB/s`)
  }
  const restored = await speedOf(() => restore(file, path.join(folder.path, 'restored')))
  return [
    atLeast(
      'speed of a backup, read through again, of that of a copy',
      median(ours.map((speed, at) => speed / copies[at])),
      '',
      0.5,
    ),
    told('backup', median(ours), 'MB/s'),
    told('copy of the data directory, each file on the disk', median(copies), 'MB/s'),
    told('restore, with the index of words made anew', restored, 'MB/s'),
    told('size of the backup', (await stat(file)).size / 1e6, 'MB'),
  ]
}

async function build(folder: string, note: (line: string) => void): Promise<void> {
  await mkdir(folder)
  const { database, blobs, store } = await openLibrary(folder)
  const text = createText({ seed: 20_261_121 })
  const scope = store.projects.next('local')
  await store.transaction(scope, tx => store.projects.insert(tx, scope, 'Bench', 'documents'))
  for (let number = 0; number < documents; number++) {
    const { hash, size } = await blobs.put(once(randomBytes(fileSize)))
    const name = `${number}.pdf`
    await store.transaction(scope, async tx => {
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
    })
    if (number % 50 === 0) note(`document ${number + 1} of ${documents}`)
  }
  await store.close()
  await database.close()
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

async function openLibrary(folder: string) {
  await mkdir(folder, { recursive: true })
  const database = await openSqlite({ file: path.join(folder, 'cloister.db') })
  const store = await openStore({ database, clock, ids, log, backups: name => path.join(folder, name) })
  return { database, store, blobs: await createFolderBlobs({ folder: path.join(folder, 'blobs') }) }
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

async function restore(file: string, folder: string): Promise<number> {
  const { database, store, blobs } = await openLibrary(folder)
  const backup = await openBackup(file)
  const stage = () => Promise.reject(new Error('nothing of an earlier version here'))
  await backup.load({ database, blobs, ids, clock, log, queue: { enqueue: async () => {} }, stage })
  await backup.close()
  await store.close()
  await database.close()
  return (await stat(file)).size
}

/** Megabytes a second of what says how many bytes it made. */
async function speedOf(run: () => Promise<number>): Promise<number> {
  const started = performance.now()
  const bytes = await run()
  return bytes / 1000 / (performance.now() - started)
}
