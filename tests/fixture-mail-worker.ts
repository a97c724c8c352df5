/** A process that queues a mail and sends it: `node fixture-mail-worker.ts DATA SMTP_URL`. It is killed in the midst of it. */
import { openCore } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import { silent } from './open-store.ts'
import { queueMail } from './queue-mail.ts'

const [data = '', smtp = ''] = process.argv.slice(2)
const environment = {
  MODE: 'server',
  PUBLIC_URL: 'https://wissen.example.org',
  AUTH_SECRET: 'correct-horse-battery-staple-and-more',
  SMTP_URL: smtp,
  FROM_EMAIL: 'c@example.org',
}
const opened = await openCore({ config: readConfig({ data, environment }), log: silent })
const link = 'https://wissen.example.org/#/reset?token=geheim'
const reset = { kind: 'reset', to: 'anna@example.org', language: 'de', values: { link, minutes: 60 } } as const
await queueMail(opened, reset)
opened.core.start()
