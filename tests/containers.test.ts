/** Files inside files, end to end: the real core, real parser processes. */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeMail } from '../scripts/fixtures/eml.ts'
import { writeBomb, writeZip } from '../scripts/fixtures/zip.ts'
import type { CoreSettings } from '../shared/core.ts'
import type { Document, FileInside } from '../shared/model/index.ts'
import { createParsers } from '../shared/parsers/parsers.ts'
import type { Parsers } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { aborted, openTestCore, type TestCore } from './open-core.ts'
import { silent } from './open-store.ts'

const parser = fileURLToPath(new URL('../shared/parsers/process.ts', import.meta.url))
const processes = createForkedProcesses({ entries: { parser }, log: silent })
const openParsers = () => createParsers({ spawn: () => processes.spawn('parser'), log: silent, processes: 1 })
const limit = 60_000

describe('files that hold files', () => {
  let test_: TestCore
  async function open(settings: Partial<CoreSettings> = {}) {
    test_ = await openTestCore(openParsers(), { settings })
  }
  beforeEach(() => open())
  afterEach(() => test_.close())

  async function add(name: string, bytes: Uint8Array): Promise<Document> {
    const { document } = await test_.core.documents.add(test_.scope, {
      name,
      open: async function* () {
        yield bytes
      },
    })
    return document
  }

  async function settle(): Promise<Document[]> {
    const { core, scope } = test_
    core.start()
    await core.settled(scope, AbortSignal.timeout(limit))
    return core.documents.list(scope)
  }

  const receiptOf = async ({ id }: Document) => (await test_.core.documents.receipt(test_.scope, id))!
  const pathsOf = (documents: readonly Document[]) => documents.map(document => document.path).sort()
  const fileOf = (files: readonly FileInside[], name: string) => files.find(file => file.path === name)!
  const find = async (words: string) =>
    (await test_.core.search(test_.scope, words)).map(passage => passage.file).sort()

  const frist = (tag: string) => `Die Kündigungsfrist beträgt nach ${tag} genau drei Monate zum Quartalsende.`
  const mail = (parts: { name: string; text: string }[], subject = 'Unterlagen') =>
    writeMail({
      subject,
      text: 'Im Anhang die Unterlagen zur Besichtigung am Sonnabend.',
      parts: parts.map(({ name, text }) => ({ name, type: 'text/plain', bytes: text })),
    })

  describe('a container', () => {
    test(
      'is a document, and each file in it is one of its own, found by its words and with its path',
      async () => {
        const message = await add(
          'mail.eml',
          mail([
            { name: 'Vertrag.txt', text: frist('Anlage eins') },
            { name: 'leer.txt', text: '' },
            { name: 'musik.mp3', text: 'la la' },
          ]),
        )
        const documents = await settle()
        expect(pathsOf(documents)).toEqual(['mail.eml', 'mail.eml/Vertrag.txt'])
        const child = documents.find(({ name }) => name === 'Vertrag.txt')!
        expect([child.parentId, child.state]).toEqual([message.id, 'ready'])
        expect(documents.find(({ id }) => id === message.id)!.parentId).toBeNull()
        expect(await find('Kündigungsfrist Anlage eins')).toEqual(['mail.eml/Vertrag.txt'])
        expect(await find('Besichtigung am Sonnabend')).toEqual(['mail.eml'])
        const receipt = await receiptOf(message)
        expect(receipt.fileCount).toBe(3)
        expect(receipt.files).toEqual([
          { number: 1, name: 'Vertrag.txt', path: 'Vertrag.txt', documentId: child.id, reason: null },
          {
            number: 2,
            name: 'leer.txt',
            path: 'leer.txt',
            documentId: null,
            reason: { code: 'empty-file', values: { name: 'leer.txt' } },
          },
          {
            number: 3,
            name: 'musik.mp3',
            path: 'musik.mp3',
            documentId: null,
            reason: { code: 'unsupported-type', values: { name: 'musik.mp3' } },
          },
        ])
        expect(receipt.reasons).toEqual([{ code: 'files-left-out', values: { count: 2, total: 3 } }])
        // Nothing stays in the folder they were taken out into.
        expect(await readdir(path.join(test_.folder, 'scratch'))).toEqual([])
      },
      limit,
    )

    test(
      'in a container in a container is opened, and the fourth is not',
      async () => {
        const innermost = writeZip([{ name: 'tief.txt', bytes: frist('der Tiefe') }])
        const third = writeMail({
          subject: 'Dritte',
          text: 'Die dritte Ebene spricht vom Gartenhaus.',
          parts: [
            { name: 'vierte.zip', type: 'application/zip', bytes: innermost },
            { name: 'plan.txt', type: 'text/plain', bytes: frist('dem Plan') },
          ],
        })
        const second = writeZip([{ name: 'dritte.eml', bytes: third }])
        await add('erste.zip', writeZip([{ name: 'zweite.zip', bytes: second }]))
        const documents = await settle()
        const inThird = 'erste.zip/zweite.zip/dritte.eml'
        expect(pathsOf(documents)).toEqual(['erste.zip', 'erste.zip/zweite.zip', inThird, `${inThird}/plan.txt`])
        const { files } = await receiptOf(documents.find(({ path }) => path === inThird)!)
        expect(fileOf(files, 'vierte.zip').reason).toEqual({ code: 'archive-too-deep' })
      },
      limit,
    )

    test(
      'the same file in two of them is there once, and both point at it',
      async () => {
        const attached = { name: 'Vertrag.txt', text: frist('dem Vertrag') }
        const first = await add('eins.eml', mail([attached], 'Eins'))
        const second = await add('zwei.eml', mail([attached], 'Zwei'))
        const documents = await settle()
        expect(documents).toHaveLength(3)
        const child = documents.find(({ name }) => name === 'Vertrag.txt')!
        for (const one of [first, second]) expect((await receiptOf(one)).files[0]!.documentId).toBe(child.id)

        // It goes over to the other one when the first goes, and comes back with neither twice.
        const owner = child.parentId === first.id ? first : second
        const other = owner === first ? second : first
        const { core, scope } = test_
        await core.documents.delete(scope, owner.id)
        const moved = await core.documents.get(scope, child.id)
        expect([moved.parentId, moved.deletedAt, moved.path]).toEqual([other.id, null, `${other.path}/Vertrag.txt`])
        expect(await find('Kündigungsfrist')).toEqual([`${other.path}/Vertrag.txt`])
        await core.documents.undo(scope, owner.id)
        expect(await settle()).toHaveLength(3)
        await core.documents.delete(scope, other.id)
        expect((await core.documents.get(scope, child.id)).parentId).toBe(owner.id)
      },
      limit,
    )

    test(
      'read again adds nothing twice',
      async () => {
        const message = await add('mail.eml', mail([{ name: 'a.txt', text: frist('a') }]))
        const before = await settle()
        await test_.core.documents.retry(test_.scope, message.id)
        const after = await settle()
        expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort())
        expect((await receiptOf(message)).files).toHaveLength(1)
      },
      limit,
    )

    test(
      'read again takes in what was refused before',
      async () => {
        await test_.close()
        await open({ limits: { fileSize: 1_000, files: 3 } })
        const { core, scope } = test_
        const other = await add('davor.txt', Buffer.from(frist('davor')))
        const files = ['a', 'b'].map(name => ({ name: `${name}.txt`, bytes: frist(name) }))
        const archive = await add('c.zip', writeZip(files))
        await settle()
        const reasons = async () => (await receiptOf(archive)).files.map(({ reason }) => reason?.code)
        expect(await reasons()).toEqual([undefined, 'too-many-files'])
        await core.documents.purge(scope, other.id)
        await core.documents.retry(scope, archive.id)
        expect(pathsOf(await settle())).toEqual(['c.zip', 'c.zip/a.txt', 'c.zip/b.txt'])
        expect(await reasons()).toEqual([undefined, undefined])
      },
      limit,
    )

    test(
      'obeys the limits of the installation',
      async () => {
        await test_.close()
        await open({ limits: { fileSize: 200, files: 3 } })
        const archive = await add(
          'a.zip',
          writeZip([
            { name: 'lang.txt', bytes: 'x'.repeat(201) },
            ...['1', '2', '3'].map(name => ({ name: `${name}.txt`, bytes: frist(name) })),
          ]),
        )
        expect(await settle()).toHaveLength(3)
        const { files } = await receiptOf(archive)
        expect(files.map(({ reason }) => reason?.code)).toEqual(['too-large', undefined, undefined, 'too-many-files'])
      },
      limit,
    )
  })

  describe('deleting a container', () => {
    const archive = () =>
      writeZip([
        { name: 'a.txt', bytes: frist('a') },
        { name: 'mail.eml', bytes: mail([{ name: 'b.txt', text: frist('b') }]) },
      ])

    test(
      'takes what came out of it along, and undo brings it back; but not what was deleted before',
      async () => {
        const { core, scope } = test_
        const zip = await add('a.zip', archive())
        const documents = await settle()
        expect(pathsOf(documents)).toEqual(['a.zip', 'a.zip/a.txt', 'a.zip/mail.eml', 'a.zip/mail.eml/b.txt'])
        await core.documents.delete(scope, documents.find(({ name }) => name === 'a.txt')!.id)
        await core.documents.delete(scope, zip.id)
        expect(await core.documents.list(scope)).toEqual([])
        expect(await find('Kündigungsfrist')).toEqual([])
        await core.documents.undo(scope, zip.id)
        expect(pathsOf(await settle())).toEqual(['a.zip', 'a.zip/mail.eml', 'a.zip/mail.eml/b.txt'])
        expect(await find('Kündigungsfrist')).toEqual(['a.zip/mail.eml/b.txt'])
        expect(fileOf((await receiptOf(zip)).files, 'a.txt').documentId).toBeNull()
      },
      limit,
    )

    test(
      'for good takes along what lies in the trash, and leaves what was put back',
      async () => {
        const { core, scope } = test_
        const zip = await add('a.zip', archive())
        const documents = await settle()
        const named = (wanted: string) => documents.find(({ name }) => name === wanted)!
        expect(await core.documents.company(scope, zip.id)).toBe(3)
        await core.documents.delete(scope, zip.id)
        expect(await core.documents.company(scope, zip.id)).toBe(3)
        await core.documents.undo(scope, named('a.txt').id)
        await core.documents.undo(scope, named('mail.eml').id)
        expect(await core.documents.company(scope, zip.id)).toBe(0)
        // What came out of the mail came back with it, and goes alone.
        await core.documents.delete(scope, named('b.txt').id)
        await core.documents.purge(scope, zip.id)
        const left = await settle()
        expect(left.map(({ path, parentId }) => [path, parentId]).sort()).toEqual([
          ['a.zip/a.txt', null],
          ['a.zip/mail.eml', null],
        ])
        expect((await core.documents.trash(scope)).map(({ path, parentId }) => [path, parentId])).toEqual([
          ['a.zip/mail.eml/b.txt', named('mail.eml').id],
        ])
        expect(await find('Kündigungsfrist')).toEqual(['a.zip/a.txt'])
      },
      limit,
    )

    test(
      'for good removes rows and bytes of all',
      async () => {
        const { core, scope } = test_
        const zip = await add('a.zip', archive())
        await settle()
        await core.documents.purge(scope, zip.id)
        expect([...(await core.documents.list(scope)), ...(await core.documents.trash(scope))]).toEqual([])
        const blobs = await readdir(path.join(test_.folder, 'blobs'), { recursive: true, withFileTypes: true })
        expect(blobs.filter(entry => entry.isFile())).toEqual([])
      },
      limit,
    )

    test(
      'leaves what was added by itself, before or after',
      async () => {
        const { core, scope } = test_
        await add('vorher.txt', Buffer.from(frist('a')))
        const zip = await add(
          'a.zip',
          writeZip(['a', 'b', 'c'].map(name => ({ name: `${name}.txt`, bytes: frist(name) }))),
        )
        await settle()
        await add('nachher.txt', Buffer.from(frist('b')))
        await core.documents.delete(scope, zip.id)
        const left = await core.documents.list(scope)
        expect(pathsOf(left)).toEqual(['nachher.txt', 'vorher.txt'])
        expect(left.every(({ parentId }) => parentId === null)).toBe(true)
      },
      limit,
    )
  })

  describe('while files are under way', () => {
    test(
      'cancel, pause and resume reach them with their container',
      async () => {
        // Children wait behind the mail: the stage that reads one at a time has not begun with them.
        await test_.close()
        const real = openParsers()
        let held: (() => void) | undefined
        const gate = new Promise<void>(resolve => {
          held = resolve
        })
        const slow: Parsers = {
          ...real,
          mediaType: real.mediaType,
          isContainer: real.isContainer,
          async *parse(request, signal) {
            if (request.name.endsWith('.txt')) {
              await Promise.race([gate, aborted(signal)])
            }
            yield* real.parse(request, signal)
          },
        }
        test_ = await openTestCore(slow)
        const { core, scope } = test_
        const message = await add(
          'mail.eml',
          mail(['a', 'b'].map(name => ({ name: `${name}.txt`, text: frist(name) }))),
        )
        core.start()
        await expect.poll(async () => (await core.documents.list(scope)).length, { timeout: limit }).toBe(3)
        await expect
          .poll(async () => (await core.documents.get(scope, message.id)).state, { timeout: limit })
          .toBe('ready')
        await core.documents.pause(scope, message.id)
        const states = async () => (await core.documents.list(scope)).map(({ state }) => state).sort()
        expect(await states()).toEqual(['paused', 'paused', 'ready'])
        await core.documents.cancel(scope, message.id)
        expect(await states()).toEqual(['cancelled', 'cancelled', 'ready'])
        for (const child of await core.documents.list(scope)) {
          if (child.parentId !== null) await core.documents.retry(scope, child.id)
        }
        await core.documents.pause(scope, message.id)
        await core.documents.resume(scope, message.id)
        held?.()
        await core.settled(scope, AbortSignal.timeout(limit))
        expect(await states()).toEqual(['ready', 'ready', 'ready'])
      },
      limit,
    )
  })

  // It is the parsers that refuse them.
  describe('bombs', () => {
    test(
      'an archive that holds itself is one document',
      async () => {
        // No archive of ours can hold its own bytes; what counts is that the same bytes are not opened again.
        const inner = writeZip([{ name: 'a.txt', bytes: frist('a') }])
        await add('inner.zip', inner)
        await settle()
        await add('outer.zip', writeZip([{ name: 'inner.zip', bytes: inner }]))
        expect(pathsOf(await settle())).toEqual(['inner.zip', 'inner.zip/a.txt', 'outer.zip'])
      },
      limit,
    )

    test(
      'archives in archives in archives end at the third',
      async () => {
        const bomb = writeBomb({ levels: 5, width: 3, bytes: 2_000 })
        await add('bomb.zip', bomb)
        const documents = await settle()
        // One, three in it, and in each of those the same three; the innermost are named and not opened.
        expect(documents.filter(({ name }) => name.endsWith('.zip'))).toHaveLength(7)
        expect(documents.every(({ state }) => state === 'ready')).toBe(true)
      },
      limit,
    )

    test(
      'what unpacks to far too much is refused with a reason',
      async () => {
        const bomb = await add('bomb.zip', writeZip([{ name: 'a.txt', bytes: Buffer.alloc(50 * 1024 ** 2) }]))
        const [document] = await settle()
        expect([document!.id, document!.state, document!.reason?.code]).toEqual([
          bomb.id,
          'failed',
          'archive-too-large',
        ])
      },
      limit,
    )
  })
})
