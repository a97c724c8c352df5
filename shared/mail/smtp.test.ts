import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../tests/free-port.ts'
import { type CatcherOptions, certificate, openMailCatcher } from '../../tests/mail-catcher.ts'
import { openGate, serveTcp } from '../egress/fixture.ts'
import { createSmtp, type SmtpSettings, type SmtpTimes } from './smtp.ts'

const mail = {
  id: '01991b7a-0000-7000-8000-000000000001',
  to: 'anna@example.org',
  subject: 'Grüße, und eine lange Zeile mit ß',
  text: 'Guten Tag,\n\nein Geheimnis: https://cloister.example/#token=abc\n',
  html: '<p>Guten Tag, <b>ein Geheimnis</b></p>',
}
const from = { name: 'Müller, Anna', address: 'cloister@example.org' }
const account = { user: 'cloister', password: 'do-not-tell-anybody' }
const quick: SmtpTimes = { greeting: 400, envelope: 600, taking: 600, stopping: 300, rest: 60_000 }

async function open({
  settings = {},
  port,
  times,
  offline = false,
  clock = { now: () => Date.now() },
  ...catching
}: CatcherOptions & {
  settings?: Partial<SmtpSettings>
  port?: number
  times?: SmtpTimes
  offline?: boolean
  clock?: { now(): number }
} = {}) {
  const catcher = await openMailCatcher(catching)
  onTestFinished(() => catcher.close())
  const gate = await openGate(offline ? { policy: async () => 'offline' } : {})
  const smtp = createSmtp({
    settings: { host: 'localhost', port: port ?? catcher.port, secure: 'none', from, ...settings },
    connect: gate.connect,
    clock,
    ...(times && { times }),
  })
  return { catcher, gate, smtp }
}

const failure = (promise: Promise<void>) =>
  promise.then(
    () => 'sent',
    (error: { code?: string; values?: unknown }) => ({ code: error.code, values: error.values }),
  )

test('a mail arrives as text and HTML, and its line stands in the ledger', async () => {
  const { catcher, gate, smtp } = await open()
  await smtp.send(mail)
  const [caught] = catcher.mails
  expect(caught).toMatchObject({ from: from.address, to: [mail.to], secure: false })
  expect(caught.parsed).toMatchObject({
    subject: mail.subject,
    from: { name: from.name, address: from.address },
    messageId: `<${mail.id}@example.org>`,
  })
  expect(caught.parsed.text?.trim()).toBe(mail.text.trim())
  expect(caught.parsed.html?.trim()).toBe(mail.html)
  expect(caught.raw).toContain('Auto-Submitted: auto-generated')
  const [entry] = await gate.entries()
  expect(entry).toMatchObject({ purpose: 'mail', host: 'localhost', port: catcher.port, outcome: 'done', why: null })
  expect(entry.sent).toBeGreaterThan(caught.raw.length)
  expect(JSON.stringify(entry)).not.toMatch(/anna|token/)
})

test.each([
  ['STARTTLS', 'starttls'],
  ['TLS', 'tls'],
] as const)('with %s and a login', async (_, secure) => {
  const { catcher, smtp } = await open({
    secure,
    account,
    settings: { secure, ca: certificate, ...account },
  })
  await smtp.send(mail)
  expect(catcher.mails).toMatchObject([{ secure: true, user: account.user }])
})

test('nothing is said to a server that offers no STARTTLS, or whose certificate nobody knows', async () => {
  const without = await open({ account, settings: { secure: 'starttls', ...account } })
  expect(await failure(without.smtp.send(mail))).toMatchObject({ code: 'mail-tls' })
  const unknown = await open({ secure: 'starttls', account, settings: { secure: 'starttls', ...account } })
  expect(await failure(unknown.smtp.send(mail))).toMatchObject({
    code: 'mail-tls',
    values: { host: 'localhost', detail: expect.stringMatching(/SELF_SIGNED/) },
  })
  expect((await unknown.gate.entries()).map(({ outcome, why }) => [outcome, why])).toEqual([['failed', 'tls']])
  const implicit = await open({ secure: 'tls', account, settings: { secure: 'tls', ...account } })
  expect(await failure(implicit.smtp.send(mail))).toMatchObject({ code: 'mail-tls' })
  for (const { catcher } of [without, unknown, implicit]) expect([catcher.logins, catcher.mails]).toEqual([0, []])
})

test('a login that is refused is not tried again for a while', async () => {
  let now = 1_000_000
  const { catcher, gate, smtp } = await open({
    account,
    settings: { user: account.user, password: 'wrong-secret' },
    clock: { now: () => now },
  })
  const refused = { code: 'mail-login', values: { host: 'localhost', status: '535 5.7.8' } }
  expect(await failure(smtp.send(mail))).toEqual(refused)
  expect(await failure(smtp.send(mail))).toEqual(refused)
  expect(catcher.logins).toBe(1)
  now += 61_000
  expect(await failure(smtp.send(mail))).toEqual(refused)
  expect(catcher.logins).toBe(2)
  expect((await gate.entries()).map(({ outcome }) => outcome)).toEqual(['done', 'done'])
})

