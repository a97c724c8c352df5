import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { CompiledQuery, Kysely } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { AppError } from '../shared/errors.ts'
import type { AnswerEvent, Document } from '../shared/model/index.ts'
import type { Parsers } from '../shared/ports.ts'
import { aborted, bytes, createLineParser, openTestCore, type TestCore, type TestCoreOptions } from './open-core.ts'
import { engines, sqlite } from './postgres.ts'
import { until } from './until.ts'

let open: TestCore
afterEach(() => open?.close())

const lease = [
  'Die Kündigungsfrist für die Wohnung in der Lindenstraße beträgt drei Monate zum Monatsende.',
  'Die Kaution beträgt 1.950 Euro und ist in drei gleichen Raten zu zahlen.',
  'Haustiere sind nach vorheriger Zustimmung der Vermieterin erlaubt.',
].join('\n')

async function add(text: string, name = 'mietvertrag.txt') {
  return open.core.documents.add(open.scope, { name, open: () => bytes(text) })
}

async function settledState(id: string): Promise<Document> {
  await open.core.settled(open.scope)
  return open.core.documents.get(open.scope, id)
}

async function ask(question: string, options: { chatId?: string; documents?: string[] } = {}) {
  const events: AnswerEvent[] = []
  for await (const event of open.core.ask(open.scope, { question, ...options })) events.push(event)
  const last = events.at(-1)
  if (last?.type !== 'finish') throw new Error('no finish')
  return { events, answer: last.answer }
}

/** A parser that stands still before a page until told to go on. */
function createGate(page: number): { parsers: Parsers; open(): void; reached: Promise<void>; pages: number[] } {
  let release = () => {}
  let arrive = () => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  const reached = new Promise<void>(resolve => {
    arrive = resolve
  })
  const pages: number[] = []
  const parsers = createLineParser(async (number, _request, signal) => {
    pages.push(number)
    if (number !== page) return
    arrive()
    await Promise.race([gate, aborted(signal)])
  })
  return { parsers, open: release, reached, pages }
}

