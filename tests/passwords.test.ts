/** Protected documents, end to end: the real core, real parser processes. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BlobWriter, TextReader, ZipWriter } from '@zip.js/zip.js'
import { Kysely, sql } from 'kysely'
import crypto from 'officecrypto-tool'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { paragraph, writeDocx } from '../scripts/fixtures/docx.ts'
import { writeMail } from '../scripts/fixtures/eml.ts'
import { writeProtectedPdf } from '../scripts/fixtures/protected-pdf.ts'
import type { Document } from '../shared/model/index.ts'
import { createParsers } from '../shared/parsers/parsers.ts'
import type { Log } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import type { Schema } from '../shared/store/schema.ts'
import { openTestCore, type TestCore } from './open-core.ts'
import { engines, sqlite } from './postgres.ts'

const password = 'Zwiebel-Kuchen-7ä'
const sentence = 'Die Kaution beträgt drei Monatsmieten und wird verzinst.'
const parser = fileURLToPath(new URL('../shared/parsers/process.ts', import.meta.url))
const limit = 180_000
/** Encrypted once: its key is made in a hundred thousand rounds. */
const docx = crypto.encrypt(Buffer.from(writeDocx({ body: paragraph(sentence) })), { password })
const pdf = writeProtectedPdf([sentence], 'Zwiebel')

