import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import { openSqlite } from '../db/sqlite/index.ts'
import type { Chunk, Document, Scope } from '../model/index.ts'
import type { Database } from '../ports.ts'
import { openStore } from './index.ts'
import type { Schema } from './schema.ts'
import type { VectorIndex } from './vectors.ts'

describe.each(engines)('$name', engine => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  beforeEach(async () => {
    open = await openTestStore(engine)
  })
  afterEach(() => open.close())

  /** A vector that points to `degrees` in the plane of the first two of four dimensions. */
  function toward(degrees: number): Float32Array {
    const angle = (degrees * Math.PI) / 180
    return Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0)
  }

  const create = (fingerprint: string, dimensions = 4) =>
    open.store.transaction('internal', tx =>
      open.store.vectors.create(tx, { fingerprint, name: fingerprint, dimensions }),
    )

  /** A ready document whose chunks point to these degrees. */
  async function addDocument(scope: Scope, blob: string, degrees: readonly number[], index?: VectorIndex) {
    const { store } = open
    const document = await store.transaction(scope, async tx => {
      const file = { name: `${blob}.md`, path: `${blob}.md`, mediaType: 'text/markdown', size: 3, blob }
      const document = await store.documents.insert(tx, scope, file)
      const chunks = degrees.map(
        (degree, position): Chunk => ({
          position,
          text: `${degree}`,
          headings: [],
          pieces: [],
          language: 'de',
          terms: [`${degree}`],
          contextTerms: [],
        }),
      )
      await store.chunks.insert(tx, scope.projectId, document.id, chunks)
      await store.documents.update(tx, document.id, { state: 'ready', chunks: chunks.length })
      return document
    })
    if (index) await embed(index, document)
    return document
  }

  /** Gives every chunk of the document, whose text is its degree, its vector. */
  async function embed(index: VectorIndex, document: Document): Promise<boolean> {
    const scope = { userId: open.scope.userId, projectId: document.projectId }
    const rows = await open.store.chunks.page(scope, document.id, 0, 5000)
    const chunks = rows.map(({ id, chunk }) => ({ id, vector: toward(Number(chunk.text)) }))
    return open.store.transaction(scope, tx =>
      open.store.vectors.insert(tx, index, document, { from: 0, chunks, complete: true }),
    )
  }

  async function active(): Promise<VectorIndex> {
    const index = await open.store.vectors.active()
    if (!index) throw new Error('no index')
    return index
  }

  async function texts(scope: Scope, degrees: number, options: { limit?: number; documents?: string[] } = {}) {
    const found = await open.store.vectors.nearest(scope, {
      index: await active(),
      vector: toward(degrees),
      limit: 10,
      ...options,
    })
    const ids = found.map(({ id }) => id)
    const chunks = new Map((await open.store.chunks.get(scope, ids)).map(chunk => [chunk.id, chunk.text]))
    return ids.map(id => chunks.get(id))
  }

  async function count(statement: string): Promise<number> {
    const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
    return (await sql.raw<{ count: number }>(`select count(*) as count from ${statement}`).execute(read)).rows[0].count
  }

  const vectors = async () => count(`vector_${(await active()).number}`)

  async function otherProject(userId = 'local'): Promise<Scope> {
    const scope = open.store.projects.next(userId)
    await open.store.transaction(scope, tx => open.store.projects.insert(tx, scope, `P ${userId}`, 'documents'))
    return scope
  }

  async function dropAll(): Promise<number> {
    let pieces = 0
    while (await open.store.transaction('internal', tx => open.store.vectors.dropSome(tx))) pieces += 1
    return pieces
  }

  describe('vectors', () => {
    test('come back nearest first, with their distance', async () => {
      await create('one')
      await addDocument(open.scope, 'a', [0, 90, 30, 60], await active())
      expect(await texts(open.scope, 20)).toEqual(['30', '0', '60', '90'])
      const [first] = await open.store.vectors.nearest(open.scope, {
        index: await active(),
        vector: toward(90),
        limit: 2,
      })
      expect(first.distance).toBeCloseTo(0, 5)
      const distances = await open.store.vectors.background(open.scope, { index: await active(), vector: toward(90) })
      expect(distances.map(distance => Math.round(distance * 100) / 100).sort()).toEqual([0, 0.13, 0.5, 1])
    })

    test('as many as the extension gives, when more are asked for', async () => {
      await create('one')
      await addDocument(open.scope, 'a', [0, 90], await active())
      expect(await texts(open.scope, 20, { limit: 5000 })).toEqual(['0', '90'])
    })

    test('of other projects and users are not found', async () => {
      await create('one')
      const other = await otherProject()
      await addDocument(other, 'b', [19, 20, 21], await active())
      await addDocument(open.scope, 'a', [100, 80], await active())
      expect(await texts(open.scope, 20, { limit: 2 })).toEqual(['80', '100'])
      const thief = { userId: 'thief', projectId: open.scope.projectId }
      expect(await texts(thief, 20)).toEqual([])
      const wanted = { index: await active(), vector: toward(0) }
      expect(await open.store.vectors.background(thief, wanted)).toEqual([])
      expect(await open.store.vectors.background(open.scope, wanted)).toHaveLength(2)
      await addDocument(open.scope, 'c', [1])
      expect((await open.store.vectors.pending(open.scope)).documents).toBe(1)
      expect((await open.store.vectors.pending(thief)).documents).toBe(0)
    })

    test('a filter by documents comes before the limit', async () => {
      await create('one')
      for (let number = 0; number < 5; number++) await addDocument(open.scope, `near ${number}`, [20], await active())
      const far = await addDocument(open.scope, 'far', [170, 160], await active())
      expect(await texts(open.scope, 20, { limit: 1, documents: [far.id] })).toEqual(['160'])
      expect(await texts(open.scope, 20, { limit: 1, documents: [] })).toEqual([])
    })

    test('go with their chunks, and with their project', async () => {
      const { store } = open
      await create('one')
      const first = await addDocument(
        open.scope,
        'a',
        Array.from({ length: 250 }, (_, at) => at / 2),
        await active(),
      )
      await addDocument(open.scope, 'b', [10, 20], await active())
      const other = await otherProject()
      await addDocument(other, 'c', [10, 20, 30], await active())
      expect(await vectors()).toBe(255)
      await store.transaction(open.scope, tx => store.chunks.remove(tx, open.scope.projectId, first.id))
      expect([await vectors(), await count('document_vectors')]).toEqual([5, 2])
      expect(await texts(open.scope, 20)).toEqual(['20', '10'])
      await store.transaction(other, tx => store.projects.purge(tx, other))
      expect([await vectors(), await count('document_vectors')]).toEqual([2, 1])
    })

    test('of a long document are hidden with the first piece, and go with their words in the next ones', async () => {
      const { store, scope } = open
      await create('one')
      const many = Array.from({ length: 600 }, (_, at) => 90 + at / 100)
      const long = await addDocument(scope, 'long', many, await active())
      await addDocument(scope, 'other', [20, 90], await active())
      await create('two')
      const second = (await store.vectors.building())!
      await embed(second, long)
      const left = (await store.chunks.page(open.scope, long.id, 599, 1))[0].id
      expect(await store.transaction(open.scope, tx => store.chunks.remove(tx, scope.projectId, long.id))).toBe(false)
      expect([await count('chunk'), await store.chunks.hidden()]).toEqual([352, [long.id]])
      // Nearer than what is left, and more of them than are asked for.
      expect(await texts(scope, 93, { limit: 2 })).toEqual(['90', '20'])
      expect(await texts(scope, 93, { documents: [long.id] })).toEqual([])
      expect(await store.words.candidates(scope, { terms: ['95.99', '90'], limit: 1 })).toMatchObject([
        { terms: ['90'] },
      ])
      expect(await store.words.candidates(scope, { terms: ['95.99'], documents: [long.id], limit: 9 })).toEqual([])
      expect(await store.chunks.get(scope, [left])).toEqual([])
      expect(await store.chunks.at(scope, [{ documentId: long.id, position: 599 }])).toEqual([])
      const clear = () => store.transaction(open.scope, tx => store.chunks.clearSome(tx, long.id))
      expect([await clear(), await clear(), await clear()]).toEqual([false, true, true])
      expect([await count('chunk'), await vectors(), await count(`vector_${second.number}`)]).toEqual([2, 2, 0])
      expect([await count('chunk_words'), await count('term'), await store.chunks.hidden()]).toEqual([2, 2, []])
      expect(await store.words.statistics(scope)).toEqual({ chunks: 2, terms: 2 })
    })

    test('nothing is written where the document stands elsewhere, or the index is gone', async () => {
      await create('one')
      const index = await active()
      const document = await addDocument(open.scope, 'a', [1, 2], index)
      expect(await embed(index, document)).toBe(false)
      expect(await vectors()).toBe(2)
      const late = await addDocument(open.scope, 'b', [3])
      await open.store.transaction('internal', tx => open.store.vectors.retire(tx, index.number))
      await open.store.transaction('internal', tx => open.store.vectors.discardRetired(tx, open.clock.now()))
      expect(await embed(index, late)).toBe(false)
      expect(await count(`vector_${index.number}`)).toBe(2)
      await dropAll()
      expect(await embed(index, late)).toBe(false)
      expect(await count('vector_index')).toBe(0)
    })

    test('is complete where nothing was left to do', async () => {
      await create('one')
      const index = await active()
      const document = await addDocument(open.scope, 'a', [1, 2])
      const rows = await open.store.chunks.page(open.scope, document.id, 0, 2)
      const chunks = rows.map(({ id }, at) => ({ id, vector: toward(at) }))
      const insert = (done: Parameters<typeof open.store.vectors.insert>[3]) =>
        open.store.transaction(open.scope, tx => open.store.vectors.insert(tx, index, document, done))
      expect(await insert({ from: 0, chunks, complete: false })).toBe(true)
      expect(await insert({ from: 2, chunks: [], complete: true })).toBe(true)
      const progress = await open.store.vectors.progress(open.scope, document.id)
      expect(progress.get(index.number)).toEqual({ chunks: 2, complete: true })
    })

    test('a transaction that fails leaves none', async () => {
      await create('one')
      const index = await active()
      const document = await addDocument(open.scope, 'a', [1])
      const [{ id }] = await open.store.chunks.page(open.scope, document.id, 0, 1)
      const failing = open.store.transaction(open.scope, async tx => {
        const chunks = [{ id, vector: toward(1) }]
        await open.store.vectors.insert(tx, index, document, { from: 0, chunks, complete: true })
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect([await vectors(), await count('document_vectors')]).toEqual([0, 0])
      const wrong = open.store.transaction(open.scope, tx =>
        open.store.vectors.insert(tx, index, document, {
          from: 0,
          chunks: [{ id, vector: Float32Array.of(1) }],
          complete: true,
        }),
      )
      await expect(wrong).rejects.toThrow(/[Dd]imension/)
    })
  })

  describe('indexes', () => {
    test('the first is active, the second is built beside it, swaps when complete, and the first goes in pieces', async () => {
      const { store } = open
      await create('one')
      const first = await active()
      // Three times around and farther: of those in one direction the first one comes first.
      const many = Array.from({ length: 1200 }, (_, at) => at)
      const document = await addDocument(open.scope, 'a', many, first)
      await create('two')
      expect([(await active()).fingerprint, (await store.vectors.building())?.fingerprint]).toEqual(['one', 'two'])
      const second = (await store.vectors.building())!
      expect(await store.transaction('internal', tx => store.vectors.activate(tx, second.number))).toBe(false)
      expect(await store.vectors.pendingDocuments(second, 5)).toEqual([document.id])
      expect([(await store.vectors.pending(open.scope)).documents, (await texts(open.scope, 50))[0]]).toEqual([1, '50'])
      expect((await store.documents.get(open.scope, document.id))?.embedded).toBe(0)
      await embed(second, document)
      expect((await store.documents.get(open.scope, document.id))?.embedded).toBe(1200)
      expect((await store.vectors.pending(open.scope)).documents).toBe(0)
      expect(await store.transaction('internal', tx => store.vectors.activate(tx, second.number))).toBe(true)
      expect([(await active()).number, await store.vectors.building()]).toEqual([second.number, undefined])
      // On Postgres a table goes at once.
      expect(await dropAll()).toBe(engine.engine === 'sqlite' ? 5 : 1)
      const [catalogue, column] = engine.engine === 'sqlite' ? ['sqlite_master', 'name'] : ['pg_class', 'relname']
      expect(await count(`${catalogue} where ${column} like 'vector_${first.number}%'`)).toBe(0)
      expect([await count('vector_index'), await count('document_vectors')]).toEqual([1, 1])
      expect((await texts(open.scope, 50))[0]).toBe('50')
    })

    test('a third takes the place of the one that is being built', async () => {
      await create('one')
      await create('two')
      await create('three', 8)
      expect([(await active()).fingerprint, (await open.store.vectors.building())?.fingerprint]).toEqual([
        'one',
        'three',
      ])
      await dropAll()
      // The second is kept, and taken back when its model is.
      expect(await count('vector_index')).toBe(3)
      await create('two')
      expect((await open.store.vectors.building())?.number).toBe(2)
      expect(await count('vector_index')).toBe(3)
    })

    test('one that retired is kept until its time, while the other is incomplete, and never more than two', async () => {
      const { store, clock, scope } = open
      await create('one')
      const document = await addDocument(scope, 'a', [1, 2], await active())
      await create('two')
      const second = (await store.vectors.building())!
      expect(
        await store.transaction('internal', tx => store.vectors.activate(tx, second.number, { early: true })),
      ).toBe(true)
      expect((await active()).number).toBe(second.number)
      const discard = async (before: number) => {
        await store.transaction('internal', tx => store.vectors.discardRetired(tx, before))
        await dropAll()
        return count('vector_index')
      }
      expect(await discard(clock.now() + 1)).toBe(2)
      await embed(second, document)
      expect(await discard(0)).toBe(2)
      expect(await embed({ ...second, number: 1 }, document)).toBe(false)
      await addDocument(scope, 'b', [3], second)
      await store.transaction(open.scope, async tx => {
        await store.chunks.remove(tx, scope.projectId, document.id)
        await store.documents.update(tx, document.id, { chunks: 0 })
      })
      expect(await count('vector_1')).toBe(0)
      expect(await discard(clock.now() + 1)).toBe(1)
      for (const name of ['three', 'four', 'five', 'six']) {
        await create(name)
      }
      expect(await discard(0)).toBe(4)
    })

    test('nothing is written for chunks of another document', async () => {
      await create('one')
      const index = await active()
      const [document, other] = [await addDocument(open.scope, 'a', [1]), await addDocument(open.scope, 'b', [2])]
      const [{ id }] = await open.store.chunks.page(open.scope, other.id, 0, 1)
      const done = { from: 0, chunks: [{ id, vector: toward(2) }], complete: true }
      expect(await open.store.transaction(open.scope, tx => open.store.vectors.insert(tx, index, document, done))).toBe(
        false,
      )
      expect([await vectors(), await count('document_vectors')]).toEqual([0, 0])
    })

    test('a document rests until its time, and no longer than until all are woken', async () => {
      const { store, clock } = open
      await create('one')
      const document = await addDocument(open.scope, 'a', [1])
      const until = clock.now() + 1000
      await store.transaction(open.scope, tx => store.vectors.rest(tx, document.id, until))
      expect(await store.vectors.pendingDocuments(await active(), 5)).toEqual([])
      expect(await store.vectors.pending(open.scope)).toEqual({ documents: 1, resting: 1 })
      clock.time = until
      expect(await store.vectors.pendingDocuments(await active(), 5)).toEqual([document.id])
      await store.transaction(open.scope, tx => store.vectors.rest(tx, document.id, until + 1e6))
      await store.transaction('internal', tx => store.vectors.wakeAll(tx))
      expect(await store.vectors.pendingDocuments(await active(), 5)).toEqual([document.id])
      expect(await embed(await active(), document)).toBe(true)
    })
  })

  describe('without the extension', () => {
    test('a database with vectors opens, words work, and what is removed there is taken out later', async () => {
      await create('one')
      const index = await active()
      const document = await addDocument(open.scope, 'a', [1, 2, 3], index)
      await addDocument(open.scope, 'b', [4], index)
      const database: Database =
        engine.engine === 'sqlite'
          ? await openSqlite({ file: `${open.folder}/cloister.db`, vectors: false })
          : { ...open.database, vectors: false, close: async () => {} }
      expect([open.database.vectors, database.vectors]).toEqual([true, false])
      const { clock } = open
      const ids = { next: () => 'id' }
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const store = await openStore({ database, clock, ids, log, backups: name => `${open.folder}/${name}` })
      expect(store.vectors.available).toBe(false)
      expect([await store.vectors.active(), await store.vectors.building()]).toEqual([undefined, undefined])
      expect(await store.words.candidates(open.scope, { terms: ['2'], limit: 5 })).toHaveLength(1)
      expect(await store.vectors.nearest(open.scope, { index, vector: toward(1), limit: 3 })).toEqual([])
      await store.transaction(open.scope, tx => store.chunks.remove(tx, open.scope.projectId, document.id))
      expect(await database.check(true)).toEqual([])
      await database.snapshot?.(`${open.folder}/copy.db`)
      await store.close()
      await database.close()
      expect(await texts(open.scope, 4)).toContain('4')
      expect(await vectors()).toBe(4)
      await dropAll()
      expect([await vectors(), await count('vector_orphan')]).toEqual([1, 0])
    })

    test.runIf(engine.engine === 'sqlite')('checks and snapshots know tables of vectors', async () => {
      await create('one')
      await addDocument(open.scope, 'a', [10, 20, 30], await active())
      expect([await open.database.check(false), await open.database.check(true)]).toEqual([[], []])
      await open.database.snapshot!(`${open.folder}/copy.db`)
      const copy = await openSqlite({ file: `${open.folder}/copy.db` })
      const read = new Kysely<Schema>({ dialect: copy.reader('internal') })
      const { rows } = await sql<{ count: number }>`select count(*) as count from vector_1`.execute(read)
      expect(rows).toEqual([{ count: 3 }])
      expect(await copy.check(true)).toEqual([])
      await copy.close()
    })
  })
})
