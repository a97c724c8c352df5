import { writeFile } from 'node:fs/promises'
import { v7 } from 'uuid'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLineParser } from '../../tests/open-core.ts'
import { openTestStore, silent } from '../../tests/open-store.ts'
import type { Blobs, Queue } from '../ports.ts'
import { createLeaseQueue, currentOwner } from '../queue/lease.ts'
import { parseJob } from './jobs.ts'
import { createParseStage } from './parse.ts'

let open: Awaited<ReturnType<typeof openTestStore>>
let queue: Queue
beforeEach(async () => {
  open = await openTestStore()
  queue = createLeaseQueue({
    transaction: run => open.store.transaction(tx => run(open.store.executor(tx))),
    clock: open.clock,
    ids: { next: () => v7() },
    owner: currentOwner(),
  })
})
afterEach(() => open.close())

test('who lost the job to another writes nothing more', async () => {
  const { store, scope } = open
  const file = { name: 'a.txt', path: 'a.txt', mediaType: 'text/plain', size: 9, blob: 'b' }
  const document = await store.transaction(async tx => {
    const inserted = await store.documents.insert(tx, scope, file)
    await queue.enqueue(store.executor(tx), parseJob(inserted.id))
    return inserted
  })
  const first = await queue.claim(['parse'])
  const path = `${open.folder}/text`
  await writeFile(path, 'eins\nzwei\ndrei')
  const stage = createParseStage({
    store,
    blobs: { file: async () => path } as unknown as Blobs,
    // While the first is reading, the job is taken from it and given to another.
    parsers: createLineParser(async page => {
      if (page !== 2) return
      await store.transaction(async tx => {
        await queue.cancel(store.executor(tx), [parseJob(document.id).key])
        await queue.enqueue(store.executor(tx), parseJob(document.id))
      })
      expect(await queue.claim(['parse'])).toBeDefined()
    }),
    queue,
    clock: open.clock,
    log: silent,
    changed: () => {},
  })
  await expect(stage(first!, new AbortController().signal)).rejects.toMatchObject({ code: 'lease-lost' })
  expect(await store.segments.page(document.id, 0, 10)).toEqual([])
  expect((await store.documents.get(scope, document.id))?.parsed).toBe(0)
})
