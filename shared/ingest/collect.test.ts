import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bytes } from '../../tests/open-core.ts'
import { openTestStore, silent } from '../../tests/open-store.ts'
import { createFolderBlobs } from '../blobs/folder.ts'
import { AppError } from '../errors.ts'
import { createLeaseQueue, currentOwner } from '../queue/lease.ts'
import { sweep } from './collect.ts'
import { jobKinds } from './jobs.ts'

const day = 86_400_000

let open: Awaited<ReturnType<typeof openTestStore>>
beforeEach(async () => {
  open = await openTestStore()
})
afterEach(() => open.close())

test('goes on with the rest where a document cannot be purged', async () => {
  const { store, scope, clock } = open
  const blobs = await createFolderBlobs({ folder: path.join(open.folder, 'blobs') })
  const { hash } = await blobs.put(bytes('What a crash left.'))
  const ids = { next: () => 'job' }
  const transaction: Parameters<typeof createLeaseQueue>[0]['transaction'] = run =>
    store.transaction('internal', tx => run(store.executor(tx)))
  const queue = createLeaseQueue({ transaction, clock, ids, owner: currentOwner() })
  clock.time = Date.now() + 2 * day
  const logged: unknown[] = []
  const purged: string[] = []
  await sweep({
    store,
    blobs,
    queue,
    clock,
    log: { ...silent, error: (_message, fields) => void logged.push(fields?.documentId) },
    documents: {
      async purge(_scope, id) {
        if (id === 'first') throw new Error('it cannot be')
        if (id === 'second') throw new AppError('document-not-found', { id })
        purged.push(id)
      },
    },
    trashed: ['first', 'second', 'third'].map(id => ({ id, scope, deletedBefore: clock.time })),
  })
  expect([logged, purged]).toEqual([['first'], ['third']])
  const job = await queue.claim([jobKinds.collect])
  expect(job?.payload).toEqual({ blob: hash })
})
