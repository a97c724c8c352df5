import { Kysely, type Selectable, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import type { Chunk, Scope } from '../model/index.ts'
import { hashOf } from './change-log.ts'
import type { Schema } from './schema.ts'

describe.each(engines)('$name', engine => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  beforeEach(async () => {
    open = await openTestStore(engine)
  })
  afterEach(() => open.close())

  const file = (blob: string) => ({ name: 'a.md', path: 'a.md', mediaType: 'text/markdown', size: 3, blob })

  function chunk(position: number, terms: string[], contextTerms: string[] = []): Chunk {
    const text = terms.join(' ')
    return { position, text, headings: [], pieces: [], language: 'de', terms, contextTerms }
  }

  async function addDocument(scope: Scope, blob: string, chunks: Chunk[]) {
    return open.store.transaction(scope, async tx => {
      const document = await open.store.documents.insert(tx, scope, file(blob))
      await open.store.chunks.insert(tx, scope.projectId, document.id, chunks)
      return document
    })
  }

  async function rows<Table extends keyof Schema>(table: Table): Promise<Selectable<Schema[Table]>[]> {
    const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
    return (await sql<Selectable<Schema[Table]>>`select * from ${sql.table(table)}`.execute(read)).rows
  }

  async function otherProject(userId = 'local'): Promise<Scope> {
    const scope = open.store.projects.next(userId)
    await open.store.transaction(scope, tx => open.store.projects.insert(tx, scope, `P ${userId}`, 'documents'))
    return scope
  }

  describe('change log', () => {
    test('numbers every changed field without a gap, hashes it, and the clock never runs backwards', async () => {
      const document = await addDocument(open.scope, 'b1', [])
      open.clock.time -= 3_600_000
      await open.store.transaction(open.scope, tx => open.store.documents.setDeleted(tx, open.scope, document.id, 42))
      const changes = (await rows('changes')).sort((a, b) => a.n - b.n)
      expect(changes.map(change => change.n)).toEqual(changes.map((_, index) => index + 1))
      expect(new Set(changes.map(change => change.replica)).size).toBe(1)
      for (const change of changes) expect(change.hash).toBe(hashOf(change))
      const clocks = changes.map(change => `${change.hlc_physical}.${String(change.hlc_logical).padStart(6, '0')}`)
      expect(clocks).toEqual([...clocks].sort())
      expect(new Set(clocks).size).toBe(clocks.length)
      const deleted = changes.at(-1)
      expect([deleted?.entity, deleted?.field, deleted?.value]).toEqual(['document', 'deleted_at', '42'])
    })

    test('leaves nothing when the transaction fails', async () => {
      const before = (await rows('changes')).length
      const failing = open.store.transaction(open.scope, async tx => {
        await open.store.documents.insert(tx, open.scope, file('b1'))
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await rows('changes')).toHaveLength(before)
      await addDocument(open.scope, 'b2', [])
      const numbers = (await rows('changes')).map(change => change.n).sort((a, b) => a - b)
      expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    })

    test('purging forgets the values and keeps the numbers', async () => {
      const document = await addDocument(open.scope, 'b1', [])
      await open.store.transaction(open.scope, tx => open.store.documents.purge(tx, open.scope, document.id))
      const own = (await rows('changes')).filter(change => change.id === document.id)
      expect(own.filter(change => change.field !== 'purged').every(change => change.value === null)).toBe(true)
      expect(own.at(-1)?.field).toBe('purged')
      expect(await rows('document')).toEqual([])
    })
  })

  describe('words', () => {
    test('a search sees its own project only, and other texts move neither its counts nor its order', async () => {
      const mine = await addDocument(open.scope, 'b1', [chunk(0, ['frist', 'miete']), chunk(1, ['miete'])])
      const before = await open.store.words.lookup(open.scope, {
        exact: ['frist', 'miete'],
        prefixes: [],
        suffixes: [],
      })
      const other = await otherProject()
      await addDocument(
        other,
        'b1',
        Array.from({ length: 20 }, (_, position) => chunk(position, ['frist', 'fremd'])),
      )
      const after = await open.store.words.lookup(open.scope, {
        exact: ['frist', 'fremd', 'miete'],
        prefixes: [],
        suffixes: [],
      })
      expect(after).toEqual(before)
      expect(await open.store.words.statistics(open.scope)).toEqual({ chunks: 2, terms: 3 })
      const found = await open.store.words.candidates(open.scope, { terms: ['frist'], limit: 10 })
      expect(found.map(candidate => [candidate.documentId, candidate.terms])).toEqual([[mine.id, ['frist', 'miete']]])
      expect(await open.store.words.candidates(open.scope, { terms: ['fremd'], limit: 10 })).toEqual([])
    })

    test('another user finds nothing with a foreign project id', async () => {
      await addDocument(open.scope, 'b1', [chunk(0, ['frist'])])
      const thief = { userId: 'thief', projectId: open.scope.projectId }
      expect(await open.store.words.candidates(thief, { terms: ['frist'], limit: 10 })).toEqual([])
      expect(
        (await open.store.words.lookup(thief, { exact: ['frist'], prefixes: ['fri'], suffixes: ['ist'] })).df.size,
      ).toBe(0)
      expect(await open.store.documents.list(thief)).toEqual([])
      expect(await open.store.chunks.get(thief, [1])).toEqual([])
    })

    test('finds terms by their beginning and their end', async () => {
      await addDocument(open.scope, 'b1', [chunk(0, ['kündigungsfrist', 'fristlos', 'frost'])])
      const found = await open.store.words.lookup(open.scope, { exact: [], prefixes: ['frist'], suffixes: ['frist'] })
      expect(found.prefixed.get('frist')).toEqual([{ term: 'fristlos', df: 1 }])
      expect(found.suffixed.get('frist')).toEqual([{ term: 'kündigungsfrist', df: 1 }])
    })

    test('of many terms with one beginning it gives the most frequent', async () => {
      const rare = Array.from({ length: 150 }, (_, index) => `frist${index}`)
      await addDocument(open.scope, 'b1', [chunk(0, [...rare, 'fristlos']), chunk(1, ['fristlos'])])
      const found = await open.store.words.lookup(open.scope, { exact: [], prefixes: ['frist'], suffixes: [] })
      expect(found.prefixed.get('frist')).toHaveLength(100)
      expect(found.prefixed.get('frist')?.[0]).toEqual({ term: 'fristlos', df: 2 })
    })

    test('removing a document takes its words and its share of the counts', async () => {
      await addDocument(open.scope, 'b1', [chunk(0, ['frist', 'haus'], ['kopf'])])
      const second = await addDocument(open.scope, 'b2', [chunk(0, ['frist', 'frist', 'auto'], ['titel'])])
      await open.store.transaction(open.scope, tx => open.store.chunks.remove(tx, open.scope.projectId, second.id))
      const terms = (await rows('term')).map(row => [row.term, row.chunks])
      expect(Object.fromEntries(terms)).toEqual({ frist: 1, haus: 1, kopf: 1 })
      expect(await open.store.words.statistics(open.scope)).toEqual({ chunks: 1, terms: 2 })
      expect(await open.store.words.candidates(open.scope, { terms: ['auto'], limit: 5 })).toEqual([])
    })

    test('a lock that another process keeps is told as such', async () => {
      const busy = Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' })
      const waiting = open.store.transaction(open.scope, async () => Promise.reject(busy))
      await expect(waiting).rejects.toMatchObject({ code: 'database-busy' })
    })

    test('finds exact tokens of every kind', async () => {
      const tokens = [
        '/var/cache/apt',
        'firmware=never',
        '§543',
        'de89370400440532013000',
        '4c123/22',
        "o'neill",
        'a"b',
        '日本',
        'x*y',
        '--no-wait',
      ]
      await addDocument(
        open.scope,
        'b1',
        tokens.map((token, position) => chunk(position, [token])),
      )
      for (const [position, token] of tokens.entries()) {
        const found = await open.store.words.candidates(open.scope, { terms: [token], limit: 5 })
        expect([token, found.map(candidate => candidate.position)]).toEqual([token, [position]])
      }
    })

    test('a filter by documents comes before the limit', async () => {
      for (let index = 0; index < 5; index++) await addDocument(open.scope, `b${index}`, [chunk(0, ['frist', 'frist'])])
      const last = await addDocument(open.scope, 'last', [chunk(0, ['frist', 'anderes', 'wort', 'mehr'])])
      const wanted = { terms: ['frist'], limit: 1, documents: [last.id] }
      const found = await open.store.words.candidates(open.scope, wanted)
      expect(found.map(candidate => candidate.documentId)).toEqual([last.id])
    })
  })

  describe('documents', () => {
    test('the same bytes are one live document per project', async () => {
      await addDocument(open.scope, 'b1', [])
      await expect(addDocument(open.scope, 'b1', [])).rejects.toMatchObject({
        code: engine.engine === 'sqlite' ? 'SQLITE_CONSTRAINT_UNIQUE' : '23505',
      })
      await expect(addDocument(await otherProject(), 'b1', [])).resolves.toBeDefined()
    })

    test('segments are replaced, not doubled', async () => {
      const document = await addDocument(open.scope, 'b1', [])
      const segment = { number: 1, blocks: [{ kind: 'paragraph' as const, text: 'alt' }] }
      await open.store.transaction(open.scope, tx => open.store.segments.insert(tx, document.id, [segment]))
      const again = {
        number: 1,
        width: 595,
        height: 842,
        blocks: [{ kind: 'paragraph' as const, text: 'neu' }],
        margins: [],
      }
      await open.store.transaction(open.scope, tx => open.store.segments.insert(tx, document.id, [again]))
      expect(await open.store.segments.page(open.scope, document.id, 0, 10)).toEqual([again])
    })
  })

  describe('a page of documents', () => {
    const add = (scope: Scope, paths: string[]) =>
      open.store.transaction(scope, async tx => {
        const ids: string[] = []
        for (const path of paths) {
          const name = path.split('/').at(-1)!
          ids.push(
            (await open.store.documents.insert(tx, scope, { ...file(`${scope.projectId} ${path}`), name, path })).id,
          )
        }
        return ids
      })
    const paths = async (filter: Parameters<typeof open.store.documents.page>[1], scope = open.scope) =>
      (await open.store.documents.page(scope, filter)).documents.map(({ path }) => path)

    test('comes in each order, one after the other, until there are no more', async () => {
      const ids = await add(open.scope, ['Blatt 10.md', 'Ätna.md', 'Blatt 2.md', 'zuletzt.md', 'b.md'])
      await add(await otherProject(), ['theirs.md'])
      const orders = { oldest: [0, 1, 2, 3, 4], newest: [4, 3, 2, 1, 0], path: [1, 4, 2, 0, 3] } as const
      for (const [order, wanted] of Object.entries(orders)) {
        const seen: string[] = []
        for (let after: string | undefined; ; ) {
          const page = await open.store.documents.page(open.scope, {
            order: order as keyof typeof orders,
            limit: 2,
            ...(after && { after }),
          })
          expect(page).toMatchObject({ total: 5, states: { queued: 5 } })
          seen.push(...page.documents.map(({ id }) => id))
          if (page.next === null) break
          after = page.next
        }
        expect(seen).toEqual(wanted.map(at => ids[at]))
      }
    })

    test('holds those with the words in their path, in either case, and takes signs for what they are', async () => {
      await add(open.scope, ['Über/Straße 1.md', 'über 100 %.md', '[Entwurf] a*b?.md', 'ab.md', "O'Neil.md"])
      const named = (name: string) => paths({ name, order: 'oldest', limit: 9 })
      expect(await named('ÜBER')).toEqual(['Über/Straße 1.md', 'über 100 %.md'])
      expect(await named(' u\u0308ber  straße')).toEqual(['Über/Straße 1.md'])
      expect(await named('a*b')).toEqual(['[Entwurf] a*b?.md'])
      expect(await named('[entwurf]')).toEqual(['[Entwurf] a*b?.md'])
      expect(await named('?')).toEqual(['[Entwurf] a*b?.md'])
      expect(await named('%')).toEqual(['über 100 %.md'])
      expect(await named("o'n")).toEqual(["O'Neil.md"])
      expect(await named('^-a')).toEqual([])
      expect(await named('  ')).toHaveLength(5)
    })

    test('is counted by state, and holds the states that are wanted', async () => {
      const [first, second, third] = await add(open.scope, ['a.md', 'b.md', 'c.txt'])
      await open.store.transaction(open.scope, async tx => {
        await open.store.documents.update(tx, first!, { state: 'failed' })
        await open.store.documents.update(tx, third!, { state: 'ready' })
        await open.store.documents.setDeleted(tx, open.scope, second!, 7)
      })
      const page = await open.store.documents.page(open.scope, { states: ['failed'], limit: 1 })
      expect(page).toMatchObject({ next: null, total: 1, states: { failed: 1, ready: 1 } })
      expect(page.documents.map(({ id }) => id)).toEqual([first])
      expect(await paths({ trashed: true, limit: 5 })).toEqual(['b.md'])
      expect((await open.store.documents.page(open.scope, { name: 'txt', limit: 1 })).states).toEqual({ ready: 1 })
      expect(await paths({ limit: 5 }, { ...open.scope, userId: 'someone else' })).toEqual([])
    })

    test('follows the one before also when that one’s last document is gone for good', async () => {
      const ids = await add(open.scope, ['a.md', 'b.md', 'c.md', 'd.md'])
      for (const [order, limit, gone, wanted] of [
        ['path', 2, 1, ['c.md', 'd.md']],
        ['oldest', 2, 2, ['d.md']],
        ['newest', 1, 3, ['a.md']],
      ] as const) {
        const { next } = await open.store.documents.page(open.scope, { order, limit })
        await open.store.transaction(open.scope, tx => open.store.documents.purge(tx, open.scope, ids[gone]!))
        expect(await paths({ order, limit: 5, after: next! })).toEqual(wanted)
      }
    })

    test('begins where a page ended, and nowhere else', async () => {
      await add(open.scope, ['a.md', 'b.md'])
      const { next } = await open.store.documents.page(open.scope, { order: 'path', limit: 1 })
      for (const after of [next!, '01a1fe0c-e806-7665-8b79-8b8eba239c1e', 'W10', '', 'ä'])
        await expect(paths({ limit: 5, after })).rejects.toMatchObject({ code: 'input-invalid' })
    })

    test('holds those that are named, by id or by how it begins', async () => {
      const ids = await add(open.scope, ['a.md', 'b.md', 'c.md'])
      expect(await paths({ limit: 5, ids: [ids[2]!, ids[0]!], order: 'path' })).toEqual(['a.md', 'c.md'])
      expect(await open.store.documents.page(open.scope, { limit: 5, ids: [] })).toMatchObject({
        documents: [],
        total: 0,
      })
      expect(await paths({ limit: 5, beginning: ids[1]! })).toEqual(['b.md'])
      expect(await paths({ limit: 5, beginning: ids[1]!.slice(0, 6), order: 'path' })).toEqual(['a.md', 'b.md', 'c.md'])
      expect(await paths({ limit: 5, beginning: 'ffff' })).toEqual([])
      await add(open.scope, ['x/a.md', 'a.md/b'])
      expect(await paths({ limit: 5, called: 'a.md', order: 'path' })).toEqual(['a.md', 'x/a.md'])
    })

    test('tells how far the work on the whole is', async () => {
      const [first, second] = await add(open.scope, ['a.md', 'b.md', 'c.md'])
      expect(await open.store.documents.work(open.scope)).toEqual({ open: 3, chunks: 0, embedded: 0 })
      await open.store.transaction(open.scope, async tx => {
        await open.store.documents.update(tx, first!, { state: 'ready', chunks: 4 })
        await open.store.documents.update(tx, second!, { state: 'failed', chunks: 9 })
      })
      expect(await open.store.documents.work(open.scope)).toEqual({ open: 1, chunks: 4, embedded: 0 })
      expect(await open.store.documents.work({ ...open.scope, userId: 'someone else' })).toEqual({
        open: 0,
        chunks: 0,
        embedded: 0,
      })
    })
  })

  describe('projects', () => {
    test('purging one leaves no row of it and nothing of the others is touched', async () => {
      await addDocument(open.scope, 'b1', [chunk(0, ['frist'])])
      const other = await otherProject()
      await addDocument(other, 'b2', [chunk(0, ['fremd'])])
      await open.store.transaction(other, async tx => {
        const chat = await open.store.chats.insert(tx, other, 'x')
        await open.store.chats.append(tx, other, {
          chatId: chat.id,
          role: 'user',
          text: 'geheim',
          answer: null,
          completed: null,
        })
        await open.store.projects.purge(tx, other)
      })
      expect((await rows('document')).map(row => row.blob)).toEqual(['b1'])
      expect((await rows('term')).map(row => row.term)).toEqual(['frist'])
      expect(await rows('message')).toEqual([])
      expect((await rows('changes')).some(change => change.value?.includes('geheim'))).toBe(false)
      expect(await open.store.words.candidates(open.scope, { terms: ['frist'], limit: 5 })).toHaveLength(1)
    })
  })
})
