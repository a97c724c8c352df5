/** A backup by a version that knew fewer tables: `fixtures/schema-12.cloister.gz` was written by the one with twelve migrations. */
import { readFile, writeFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { engines } from '../../tests/postgres.ts'
import { newestSchema } from '../store/read-rows.ts'
import { openBench, sourceOf, targetOf } from './fixture.ts'
import { digestLibrary, openBackup } from './restore.ts'
import { writeBackup } from './write.ts'

let bench: Awaited<ReturnType<typeof openBench>>
let file: string
beforeEach(async () => {
  bench = await openBench()
  file = bench.file('older.cloister')
  await writeFile(file, gunzipSync(await readFile(new URL('./fixtures/schema-12.cloister.gz', import.meta.url))))
})
afterEach(() => bench.close())

test('goes into either engine, is brought to the schema of today, and is the same on both', async () => {
  expect(newestSchema({ engine: 'sqlite' })).toBeGreaterThan(12)
  const digests: string[] = []
  for (const engine of engines) {
    const library = await bench.library(engine)
    const backup = await openBackup(file)
    expect(backup.summary).toMatchObject({ documents: 6, blobs: 6 })
    const { digest } = await backup.load(targetOf(library))
    await backup.close()
    expect(await digestLibrary(targetOf(library))).toBe(digest)

    const { store } = library
    const [project] = await store.projects.list('local')
    expect(project.name).toBe('Müller & Söhne')
    const scope = { userId: 'local', projectId: project.id }
    const { documents } = await store.documents.page(scope, { limit: 10 })
    expect(documents.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
      'anlage.txt ready',
      'brief.eml ready',
      'halb.txt indexing',
      'leer.txt ready',
      'neu.txt queued',
    ])
    const [found] = await store.words.candidates(scope, { terms: ['schornstein'], limit: 5 })
    const [chunk] = await store.chunks.get(scope, [found.id])
    expect(chunk.text).toBe('Der Schornstein wird jährlich gekehrt.')
    expect((await store.segments.get(scope, chunk.documentId, 1))?.width).toBe(595.276)
    expect((await store.chats.list(scope)).map(({ title }) => title)).toEqual(['Über den Schornstein'])
    expect(library.jobs.map(({ kind }) => kind).sort()).toEqual(['index', 'parse'])

    // What is backed up from there is of today.
    const made = await writeBackup(sourceOf(library), { file: bench.file(`${engine.name}.cloister`) })
    expect(made.digest).toBe(digest)
    digests.push(digest)
  }
  expect(new Set(digests).size).toBe(1)
}, 120_000)