test('a server without logins is not sent mail past the login', async () => {
  const { catcher, smtp } = await open({ settings: account })
  expect(await failure(smtp.send(mail))).toMatchObject({ code: 'mail-login', values: { status: 'no AUTH' } })
  expect(catcher.mails).toEqual([])
})

test.each([
  ['451 4.7.1 greylisted, anna@example.org', 'mail-later', '451 4.7.1'],
  ['421 too busy', 'mail-later', '421'],
  ['550 5.7.1 spam: Guten Tag', 'mail-refused', '550 5.7.1'],
  ['503 5.5.1 order', 'mail-later', '503 5.5.1'],
])('%s is %s', async (answer, code, status) => {
  const values = { host: 'localhost', status }
  const late = await open({ refuse: () => answer })
  expect(await failure(late.smtp.send(mail))).toEqual({ code, values })
  const early = await open({ refuseRecipient: () => answer })
  expect(await failure(early.smtp.send(mail))).toEqual({ code, values })
  expect((await early.gate.entries()).map(({ outcome }) => outcome)).toEqual(['done'])
})

test('a server that is silent, that closes in the middle, that is not there, that talks nonsense', async () => {
  const silent = await serveTcp(() => {})
  const one = await open({ port: silent.port, times: quick })
  expect(await failure(one.smtp.send(mail))).toMatchObject({ code: 'mail-silent' })
  expect(await one.gate.entries()).toMatchObject([{ outcome: 'failed', why: 'timeout' }])

  const trickle = await serveTcp(socket => {
    const timer = setInterval(() => socket.write('220-still here\r\n'), 50)
    socket.on('close', () => clearInterval(timer))
  })
  expect(await failure((await open({ port: trickle.port, times: quick })).smtp.send(mail))).toMatchObject({
    code: 'mail-silent',
  })

  const closing = await open({ refuse: () => 'close' })
  expect(await failure(closing.smtp.send(mail))).toMatchObject({
    code: expect.stringMatching(/mail-(unreachable|later)/),
  })

  const gone = await open({ port: await freePort() })
  expect(await failure(gone.smtp.send(mail))).toEqual({
    code: 'mail-unreachable',
    values: { host: 'localhost', detail: 'ECONNREFUSED' },
  })

  const nonsense = await serveTcp(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  expect(await failure((await open({ port: nonsense.port })).smtp.send(mail))).toMatchObject({
    code: 'mail-unreachable',
  })
})

test('one that never says whether it took the mail', async () => {
  const mute = await serveTcp(socket => {
    socket.write('220 hello\r\n')
    socket.on('data', data => {
      if (/^EHLO/.test(String(data))) socket.write('250 hello\r\n')
      else if (/^(MAIL|RCPT)/.test(String(data))) socket.write('250 fine\r\n')
      else if (/^DATA/.test(String(data))) socket.write('354 go\r\n')
    })
  })
  const waiting = await open({ port: mute.port, times: quick })
  expect(await failure(waiting.smtp.send(mail))).toMatchObject({ code: 'mail-silent' })
  const stopped = await open({ port: mute.port, times: { ...quick, taking: 60_000 } })
  const stop = new AbortController()
  const sending = failure(stopped.smtp.send(mail, stop.signal))
  await expect.poll(async () => (await stopped.gate.now())[0]?.outcome).toBe('open')
  stop.abort()
  expect(await sending).toMatchObject({ code: 'cancelled' })
})

test('OFFLINE: only a server of this machine', async () => {
  const here = await open({ offline: true })
  await here.smtp.send(mail)
  expect(here.catcher.mails).toHaveLength(1)
  const away = await open({ offline: true, settings: { host: 'mail.example.org' } })
  expect(await failure(away.smtp.send(mail))).toEqual({
    code: 'egress-refused',
    values: { host: 'mail.example.org', why: 'offline' },
  })
  expect(await away.gate.entries()).toMatchObject([{ outcome: 'refused', why: 'offline', purpose: 'mail' }])
})

test('neither address nor subject ends a line', async () => {
  const { catcher, smtp } = await open()
  expect(await failure(smtp.send({ ...mail, to: 'anna@example.org\r\nBcc: eve@example.net' }))).toMatchObject({
    code: 'mail-address',
  })
  expect(await failure(smtp.send({ ...mail, to: 'anna@example.org>\r\nRCPT TO:<eve@example.net' }))).toMatchObject({
    code: 'mail-address',
  })
  await smtp.send({ ...mail, to: '"anna,lena"@müller.example', subject: 'one\r\nBcc: eve@example.net' })
  const [caught] = catcher.mails
  // The catcher reads names of the domain as people write them.
  expect(caught.to).toEqual(['"anna,lena"@müller.example'])
  expect(caught.raw).toMatch(/^To: <"anna,lena"@xn--mller-kva\.example>\r$/m)
  expect(caught.parsed.bcc ?? []).toEqual([])
  expect(caught.raw).not.toMatch(/^Bcc:/im)
})
