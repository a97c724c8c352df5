/** Commands without a server, over a library that has accounts: on behalf of its first owner, with what holds for accounts. */
import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { BlobReader, type FileEntry, TextWriter, ZipReader } from '@zip.js/zip.js'
import { Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../shared/ports.ts'
import { adoptRows } from '../shared/store/adopt.ts'
import type { Schema } from '../shared/store/schema.ts'
import { needsServer, postgres, sqlite } from './postgres.ts'
import { makePlace, type Place, type RunOptions, root } from './run-cli.ts'
import { openTestSqlite } from './sqlite.ts'

const limit = 120_000
const lease = path.join(root, 'samples', 'mietvertrag.md')

/** What a server with accounts does with the first of them. */
async function setUp(database: Database): Promise<void> {
  const db = new Kysely<Schema>({ dialect: database.writer('internal') })
  await db.transaction().execute(async tx => {
    const at = '2026-01-01T00:00:00.000Z'
    const plain = { image: null, language: null, two_factor_enabled: 0, email_verified: 1, blocked_at: null }
    const owner = { id: 'anna', name: 'Anna', email: 'anna@cloister.test', role: 'owner', ...plain }
    await tx
      .insertInto('auth_user')
      .values({ ...owner, created_at: at, updated_at: at })
      .execute()
    await adoptRows(tx, 'local', 'anna', new Map())
  })
}

describe.each([sqlite, postgres])('on $name', engine => {
  const without = engine !== sqlite && !postgres.concurrent
  describe.skipIf(without)(without ? needsServer : 'commands', () => {
    let place: Place
    let options: RunOptions
    let open: () => Promise<{ database: Database; close(): Promise<void> }>
    let drop = async () => {}

    beforeEach(async () => {
      place = await makePlace()
      const data = path.join(place.folder, 'data')
      const environment: Record<string, string> = { CLOISTER_DATA: data }
      if (engine === sqlite)
        open = async () => {
          const database = await openTestSqlite({ file: path.join(data, 'cloister.db') })
          return { database, close: () => database.close() }
        }
      else {
        const held = await postgres.openReady()
        environment.DATABASE_URL = held.url ?? ''
        open = async () => ({ database: held.database, close: async () => {} })
        drop = held.drop
      }
      options = { environment }
    }, limit)
    afterEach(async () => {
      await drop()
      await place.remove()
    }, limit)

    async function inside<T>(run: (database: Database) => Promise<T>): Promise<T> {
      const opened = await open()
      try {
        return await run(opened.database)
      } finally {
        await opened.close()
      }
    }
    const users = () =>
      inside(async database => {
        const db = new Kysely<Schema>({ dialect: database.reader('internal') })
        const rows = await db.selectFrom('user').select('id').execute()
        return rows.map(({ id }) => id)
      })

    it(
      'find the owner’s library, keep to what accounts may use, and make no user beside them',
      async () => {
        expect(await place.run(['ingest', lease], options)).toMatchObject({ code: 0 })
        await inside(setUp)
        const { documents } = await place.json<{ documents: object[] }>(['documents', 'list'], options)
        expect(documents).toMatchObject([{ file: 'mietvertrag.md', state: 'ready' }])
        const asked = await place.json(['ask', 'Wie hoch ist die Kaution?'], options)
        expect(asked).toMatchObject({ code: 0, mode: 'quotes' })
        // With one user alone nobody counts bytes.
        const note = path.join(place.folder, 'note.txt')
        await writeFile(note, 'Eine Notiz.')
        const large = path.join(place.folder, 'large.txt')
        await writeFile(large, 'Eine lange Notiz. '.repeat(70_000))
        const full = { environment: { ...options.environment, MAX_STORAGE_PER_USER_MB: '1' } }
        const refused = await place.run(['ingest', large], full)
        expect(refused.stdout).toMatch(/room for 1 MB/i)
        expect(await place.run(['ingest', note], options)).toMatchObject({ code: 0 })
        const temporary = await place.json(['ask', note, 'Was ist das?'], options)
        expect(temporary).toMatchObject({ question: 'Was ist das?' })
        for (const command of [['projects', 'list'], ['jobs', 'list'], ['providers', 'list'], ['ledger']])
          expect([command, (await place.run(command, options)).code]).toEqual([command, 0])
        const exported = await place.json(['export', path.join(place.folder, 'anna.zip')], options)
        expect(exported).toMatchObject({ code: 0, documents: 2, missing: 0 })
        const archive = new ZipReader(new BlobReader(await openAsBlob(path.join(place.folder, 'anna.zip'))))
        const entries = await archive.getEntries()
        const account = entries.find(({ filename }) => filename === 'account.json') as FileEntry
        expect(JSON.parse(await account.getData(new TextWriter()))).toMatchObject({ email: 'anna@cloister.test' })
        expect(await users()).toEqual(['anna'])
      },
      limit,
    )
  })
})
