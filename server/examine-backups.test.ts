import { expect, onTestFinished, test } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import { createBackupTroubleStore } from '../shared/store/backup-trouble.ts'
import { connect } from '../shared/store/connection.ts'
import { openTestServer } from '../tests/http/open-server.ts'
import { engines } from '../tests/postgres.ts'
import type { Finding } from './commands/doctor.ts'
import type { Context } from './context.ts'
import { examineBackupTrouble } from './examine-backups.ts'

test.each(engines)('why no backup was made is told by processes that make none, and by doctor: $name', async engine => {
  const server = await openTestServer({ engine })
  onTestFinished(() => server.stop())
  const context = { translate: createTranslate('en') } as Partial<Context>
  const examine = async () => {
    const findings: Finding[] = []
    for await (const finding of examineBackupTrouble(context as Context, server.database)) findings.push(finding)
    return findings
  }
  const trouble = async () => (await server.client.health.summary({})).trouble
  expect([await examine(), await trouble()]).toEqual([[], null])

  const { read, write } = connect(server.database)
  const clock = { now: () => Date.now() }
  const reason = { code: 'backup-unwritable', values: { file: '/mnt/away' } } as const
  const at = Date.now()
  await createBackupTroubleStore({ read, write, clock }).note({ at, reason }, at + 3_600_000)
  expect(await examine()).toMatchObject([
    { name: 'backup-failed', state: 'bad', text: expect.stringContaining('No backup can be written to /mnt/away') },
  ])
  expect(await trouble()).toEqual(reason)
  expect(await server.client.administration.jobs({})).toMatchObject({ backupTrouble: { at, reason } })
})
