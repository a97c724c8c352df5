import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLineParser } from '../../tests/open-core.ts'
import { openTestStore } from '../../tests/open-store.ts'
import type { Blobs, Job, Queue } from '../ports.ts'
import { createFoundFiles } from './found-files.ts'

let open: Awaited<ReturnType<typeof openTestStore>>
beforeEach(async () => {
  open = await openTestStore()
})
afterEach(() => open.close())

const signal = new AbortController().signal

/** Takes files out of a container; the store of bytes says that each has so many. */
async function container(size: number) {
  const { store, scope, folder } = open
  const stored: string[] = []
  const blobs = {
    async put() {
      stored.push(`blob ${stored.length}`)
      return { hash: stored.at(-1)!, size }
    },
    file: async () => 'file',
  } as unknown as Blobs
  const openFiles = createFoundFiles({
    store,
    blobs,
    parsers: { ...createLineParser(), isContainer: () => true, mediaType: () => 'text/plain' },
    queue: { enqueue: async () => {} } as unknown as Queue,
    scratch: folder,
    limits: { fileSize: Number.POSITIVE_INFINITY, files: null },
  })
  const file = { name: 'a.zip', path: 'a.zip', mediaType: 'application/zip', size: 10, blob: 'b' }
  const document = await store.transaction(scope, tx => store.documents.insert(tx, scope, file))
  const files = await openFiles(document, scope, { lease: 'lease' } as Job)
  const scratch = files.request.scratch!
  await mkdir(scratch, { recursive: true })
  async function take(number: number, write: (path: string) => Promise<unknown>) {
    const path = join(scratch, `file-${number}`)
    await write(path)
    await files.take({ number, name: `${number}.txt`, path: `${number}.txt`, file: path }, signal)
  }
  async function settle() {
    const taken = await store.transaction(scope, tx => files.commit(tx))
    await taken.done()
    const known = await store.families.files(scope, document.id, { after: 0, limit: 100 })
    return known.files.map(({ reason }) => reason?.code)
  }
  return { take, settle, stored }
}

test('what came out so far counts before it is committed, too', async () => {
  const { take, settle, stored } = await container(600 * 1024 ** 2)
  for (const number of [1, 2, 3]) await take(number, path => writeFile(path, 'x'))
  expect(await settle()).toEqual([undefined, undefined, 'archive-too-large'])
  expect(stored).toHaveLength(2)
})

test('a link in the folder of a parser is not followed', async () => {
  const { take, settle, stored } = await container(1)
  const secret = join(open.folder, 'secret.txt')
  await writeFile(secret, 'not out of this container')
  await take(1, path => symlink(secret, path))
  await take(2, path => mkdir(path))
  expect(await settle()).toEqual(['file-missing', 'file-missing'])
  expect(stored).toEqual([])
})