describe.each(engines)('on $name', engine => {
  let open: TestCore
  let logged: string[]
  const tell = (message: string, fields?: Record<string, unknown>) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = { debug: tell, info: tell, warn: tell, error: tell }
  const processes = createForkedProcesses({ entries: { parser }, log })
  const openParsers = () => createParsers({ spawn: () => processes.spawn('parser'), log, processes: 1 })

  /** One process for all tests: starting one takes longer than reading these files does. */
  const parsers = openParsers()

  beforeEach(async () => {
    logged = []
    open = await openTestCore({ ...parsers, close: async () => {} }, { engine })
  })
  afterEach(() => open.close())
  afterAll(() => parsers.close())

  async function add(name: string, bytes: Uint8Array): Promise<Document> {
    const stream = async function* () {
      yield bytes
    }
    return (await open.core.documents.add(open.scope, { name, open: stream })).document
  }

  /** How the document is when nothing is left to do. */
  async function settled({ id }: Document): Promise<{ state: string; code: string | undefined }> {
    open.core.start()
    await open.core.settled(open.scope, AbortSignal.timeout(limit))
    const { state, reason } = await open.core.documents.get(open.scope, id)
    return { state, code: reason?.code }
  }

  /** Tables of a server in which a row holds the word; SQLite's lie among the files. */
  async function rowsWith(word: string): Promise<string[]> {
    if (engine.engine === 'sqlite') return []
    const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
    const { rows: tables } = await sql<{ name: string }>`select format('%I.%I', schemaname, tablename) as name
      from pg_tables where schemaname in ('public', 'pgboss') order by 1`.execute(read)
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['public.document', 'pgboss.job_common']))
    const hits: string[] = []
    for (const { name } of tables) {
      const { rows } = await sql`select 1 from ${sql.raw(name)} as kept
        where position(${word} in kept::text) > 0 or position(${Buffer.from(word).toString('hex')} in kept::text) > 0`.execute(
        read,
      )
      if (rows.length > 0) hits.push(name)
    }
    return hits
  }

  const found = async () => (await open.core.search(open.scope, 'Kaution Monatsmieten')).map(({ file }) => file).sort()

  async function zip(): Promise<Uint8Array> {
    const writer = new ZipWriter(new BlobWriter(), { password, encryptionStrength: 3 })
    await writer.add('vertrag.txt', new TextReader(sentence))
    return new Uint8Array(await (await writer.close()).arrayBuffer())
  }

  const kinds = [
    ['vertrag.pdf', async () => pdf, 'Zwiebel', 'vertrag.pdf'],
    ['vertrag.docx', async () => docx, password, 'vertrag.docx'],
    ['unterlagen.zip', zip, password, 'unterlagen.zip/vertrag.txt'],
  ] as const
  // How files are decrypted does not depend on the engine, and takes seconds of the processor for each try.
  describe.each(engine === sqlite ? kinds : kinds.slice(0, 1))('%s', (name, bytes, right, file) => {
    test(
      'asks for its password, says when it is wrong, and is read with the right one',
      async () => {
        const document = await add(name, await bytes())
        expect(await settled(document)).toEqual({ state: 'failed', code: 'password-protected' })
        await open.core.documents.unlock(open.scope, document.id, 'falsch')
        expect(await settled(document)).toEqual({ state: 'failed', code: 'password-wrong' })
        expect(await found()).toEqual([])
        await open.core.documents.unlock(open.scope, document.id, right)
        expect(await settled(document)).toEqual({ state: 'ready', code: 'read-with-password' })
        expect(await found()).toEqual([file])
        // It was forgotten with the end of the work: what is there stays.
        await expect(open.core.documents.retry(open.scope, document.id)).rejects.toMatchObject({
          code: 'password-protected',
        })
        expect(await found()).toEqual([file])
      },
      limit,
    )
  })

  test(
    'a password is written nowhere, and a new start asks for it again',
    async () => {
      const document = await add('vertrag.docx', docx)
      expect(await settled(document)).toEqual({ state: 'failed', code: 'password-protected' })
      await open.core.documents.unlock(open.scope, document.id, password)
      expect(await settled(document)).toEqual({ state: 'ready', code: 'read-with-password' })
      for (const entry of await readdir(open.folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue
        const bytes = await readFile(path.join(entry.parentPath, entry.name))
        expect([entry.name, bytes.includes(password), bytes.includes(Buffer.from(password, 'utf16le'))]).toEqual([
          entry.name,
          false,
          false,
        ])
      }
      if (engine.engine === 'postgres') expect(await rowsWith('vertrag.docx')).toContain('public.document')
      expect(await rowsWith(password)).toEqual([])
      expect(logged.filter(line => line.includes(password))).toEqual([])
    },
    limit,
  )

  test(
    'a program that ended before it had read asks again',
    async () => {
      const document = await add('vertrag.pdf', pdf)
      // Nothing works here yet: the job waits.
      await open.core.documents.cancel(open.scope, document.id)
      await open.core.documents.retry(open.scope, document.id)
      await open.reopen(openParsers())
      expect(await settled(document)).toEqual({ state: 'failed', code: 'password-protected' })
      await open.core.documents.unlock(open.scope, document.id, 'Zwiebel')
      await open.reopen(openParsers())
      expect(await settled(document)).toEqual({ state: 'failed', code: 'password-protected' })
      await open.core.documents.unlock(open.scope, document.id, 'Zwiebel')
      expect(await settled(document)).toEqual({ state: 'ready', code: 'read-with-password' })
    },
    limit,
  )

  test.runIf(engine === sqlite)(
    'a protected file in a mail asks for itself',
    async () => {
      const mail = await add(
        'mail.eml',
        writeMail({
          subject: 'Vertrag',
          text: 'Anbei.',
          parts: [{ name: 'v.pdf', type: 'application/pdf', bytes: pdf }],
        }),
      )
      expect((await settled(mail)).state).toBe('ready')
      const inside = (await open.core.documents.list(open.scope)).find(({ name }) => name === 'v.pdf')!
      expect([inside.state, inside.reason?.code]).toEqual(['failed', 'password-protected'])
      await open.core.documents.unlock(open.scope, inside.id, 'Zwiebel')
      expect(await settled(inside)).toEqual({ state: 'ready', code: 'read-with-password' })
      expect(await found()).toEqual(['mail.eml/v.pdf'])
    },
    limit,
  )
})
