import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silent } from '../tests/open-store.ts'
import { needsServer, postgres, type TestDatabase } from '../tests/postgres.ts'
import { openTarget } from './compose-backup.ts'
import { readConfig } from './config.ts'

const onServer = postgres.name === 'Postgres'

describe.skipIf(!onServer)(
  onServer ? 'a library that is restored' : `a library that is restored: ${needsServer}`,
  () => {
    let held: TestDatabase
    let folder: string
    const open = () => {
      const environment = { DATABASE_URL: held.url, HOME: folder }
      return openTarget(readConfig({ data: folder, environment }), silent, new AbortController().signal)
    }

    beforeEach(async () => {
      held = await postgres.open()
      await held.database.close()
      folder = await mkdtemp(path.join(tmpdir(), 'cloister-target-'))
    }, 60_000)
    afterEach(async () => {
      await held.drop()
      await rm(folder, { recursive: true, force: true })
    })

    test('is left alone where a server came after it was looked at', async () => {
      const target = await open()
      try {
        const server = await held.again()
        await server.check(false)
        const refused = { code: 'restore-in-use' }
        await expect(target.replace(async () => 'replaced')).rejects.toMatchObject(refused)
        await server.close()
        const late = target.replace(async ({ database }) => {
          // While bytes were stored.
          const another = await held.again()
          await another.check(false)
          return database.exclusive?.(async () => 'replaced').finally(() => another.close())
        })
        await expect(late).rejects.toMatchObject(refused)
        const alone = target.replace(async ({ database }) => database.exclusive?.(async () => 'replaced'))
        expect(await alone).toBe('replaced')
      } finally {
        await target.close()
      }
    }, 60_000)

    test('is restored by one at a time', async () => {
      const target = await open()
      try {
        await expect(open()).rejects.toMatchObject({ code: 'restore-in-use' })
      } finally {
        await target.close()
      }
    }, 60_000)
  },
)
