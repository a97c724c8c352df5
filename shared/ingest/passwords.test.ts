import { afterEach, expect, it } from 'vitest'
import { createEvents } from '../events/in-process.ts'
import type { AppEvent } from '../ports.ts'
import { createPasswords, type Passwords } from './passwords.ts'

const opened: Passwords[] = []
afterEach(() => {
  for (const passwords of opened.splice(0)) passwords.close()
})

function open(...given: Parameters<typeof createPasswords>): Passwords {
  const passwords = createPasswords(...given)
  opened.push(passwords)
  return passwords
}

it('gives a password to the process that asks, sealed, and forgets it everywhere', async () => {
  const events = createEvents()
  const said: AppEvent[] = []
  const control = new AbortController()
  void (async () => {
    for await (const event of events.subscribe(control.signal)) said.push(event)
  })()
  const [server, worker] = [open({ events }), open({ events })]
  server.keep('document', 'grüne Wiese 7')
  expect(worker.of('document')).toBeUndefined()
  expect(await worker.obtain('document')).toBe('grüne Wiese 7')
  expect(worker.of('document')).toBe('grüne Wiese 7')
  await expect.poll(() => said.length).toBe(2)
  expect(JSON.stringify(said)).not.toContain('Wiese')
  expect(Buffer.from(JSON.stringify(said)).toString('base64')).not.toContain(
    Buffer.from('grüne Wiese').toString('base64'),
  )
  worker.forget('document')
  await expect.poll(() => server.of('document')).toBeUndefined()
  control.abort()
})

it('gives nothing that was sealed for another document or another process', async () => {
  const events = createEvents()
  const [server, worker] = [open({ events }), open({ events })]
  server.keep('one', 'first')
  const control = new AbortController()
  let asking = ''
  // Somebody between them, who says what he heard as an answer to what was not asked.
  void (async () => {
    for await (const event of events.subscribe(control.signal))
      if (event.type === 'password' && event.state === 'given' && event.documentId === 'one')
        events.publish({ ...event, documentId: 'two', to: asking })
  })()
  void (async () => {
    for await (const event of events.subscribe(control.signal))
      if (event.type === 'password' && event.state === 'wanted' && event.documentId === 'two') asking = event.to
  })()
  const second = worker.obtain('two')
  await expect.poll(() => asking).not.toBe('')
  expect(await worker.obtain('one')).toBe('first')
  expect(await second).toBeUndefined()
  control.abort()
}, 10_000)

it('says at once that there is none where there is no other process', async () => {
  const passwords = open()
  expect(await passwords.obtain('document')).toBeUndefined()
  passwords.keep('document', 'secret')
  expect(await passwords.obtain('document')).toBe('secret')
  passwords.close()
  expect(passwords.of('document')).toBeUndefined()
})