describe.each(engines)('on $name', engine => {
  const openOn = (parsers: Parsers, options: TestCoreOptions = {}) => openTestCore(parsers, { engine, ...options })

  describe('adding', () => {
    test('returns at once, works in the background, and ends with a receipt', async () => {
      const gate = createGate(1)
      open = await openOn(gate.parsers)
      const { document, added } = await add(lease)
      expect([added, document.state]).toEqual([true, 'queued'])
      open.core.start()
      gate.open()
      const ready = await settledState(document.id)
      expect([ready.state, ready.segments, ready.language, ready.reason]).toEqual(['ready', 3, 'de', null])
      const receipt = await open.core.documents.receipt(open.scope, document.id)
      expect(receipt).toMatchObject({ pages: 3, characters: lease.length - 2, pagesWithoutText: [], reasons: [] })
    })

    test('the same bytes are the same document; a failed one starts anew', async () => {
      let broken = true
      open = await openOn(
        createLineParser(() => {
          if (broken) throw new AppError('damaged')
        }),
      )
      open.core.start()
      const { document } = await add(lease)
      expect(await settledState(document.id)).toMatchObject({ state: 'failed', reason: { code: 'damaged' } })
      broken = false
      const again = await add(lease, 'kopie.txt')
      expect([again.added, again.document.id]).toEqual([false, document.id])
      expect((await settledState(document.id)).state).toBe('ready')
      expect(await open.core.documents.list(open.scope)).toHaveLength(1)
    })

    test('refuses what it cannot read and what is empty, and keeps nothing of it', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      await expect(add('x', 'x.xyz')).rejects.toMatchObject({ code: 'unsupported-type' })
      await expect(add('', 'leer.txt')).rejects.toMatchObject({ code: 'empty-file' })
      const limited = open.core.documents.add(open.scope, { name: 'a.txt', open: () => bytes(lease), limit: 10 })
      await expect(limited).rejects.toMatchObject({ code: 'too-large' })
      expect(await open.core.documents.list(open.scope)).toEqual([])
      await until(async () => (await blobFiles()).length === 0)
    })

    test('pages without text are named, a document without any is failed', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      const partly = await add('Ein Text.\n\nNoch ein Text.')
      const empty = await add('\n\n', 'scan.txt')
      expect(await settledState(partly.document.id)).toMatchObject({ state: 'ready', reason: null })
      expect(await settledState(empty.document.id)).toMatchObject({ state: 'failed', reason: { code: 'no-text' } })
    })
  })

  async function count(statement: string): Promise<number> {
    const read = new Kysely<{ nothing: { nothing: number } }>({ dialect: open.database.reader('internal') })
    const { rows } = await read.executeQuery<{ count: number }>(CompiledQuery.raw(statement))
    return rows[0].count
  }

  async function blobFiles(): Promise<string[]> {
    const folder = path.join(open.folder, 'blobs')
    if (!existsSync(folder)) return []
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries.filter(entry => entry.isFile()).map(entry => entry.name)
  }

  describe('a parser that fails', () => {
    test('goes on behind the last page, and leaves out a page that fails three times', async () => {
      const tries = new Map<number, number>()
      open = await openOn(
        createLineParser(page => {
          tries.set(page, (tries.get(page) ?? 0) + 1)
          if (page === 2) throw new AppError('parser-crashed')
        }),
      )
      open.core.start()
      const { document } = await add(lease)
      const ready = await settledState(document.id)
      expect(ready).toMatchObject({
        state: 'ready',
        reason: { code: 'pages-unreadable', values: { count: 1, pages: '2' } },
      })
      expect([...tries]).toEqual([
        [1, 1],
        [2, 3],
        [3, 1],
      ])
      expect((await ask('Darf ich Haustiere halten?')).answer.citations[0]?.page).toBe(3)
    })

    test('leaves a receipt that says how far it came', async () => {
      open = await openOn(
        createLineParser(page => {
          if (page === 3) throw new AppError('damaged')
        }),
      )
      open.core.start()
      const { document } = await add(lease)
      expect((await settledState(document.id)).state).toBe('failed')
      const receipt = await open.core.documents.receipt(open.scope, document.id)
      expect(receipt).toMatchObject({ pages: 2, reasons: [{ code: 'damaged' }] })
    })

    test('is not blamed for a database that others keep busy', async () => {
      let failures = 0
      open = await openOn(
        createLineParser(page => {
          if (page === 2 && failures++ === 0) throw new AppError('database-busy')
        }),
      )
      open.core.start()
      const { document } = await add(lease)
      await until(async () => (await open.core.documents.get(open.scope, document.id)).state === 'ready')
      expect(failures).toBe(2)
    })

    test('a page of thousands of blocks is indexed in batches', async () => {
      // PGlite took 24 s for 10,000 of them.
      const count = engine === sqlite ? 4000 : 2000
      open = await openOn({
        ...createLineParser(),
        async *parse() {
          yield { type: 'start', mediaType: 'text/plain', paged: true, segments: 1 }
          const blocks = Array.from({ length: count }, (_, index) => ({
            kind: 'paragraph' as const,
            text: `Absatz ${index} ${'wort '.repeat(120)}ende.`,
          }))
          yield { type: 'segment', segment: { number: 1, blocks } }
          yield { type: 'finish', segments: 1, cut: false, reasons: [] }
        },
      })
      open.core.start()
      const { document } = await add('egal')
      const ready = await settledState(document.id)
      expect(ready.state).toBe('ready')
      expect(ready.chunks).toBeGreaterThan(count / 2)
      // The first, one in the middle, and the last batch.
      for (const number of [7, count / 2 + 3, count - 1]) {
        const [found] = await open.core.search(open.scope, `Absatz ${number}`)
        expect(found?.text).toContain(`Absatz ${number} `)
      }
    })

    test('an error nobody foresaw is tried again', async () => {
      let failures = 0
      open = await openOn(
        createLineParser(page => {
          if (page === 3 && failures++ === 0) throw new TypeError('boom')
        }),
      )
      open.core.start()
      const { document } = await add(lease)
      expect((await settledState(document.id)).state).toBe('ready')
      expect(failures).toBe(2)
    })
  })

  describe('in the middle of the work', () => {
    test('cancel stops it, takes it out of the search, and retry goes on where it was', async () => {
      const gate = createGate(3)
      open = await openOn(gate.parsers)
      open.core.start()
      const { document } = await add(lease)
      await gate.reached
      const cancelled = await open.core.documents.cancel(open.scope, document.id)
      expect(cancelled.state).toBe('cancelled')
      await open.core.settled(open.scope)
      gate.open()
      await open.core.documents.retry(open.scope, document.id)
      expect((await settledState(document.id)).state).toBe('ready')
      expect((await ask('Wie hoch ist die Kaution?')).answer.citations[0]?.page).toBe(2)
    })

    test('pause holds it, resume goes on', async () => {
      const gate = createGate(2)
      open = await openOn(gate.parsers)
      open.core.start()
      const { document } = await add(lease)
      await gate.reached
      expect((await open.core.documents.pause(open.scope, document.id)).state).toBe('paused')
      await open.core.settled(open.scope)
      gate.open()
      await open.core.documents.resume(open.scope, document.id)
      expect((await settledState(document.id)).state).toBe('ready')
    })

    test('delete stops it; undo brings it back to the end', async () => {
      const gate = createGate(2)
      open = await openOn(gate.parsers)
      open.core.start()
      const { document } = await add(lease)
      await gate.reached
      await open.core.documents.delete(open.scope, document.id)
      expect(await open.core.documents.list(open.scope)).toEqual([])
      gate.open()
      await open.core.documents.undo(open.scope, document.id)
      expect((await settledState(document.id)).state).toBe('ready')
    })

    test('closing loses nothing: the next start finishes', async () => {
      const gate = createGate(3)
      open = await openOn(gate.parsers)
      open.core.start()
      const { document } = await add(lease)
      await gate.reached
      await open.reopen(createLineParser())
      open.core.start()
      expect((await settledState(document.id)).state).toBe('ready')
      expect((await ask('Wie lange ist die Kündigungsfrist?')).answer.citations[0]?.page).toBe(1)
    })

    test('every verb in every state works or says that it does not fit', async () => {
      const verbs = ['cancel', 'retry', 'pause', 'resume', 'delete', 'undo'] as const
      const gate = createGate(2)
      open = await openOn(gate.parsers)
      open.core.start()
      const { document } = await add(lease)
      await gate.reached
      for (const first of verbs) {
        for (const second of verbs) {
          for (const verb of [first, second]) {
            await open.core.documents[verb](open.scope, document.id).catch(error => {
              expect(error).toMatchObject({ code: 'state-conflict' })
            })
          }
        }
      }
      await open.core.documents.undo(open.scope, document.id).catch(() => {})
      gate.open()
      for (const verb of ['resume', 'retry'] as const)
        await open.core.documents[verb](open.scope, document.id).catch(() => {})
      expect((await settledState(document.id)).state).toBe('ready')
      const found = await open.core.search(open.scope, 'Kaution')
      expect(found).toHaveLength(1)
    })
  })

  describe('verbs that find it done already', () => {
    test('cancel, retry and delete work in every state', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      const { documents } = open.core
      const { document } = await add(lease)
      await settledState(document.id)
      expect((await documents.cancel(open.scope, document.id)).state).toBe('ready')
      await documents.retry(open.scope, document.id)
      expect((await settledState(document.id)).state).toBe('ready')
      expect(await open.core.search(open.scope, 'Kaution')).toHaveLength(1)
      await documents.delete(open.scope, document.id)
      const { deletedAt } = await documents.delete(open.scope, document.id)
      expect(deletedAt).toBe((await documents.trash(open.scope))[0].deletedAt)
    })

    test('no second project by the name of the first in either language, or in other letters', async () => {
      open = await openOn(createLineParser())
      for (const name of ['My documents', 'Meine Dokumente', 'my DOCUMENTS']) {
        await expect(open.core.projects.create('local', name)).rejects.toMatchObject({ code: 'project-exists' })
      }
    })
  })

  describe('delete, undo, purge', () => {
    test('a deleted document is in no answer, undo brings it back, purge removes its bytes', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      const { document } = await add(lease)
      await settledState(document.id)
      await open.core.documents.delete(open.scope, document.id)
      expect(await open.core.search(open.scope, 'Kaution')).toEqual([])
      expect(await count('select (select count(*) from chunk) + (select count(*) from term) as count')).toBe(0)
      expect((await ask('Wie hoch ist die Kaution?')).answer.mode).toBe('declined')
      expect((await open.core.documents.trash(open.scope)).map(trashed => trashed.id)).toEqual([document.id])
      await open.core.documents.undo(open.scope, document.id)
      await settledState(document.id)
      expect((await ask('Wie hoch ist die Kaution?')).answer.citations[0]?.page).toBe(2)
      await open.core.documents.purge(open.scope, document.id)
      await expect(open.core.documents.get(open.scope, document.id)).rejects.toMatchObject({
        code: 'document-not-found',
      })
      expect(await blobFiles()).toEqual([])
    })

    test('bytes that were collected just before the row was written are stored again', async () => {
      let puts = 0
      open = await openOn(createLineParser(), {
        wrapBlobs: blobs => ({
          ...blobs,
          async put(...given) {
            const stored = await blobs.put(...given)
            if (puts++ === 0) await blobs.remove(stored.hash)
            return stored
          },
        }),
      })
      open.core.start()
      const { document } = await add(lease)
      expect((await settledState(document.id)).state).toBe('ready')
      expect(puts).toBe(2)
    })

    test('a project that goes away in the middle is named, not an inner error', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      const other = await open.core.projects.create('local', 'Kurzlebig')
      const scope = { userId: 'local', projectId: other.id }
      const adding = open.core.documents.add(scope, {
        name: 'a.txt',
        async *open() {
          yield new TextEncoder().encode(lease)
          await open.core.projects.delete(scope)
        },
      })
      await expect(adding).rejects.toMatchObject({ code: 'project-not-found' })
    })

    test('of two who take the same name at once one has it, and one project is always left', async () => {
      open = await openOn(createLineParser())
      const { projects } = open.core
      const names = ['Akte', 'akte', 'AKTE'].map(name => projects.create('local', name))
      const codes = (results: PromiseSettledResult<unknown>[]) =>
        results.map(result => (result.status === 'rejected' ? (result.reason as { code: string }).code : 'done')).sort()
      expect(codes(await Promise.allSettled(names))).toEqual(['done', 'project-exists', 'project-exists'])
      const all = await projects.list('local')
      expect(all).toHaveLength(2)
      const gone = all.map(({ id }) => projects.delete({ userId: 'local', projectId: id }))
      expect(codes(await Promise.allSettled(gone))).toEqual(['done', 'last-project'])
      expect(await projects.list('local')).toHaveLength(1)
    })

    test('what was put back, or deleted again, since the trash was looked through is not emptied with it', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      const { document } = await add(lease)
      await settledState(document.id)
      const { documents } = open.core
      await documents.delete(open.scope, document.id)
      const looked = Date.now() + 1000
      await documents.undo(open.scope, document.id)
      await documents.purge(open.scope, document.id, looked)
      expect((await documents.get(open.scope, document.id)).deletedAt).toBeNull()
      const deleted = await documents.delete(open.scope, document.id)
      await documents.purge(open.scope, document.id, deleted.deletedAt!)
      expect((await documents.trash(open.scope)).map(({ id }) => id)).toEqual([document.id])
      await documents.purge(open.scope, document.id, deleted.deletedAt! + 1)
      expect(await documents.trash(open.scope)).toEqual([])
      expect(await blobFiles()).toEqual([])
    })

    test('bytes that another project needs stay', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      const other = await open.core.projects.create('local', 'Zweites')
      const { document } = await add(lease)
      await open.core.documents.add(
        { userId: 'local', projectId: other.id },
        { name: 'b.txt', open: () => bytes(lease) },
      )
      await open.core.documents.purge(open.scope, document.id)
      await open.core.settled({ userId: 'local', projectId: other.id })
      expect(await blobFiles()).toHaveLength(1)
      await open.core.projects.delete({ userId: 'local', projectId: other.id })
      expect(await blobFiles()).toEqual([])
    })
  })

  describe('asking', () => {
    test('streams passages first, then quotes with their place, then the end, and keeps both sides in the chat', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      await settledState((await add(lease)).document.id)
      const { events, answer } = await ask('Wie lange ist die Kündigungsfrist der Wohnung?')
      expect(events.map(event => event.type).filter((type, index, all) => type !== all[index - 1])).toEqual([
        'passages',
        'quote',
        'finish',
      ])
      expect(answer.citations[0]).toMatchObject({
        file: 'mietvertrag.txt',
        page: 1,
        quote: lease.split('\n')[0],
        rects: [[50, 100, 550, 112]],
      })
      const messages = await open.core.chats.messages(open.scope, answer.chatId)
      expect(messages.map(message => [message.role, message.text])).toEqual([
        ['user', 'Wie lange ist die Kündigungsfrist der Wohnung?'],
        ['assistant', answer.text],
      ])
    })

    test('understands a slip of the pen', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      await settledState((await add(lease)).document.id)
      const { answer } = await ask('Wie lange ist die Kündigungsfirst?')
      expect(answer.citations[0]?.page).toBe(1)
    })

    test('says so when the documents do not hold the answer', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      await settledState((await add(lease)).document.id)
      const german = await ask('Wer wurde 1998 Weltmeister im Schach?')
      expect([german.answer.mode, german.answer.text]).toEqual([
        'declined',
        'Dazu habe ich in Ihren Dokumenten keine Antwort gefunden.',
      ])
      const english = await ask('Which river flows through Vienna?')
      expect(english.answer.text).toBe('I found no answer to this in your documents.')
    })

    test('refuses an empty question, one too long, and a foreign chat', async () => {
      open = await openOn(createLineParser())
      await expect(ask('  ')).rejects.toMatchObject({ code: 'question-empty' })
      await expect(ask('a'.repeat(3000))).rejects.toMatchObject({ code: 'question-too-long' })
      await expect(ask('Was?', { chatId: 'nope' })).rejects.toMatchObject({ code: 'chat-not-found' })
    })

    test('cancelling ends it at once and keeps the question', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      await settledState((await add(lease)).document.id)
      const control = new AbortController()
      const stream = open.core.ask(open.scope, { question: 'Wie hoch ist die Kaution?' }, control.signal)
      const seen: string[] = []
      const reading = (async () => {
        for await (const event of stream) {
          seen.push(event.type)
          control.abort()
        }
      })()
      await expect(reading).rejects.toSatisfy(error => control.signal.aborted && error instanceof Error)
      expect(seen).toEqual(['passages'])
      const [chat] = await open.core.chats.list(open.scope)
      const messages = await open.core.chats.messages(open.scope, chat.id)
      expect(messages.map(message => message.answer?.reason?.code)).toEqual([undefined, 'cancelled'])
    })

    test('a reader who leaves ends it, and the chat says so', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      await settledState((await add(lease)).document.id)
      for await (const event of open.core.ask(open.scope, { question: 'Wie hoch ist die Kaution?' })) {
        expect(event.type).toBe('passages')
        break
      }
      const [chat] = await open.core.chats.list(open.scope)
      const messages = await open.core.chats.messages(open.scope, chat.id)
      expect(messages.map(message => message.answer?.reason?.code)).toEqual([undefined, 'cancelled'])
    })

    test('looks only into the documents chosen', async () => {
      open = await openOn(createLineParser())
      open.core.start()
      await settledState((await add(lease)).document.id)
      const second = await add('Die Kaution beträgt 700 Euro.', 'zweiter.txt')
      await settledState(second.document.id)
      const { answer } = await ask('Wie hoch ist die Kaution?', { documents: [second.document.id] })
      expect(answer.citations.map(citation => citation.file)).toEqual(['zweiter.txt'])
    })
  })
})
