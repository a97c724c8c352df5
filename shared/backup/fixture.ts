import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { v7 } from 'uuid'
import { bytes } from '../../tests/open-core.ts'
import { silent } from '../../tests/open-store.ts'
import { sqlite, type TestDatabase, type TestEngine } from '../../tests/postgres.ts'
import { createFolderBlobs } from '../blobs/folder.ts'
import type { Chunk, Scope } from '../model/index.ts'
import type { Blobs, NewJob } from '../ports.ts'
import { openStore, type Store } from '../store/index.ts'

export const clock = { now: () => Date.now() }
export const ids = { next: () => v7() }

export interface TestLibrary {
  held: TestDatabase
  store: Store
  blobs: Blobs
  /** Of a project that is there after `fill`. */
  scope: Scope
  /** What a restore enqueued. */
  jobs: NewJob[]
}

/** A folder of their own for libraries and backups. */
export async function openBench() {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-backup-'))
  const opened: TestLibrary[] = []
  return {
    folder,
    file: (name: string) => path.join(folder, name),
    async library(engine: TestEngine): Promise<TestLibrary> {
      const held = await engine.openReady()
      const backups = (name: string) => path.join(folder, `${opened.length}-${name}`)
      const store = await openStore({ database: held.database, clock, ids, log: silent, backups })
      const blobs = await createFolderBlobs({ folder: path.join(folder, `blobs-${opened.length}`) })
      const library = { held, store, blobs, scope: store.projects.next('local'), jobs: [] }
      opened.push(library)
      return library
    },
    async close() {
      for (const { store, held } of opened.splice(0)) {
        await store.close()
        await held.drop()
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const sourceOf = ({ held: { database }, blobs }: TestLibrary) => ({ database, blobs, clock })

export function targetOf({ held: { database }, blobs, jobs }: TestLibrary) {
  const enqueue = async (_tx: unknown, job: NewJob) => void jobs.push(job)
  const stage = async () => {
    const { database: staged, drop } = await sqlite.open()
    return { ...staged, close: drop }
  }
  return { database, blobs, ids, clock, log: silent, queue: { enqueue }, stage }
}

export async function addDocument(
  { store, blobs, scope }: TestLibrary,
  name: string,
  text: string,
  state: 'ready' | 'indexing' | 'queued' = 'ready',
): Promise<string> {
  const { hash, size } = await blobs.put(bytes(text))
  return store.transaction(scope, async tx => {
    const file = { name, path: name, mediaType: 'text/plain', size, blob: hash }
    const { id } = await store.documents.insert(tx, scope, file)
    const runs = [{ at: 0, end: text.length, rect: [56.7, 100.25, 540, 111.5] as [number, number, number, number] }]
    const block = { kind: 'paragraph' as const, text, runs }
    await store.segments.insert(tx, id, [{ number: 1, width: 595.276, height: 842, blocks: [block] }])
    await store.chunks.insert(tx, scope.projectId, id, [chunkOf(text)])
    await store.documents.update(tx, id, {
      state,
      chunks: 1,
      segments: 1,
      parsed: state === 'queued' ? 0 : 1,
      indexed: 1,
    })
    return id
  })
}

function chunkOf(text: string): Chunk {
  return {
    position: 0,
    text,
    headings: [],
    pieces: [{ kind: 'paragraph', segment: 1, block: 0, from: 0, to: text.length, at: 0 }],
    language: 'de',
    terms: text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [],
    contextTerms: ['titel'],
  }
}

/** A project, a document in a younger one, one in the trash, one without text, two under way, a chat, an assistant, a setting. */
export async function fill(library: TestLibrary): Promise<void> {
  const { store, scope } = library
  await store.users.begin(scope.userId)
  await store.transaction(scope, tx => store.projects.insert(tx, scope, 'Müller & Söhne', 'documents'))
  const inside = await addDocument(library, 'anlage.txt', 'Der Schornstein wird jährlich gekehrt.')
  const container = await addDocument(library, 'brief.eml', 'Ein Brief mit "Zeichen" \\ 😀 und\u2028einer Anlage.')
  await store.transaction('internal', tx =>
    store
      .executor(tx)
      .execute(`update document set parent_id = '${container}', inside_files = 1 where id = '${inside}'`, []),
  )
  const trashed = await addDocument(library, 'weg.txt', 'Das liegt im Papierkorb.')
  await store.transaction(scope, tx => store.documents.setDeleted(tx, scope, trashed, Date.now()))
  await addDocument(library, 'leer.txt', '')
  await addDocument(library, 'halb.txt', 'Halb gelesen.', 'indexing')
  await addDocument(library, 'neu.txt', 'Noch nicht gelesen.', 'queued')
  await store.transaction({ userId: 'local' }, tx => store.settings.update(tx, 'local', { recognition: 'off' }))
}
