import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { listen } from '../shared/egress/fixture.ts'
import { createTranslate } from '../shared/messages/index.ts'
import type { Finding } from './commands/doctor.ts'
import { readConfig } from './config.ts'
import type { Context } from './context.ts'
import { examineMail } from './examine-mail.ts'

async function examine(environment: Record<string, string>): Promise<Finding[]> {
  const config = readConfig({ environment: { MODE: 'server', ...environment } })
  const context = { translate: createTranslate('en'), config: () => config } as Context
  const findings: Finding[] = []
  for await (const finding of examineMail(context)) findings.push(finding)
  return findings
}

test('one person’s library needs no mail', async () => {
  expect(await examine({ MODE: 'local' })).toEqual([])
})

test('says what is off', async () => {
  expect(await examine({})).toMatchObject([{ state: 'warn', text: expect.stringContaining('no forgotten passwords') }])
  expect(await examine({ RESEND_API_KEY: 're_secret' })).toMatchObject([
    { state: 'bad', text: expect.stringContaining('FROM_EMAIL') },
  ])
})

test('says which server it is, and whether it listens; not a byte is sent there', async () => {
  let received = 0
  const server = createServer(socket => socket.on('data', data => (received += data.length)).on('error', () => {}))
  const port = await listen(server)
  const environment = { SMTP_URL: `smtp://user:s3cret@127.0.0.1:${port}`, FROM_EMAIL: 'c@example.org' }
  expect(await examine(environment)).toEqual([
    { name: 'mail', state: 'ok', text: `Mail goes through 127.0.0.1:${port}, from c@example.org` },
  ])
  await new Promise(resolve => server.close(resolve))
  expect(received).toBe(0)
  const [gone] = await examine(environment)
  expect(gone).toMatchObject({ state: 'bad', text: expect.stringContaining('ECONNREFUSED') })
  expect(gone.text).not.toContain('s3cret')
})

test('OFFLINE: another machine is not even tried', async () => {
  const [finding] = await examine({ OFFLINE: '1', SMTP_HOST: 'mail.example.org', FROM_EMAIL: 'c@example.org' })
  expect(finding).toMatchObject({ state: 'bad', text: expect.stringContaining('OFFLINE') })
})
