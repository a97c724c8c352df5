/** The way of a mail, from the transaction that it belongs to until it is in somebody's mailbox, over both engines. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CompiledQuery, Kysely, type Transaction } from 'kysely'
import { v7 } from 'uuid'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openCore } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import type { MailSettings } from '../shared/core.ts'
import { openEgress } from '../shared/egress/egress.ts'
import { createSmtp } from '../shared/mail/smtp.ts'
import type { MailRequest } from '../shared/model/index.ts'
import type { Egress, Log } from '../shared/ports.ts'
import { createSecrets } from '../shared/secrets/secrets.ts'
import { type CatcherOptions, openMailCatcher } from './mail-catcher.ts'
import { createLineParser, openTestCore } from './open-core.ts'
import { silent } from './open-store.ts'
import { engines, type TestEngine } from './postgres.ts'
import { queueMail } from './queue-mail.ts'

const clock = { now: () => Date.now() }
const publicUrl = 'https://wissen.example.org'
const reset: MailRequest = {
  kind: 'reset',
  to: 'anna@example.org',
  language: 'de',
  values: { link: `${publicUrl}/#/reset?token=geheim`, minutes: 60 },
}
const deadline = { timeout: 20_000, interval: 20 }

function mailOver(egress: Egress, port: number): MailSettings {
  const mail = createSmtp({
    settings: { host: '127.0.0.1', port, secure: 'none', from: { address: 'c@example.org' } },
    connect: (to, signal) => egress.connect({ purpose: 'mail', access: 'internal', trust: 'operator' }, to, signal),
    clock,
  })
  return { mail, secrets: createSecrets({ key: '00'.repeat(32) }), product: 'Cloister', publicUrl }
}

async function open(engine: TestEngine, { down = false, ...catching }: CatcherOptions & { down?: boolean } = {}) {
  const catcher = await openMailCatcher(catching)
  onTestFinished(() => catcher.close())
  if (down) await catcher.close()
  const logged: unknown[] = []
  const note = (...line: unknown[]) => void logged.push(line)
  const log: Log = { debug: note, info: note, warn: note, error: note }
  const egress = openEgress({ clock, ids: { next: () => v7() }, log: silent })
  const settings = { mail: mailOver(egress, catcher.port), egress }
  const { core, close, database } = await openTestCore(createLineParser(), { engine, log, settings })
  onTestFinished(close)
  return {
    core,
    catcher,
    database,
    logged: () => JSON.stringify(logged, (_, value) => (value instanceof Error ? String(value) : value)),
  }
}

describe.each(engines)('mail over $name', engine => {
  test('is sent once, in the language of who gets it, and its line stands in the ledger', async () => {
    const { core, catcher, logged, database } = await open(engine)
    await queueMail({ core, database }, reset)
    await queueMail({ core, database }, { ...reset, to: 'bob@example.org', language: 'en' })
    expect(catcher.mails).toEqual([])
    core.start()
    await expect.poll(() => catcher.mails.length, deadline).toBe(2)
    const subjects = Object.fromEntries(catcher.mails.map(({ to, parsed }) => [to[0], parsed.subject]))
    expect(subjects).toEqual({
      'anna@example.org': 'Wählen Sie ein neues Passwort für Cloister',
      'bob@example.org': 'Choose a new password for Cloister',
    })
    expect(catcher.mails[0].parsed.text).toContain('token=geheim')
    await expect
      .poll(
        async () =>
          (await core.ledger.page('local', { installation: true, limit: 10 })).entries.map(({ outcome }) => outcome),
        deadline,
      )
      .toEqual(['done', 'done'])
    const { entries } = await core.ledger.page('local', { installation: true, limit: 10 })
    expect(entries[0]).toMatchObject({ purpose: 'mail', host: '127.0.0.1', port: catcher.port, userId: null })
    expect(logged()).not.toMatch(/geheim|anna@/)
  })

  test('for nobody is queued like any other, and nothing is sent', async () => {
    const { core, catcher, database } = await open(engine)
    await queueMail({ core, database }, reset, { nobody: true })
    await queueMail({ core, database }, { ...reset, to: 'bob@example.org' })
    core.start()
    await expect.poll(() => catcher.mails.length, deadline).toBe(1)
    await core.close()
    expect(catcher.mails.map(({ to }) => to)).toEqual([['bob@example.org']])
    expect(catcher.connections).toBe(1)
  })

  test('is tried again where the server says later', async () => {
    const tried: string[] = []
    const { core, catcher, database } = await open(engine, {
      refuseRecipient: () => (tried.push('rcpt') < 2 ? '451 4.7.1 greylisted' : undefined),
    })
    await queueMail({ core, database }, reset)
    core.start()
    await expect.poll(() => catcher.mails.length, deadline).toBe(1)
    expect(tried).toHaveLength(2)
    expect(await core.givenUp.list('local')).toEqual([])
  })

  test('is given up where it is refused for good, and nothing of it is told', async () => {
    const { core, catcher, logged, database } = await open(engine, {
      refuseRecipient: () => '550 5.1.1 anna@example.org: geheim',
    })
    await queueMail({ core, database }, reset)
    core.start()
    await expect.poll(async () => (await core.givenUp.list('local')).length, deadline).toBe(1)
    const [job] = await core.givenUp.list('local')
    expect(job).toMatchObject({ kind: 'mail', document: null })
    expect(job.error).toBe('mail-refused {"host":"127.0.0.1","status":"550 5.1.1"}')
    expect(catcher.mails).toEqual([])
    expect(JSON.stringify(job) + logged()).not.toMatch(/geheim|anna@/)
    await core.givenUp.retry('local', job.id)
    await expect.poll(() => catcher.connections, deadline).toBe(2)
  })

  test('a server that is not there: it waits, and nothing is lost', async () => {
    const { core, logged, database } = await open(engine, { down: true })
    await queueMail({ core, database }, reset)
    core.start()
    await expect.poll(logged, deadline).toContain('a mail is tried again')
    expect(await core.givenUp.list('local')).toEqual([])
    expect(logged()).toContain('ECONNREFUSED')
  })

  test('is not queued where its transaction comes to nothing', async () => {
    const { core, catcher, database } = await open(engine)
    const enqueue = await core.mails.prepare(reset)
    const db = new Kysely<object>({ dialect: database.writer('internal') })
    const execute = async (sql: string, parameters: readonly unknown[], tx: Transaction<object>) =>
      (await tx.executeQuery(CompiledQuery.raw(sql, [...parameters]))).rows as never[]
    const changing = db.transaction().execute(async tx => {
      await enqueue({ execute: (sql, parameters) => execute(sql, parameters, tx) })
      throw new Error('rolled back')
    })
    await expect(changing).rejects.toThrow('rolled back')
    await queueMail({ core, database }, { ...reset, to: 'bob@example.org' })
    core.start()
    await expect.poll(() => catcher.mails.length, deadline).toBe(1)
    expect(catcher.mails[0].to).toEqual(['bob@example.org'])
  })
})

test('the mail of a process that is killed goes out once', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-mail-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  let first = true
  const catcher = await openMailCatcher({ refuseRecipient: () => (first ? 'hang' : undefined) })
  onTestFinished(() => catcher.close())
  const smtp = `smtp://127.0.0.1:${catcher.port}`
  const worker = path.join(import.meta.dirname, 'fixture-mail-worker.ts')
  const child = spawn(process.execPath, [worker, folder, smtp], { stdio: ['ignore', 'ignore', 'inherit'] })
  const gone = once(child, 'exit')
  await expect.poll(() => catcher.connections, deadline).toBe(1)
  child.kill('SIGKILL')
  await gone
  first = false
  expect(catcher.mails).toEqual([])

  const environment = {
    MODE: 'server',
    PUBLIC_URL: publicUrl,
    AUTH_SECRET: 'correct-horse-battery-staple-and-more',
    SMTP_URL: smtp,
    FROM_EMAIL: 'c@example.org',
  }
  const opened = await openCore({ config: readConfig({ data: folder, environment }), log: silent })
  onTestFinished(opened.close)
  opened.core.start()
  await expect.poll(() => catcher.mails.length, deadline).toBe(1)
  expect(catcher.mails[0].parsed.text).toContain('token=geheim')
  // The next one finds the queue empty but for itself.
  const link = `${publicUrl}/#/login`
  await queueMail(opened, { kind: 'new-totp', to: 'bob@example.org', language: 'en', values: { link } })
  await expect
    .poll(() => catcher.mails.map(({ to }) => to[0]), deadline)
    .toEqual(['anna@example.org', 'bob@example.org'])
})

test('what is wrong with a mail is said when it is queued', async () => {
  const { core } = await open(engines[0] as TestEngine)
  await expect(core.mails.prepare({ ...reset, to: 'anna@example.org\r\nBcc: x@y.z' })).rejects.toMatchObject({
    code: 'mail-address',
  })
  await expect(
    core.mails.prepare({ ...reset, values: { link: 'https://evil.example/', minutes: 1 } } as MailRequest),
  ).rejects.toThrow()
  const { core: without, close } = await openTestCore(createLineParser())
  onTestFinished(close)
  expect(without.mails.on).toBe(false)
  await expect(without.mails.prepare(reset)).rejects.toMatchObject({ code: 'mail-off' })
})
