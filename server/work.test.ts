import { expect, it } from 'vitest'
import type { Document } from '../shared/model/index.ts'
import type { DocumentFilter } from '../shared/store/index.ts'
import type { Context } from './context.ts'
import type { Library } from './library.ts'
import { watchWork } from './work.ts'

/** A library of many, in which another process works unheard: with each look, some more are ready. */
function openLibrary(count: number, atOnce: number) {
  const ids = Array.from({ length: count }, (_, at) => `id-${at}`)
  // From the end and the beginning in turns, so that the oldest are not the first to end.
  const order = ids.map((_, at) => (at % 2 === 0 ? ids[count - 1 - at / 2] : ids[(at - 1) / 2]) as string)
  let ready = 0
  const asked: number[] = []
  const core = {
    trouble: () => undefined,
    async *watch() {},
    documents: {
      list: () => Promise.reject(new Error('never the whole')),
      async work() {
        ready = Math.min(count, ready + atOnce)
        return { open: count - ready, chunks: 0, embedded: 0 }
      },
      async page(_scope: unknown, { ids: wanted = [] }: DocumentFilter) {
        asked.push(wanted.length)
        const done = new Set(order.slice(0, ready))
        const documents = wanted.map(id => ({ id, state: done.has(id) ? 'ready' : 'queued', deletedAt: null }))
        return { documents: documents as Document[], next: null, total: wanted.length, states: {}, recognizing: 0 }
      },
    },
  }
  const library = { core, scope: { userId: 'local', projectId: 'p' } } as unknown as Library
  return { ids, library, asked }
}

it('many documents are waited for by asking for few at a time, until each has ended', async () => {
  const { ids, library, asked } = openLibrary(450, 150)
  const context = {
    signal: new AbortController().signal,
    terminal: { watched: false, live() {} },
  } as unknown as Context
  const work = watchWork(context, library)
  const ended: string[] = []
  for (const id of ids) work.expect(id, document => ended.push(`${id} ${document?.state}`))
  await work.done()
  expect(ended.sort()).toEqual(ids.map(id => `${id} ready`).sort())
  expect(Math.max(...asked)).toBeLessThanOrEqual(100)
})
