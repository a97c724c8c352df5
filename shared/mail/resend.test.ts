import { expect, test } from 'vitest'
import { openGate, serveHttp } from '../egress/fixture.ts'
import { createResend } from './resend.ts'

const mail = { id: '01991b7a', to: 'anna@müller.example', subject: 'Hello', text: 'secret', html: '<p>secret</p>' }
const key = 're_do_not_tell'

async function open({ status = 200, silent = false, time }: { status?: number; silent?: boolean; time?: number } = {}) {
  const asked: { headers: Record<string, unknown>; body: Record<string, unknown>; path: string }[] = []
  const server = await serveHttp(async (req, res) => {
    let body = ''
    for await (const part of req) body += part
    asked.push({ headers: req.headers, body: JSON.parse(body), path: `${req.method} ${req.url}` })
    if (silent) return
    res.writeHead(status, { 'content-type': 'application/json' })
    res.end(JSON.stringify({ id: '1', message: `no, ${key}: secret` }))
  })
  const gate = await openGate()
  const sender = createResend({
    settings: { key, from: { name: 'Cloister "one"', address: 'c@example.org' }, url: server.url },
    fetch: gate.fetchAs({ purpose: 'mail', access: 'internal' }),
    ...(time && { time }),
  })
  return { sender, asked, gate }
}

const failure = (promise: Promise<void>) =>
  promise.then(
    () => undefined,
    (error: Error) => error,
  )

test('one request, with the id that keeps it from being sent twice; its line stands in the ledger', async () => {
  const { sender, asked, gate } = await open()
  await sender.send(mail)
  expect(asked).toMatchObject([
    {
      path: 'POST /emails',
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': mail.id },
      body: {
        from: '"Cloister \\"one\\"" <c@example.org>',
        to: ['anna@xn--mller-kva.example'],
        subject: 'Hello',
        text: 'secret',
        html: '<p>secret</p>',
      },
    },
  ])
  expect(await gate.entries()).toMatchObject([{ purpose: 'mail', outcome: 'done', userId: null }])
})

test.each([
  [401, 'mail-login'],
  [403, 'mail-login'],
  [409, 'mail-later'],
  [429, 'mail-later'],
  [500, 'mail-later'],
  [503, 'mail-later'],
  [400, 'mail-refused'],
  [422, 'mail-refused'],
  [302, 'mail-refused'],
])('%i is %s, without a word of what it said', async (status, code) => {
  const { sender } = await open({ status })
  const error = await failure(sender.send(mail))
  expect(error).toMatchObject({ code, values: { host: expect.stringContaining('127.0.0.1'), status } })
  expect(error?.message).not.toMatch(/secret|re_/)
})

test('silent, stopped, refused', async () => {
  const { sender } = await open({ silent: true, time: 200 })
  expect(await failure(sender.send(mail))).toMatchObject({ code: 'mail-silent' })
  const stop = new AbortController()
  const stopped = await open({ silent: true })
  const sending = failure(stopped.sender.send(mail, stop.signal))
  await expect.poll(() => stopped.asked.length).toBe(1)
  stop.abort()
  expect(await sending).toMatchObject({ code: 'cancelled' })
  const gate = await openGate({ policy: async () => 'offline' })
  const away = createResend({
    settings: { key, from: { address: 'c@example.org' } },
    fetch: gate.fetchAs({ purpose: 'mail', access: 'internal' }),
  })
  expect(await failure(away.send(mail))).toMatchObject({ code: 'egress-refused', values: { host: 'api.resend.com' } })
  expect(await failure(away.send({ ...mail, to: 'a@b\r\nx' }))).toMatchObject({ code: 'mail-address' })
})
