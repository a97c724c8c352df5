import { expect, test } from 'vitest'
import { createEvents } from './in-process.ts'

const event = (documentId: string) => ({ type: 'document' as const, projectId: 'p', documentId })

test('each subscriber hears everything from its start on, and ends with its signal', async () => {
  const events = createEvents()
  const control = new AbortController()
  events.publish(event('before'))
  const heard = (async () => {
    const ids: string[] = []
    for await (const { documentId } of events.subscribe(control.signal)) {
      ids.push(documentId)
      if (ids.length === 2) control.abort()
    }
    return ids
  })()
  await Promise.resolve()
  events.publish(event('a'))
  events.publish(event('b'))
  expect(await heard).toEqual(['a', 'b'])
})

test('a slow reader gets the latest of a document once', async () => {
  const events = createEvents()
  const control = new AbortController()
  const reader = events.subscribe(control.signal)[Symbol.asyncIterator]()
  const first = reader.next()
  events.publish(event('a'))
  await first
  for (let count = 0; count < 1000; count++) events.publish(event('b'))
  events.publish(event('c'))
  expect((await reader.next()).value).toEqual(event('b'))
  expect((await reader.next()).value).toEqual(event('c'))
  const end = reader.next()
  control.abort()
  expect((await end).done).toBe(true)
})
