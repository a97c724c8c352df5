import { type RawBuilder, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addUsers, openTestStore } from '../../../tests/open-store.ts'
import { engines } from '../../../tests/postgres.ts'
import { connect } from '../connection.ts'
import type { Read } from '../schema.ts'
import { type Engine, engineOf } from './index.ts'

describe.each(engines)('$name', kind => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  let engine: Engine
  let read: Read
  beforeEach(async () => {
    open = await openTestStore(kind)
    engine = engineOf(open.database)
    read = connect(open.database).read(open.scope)
  })
  afterEach(() => open.close())

  async function ask(query: RawBuilder<unknown>): Promise<unknown[]> {
    return (await query.execute(read)).rows
  }

  describe('lists as tables', () => {
    const odd = ['ä', '', "'; drop table chunk; --", '"', '{}', '\\', '[1,2]', '😀', 'null']

    test('texts come as they are, numbers as numbers', async () => {
      expect(await ask(sql`select value from ${engine.texts('wanted', odd)}`)).toEqual(odd.map(value => ({ value })))
      const numbers = [0, -1, 2 ** 51 + 1]
      const doubled = sql`select wanted.value + wanted.value as twice from ${engine.numbers('wanted', numbers)}`
      expect(await ask(doubled)).toEqual(numbers.map(number => ({ twice: 2 * number })))
    })

    test('none are an empty table', async () => {
      expect(await ask(sql`select value from ${engine.texts('wanted', [])}`)).toEqual([])
      expect(await ask(sql`select value from ${engine.numbers('wanted', [])}`)).toEqual([])
      expect(await ask(sql`select a from ${engine.rows('wanted', { a: 'text' }, [])}`)).toEqual([])
    })

    test('rows have their columns by name, in the order of the values', async () => {
      const rows = engine.rows('pair', { text: 'text', position: 'number' }, [
        ['b', 2],
        ['1', 1],
      ])
      expect(await ask(sql`select pair.position + 1 as next, pair.text from ${rows} order by pair.position`)).toEqual([
        { next: 2, text: '1' },
        { next: 3, text: 'b' },
      ])
    })
  })

  test('the smaller one', async () => {
    const least = (one: number, other: number) => engine.least(sql`${one}`, sql`${other}`)
    expect(await ask(sql`select ${least(3, 2)} as a, ${least(-1, 0)} as b, ${least(7, 7)} as c`)).toEqual([
      { a: 2, b: -1, c: 7 },
    ])
  })

  test('a word stands in a text in either case, and no sign means anything but itself', async () => {
    const holds = async (text: string, word: string) => {
      const [row] = (await ask(sql`select ${engine.holdsWord(sql<string>`cast(${text} as text)`, word)} as held`)) as {
        held: number
      }[]
      return row?.held === 1
    }
    expect(await holds('Berichte/ÄRGER über 2024.pdf', 'ärger ÜBER')).toBe(true)
    expect(await holds('Berichte/Ärger', 'arger')).toBe(false)
    for (const sign of [...'%_*?[](){}.^$|+-\\/\'"#&~!@,;:<>= '])
      expect([sign, await holds(`a${sign}b`, `A${sign}B`), await holds('axb', `a${sign}b`)]).toEqual([
        sign,
        true,
        false,
      ])
    expect(await holds('straße', 'STRASSE')).toBe(false)
    expect(await holds('straße', 'STRAßE')).toBe(true)
  })

  test('whatever stands in words, names and paths is kept and found', async () => {
    const { store, scope } = open
    // As long as the analysis lets them be, of letters that take four bytes and cannot be made shorter.
    const long = Array.from({ length: 64 }, (_, at) => String.fromCodePoint(0x20000 + ((at * 7919) % 40_000))).join('')
    const terms = ["o'clock", 'back\\slash', '\\', "''", ':*', '!a&b|c', '😀', 'ß', long, '~', '+1', '1~x']
    const path = Array.from({ length: 4000 }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7919) % 20_000))).join('')
    const text = 'null \0 half \ud800 end'
    const document = await store.transaction(scope, async tx => {
      const file = { name: path, path, mediaType: 'text/markdown', size: 3, blob: 'b1' }
      const document = await store.documents.insert(tx, scope, file)
      const pieces = [{ at: 0, segment: 2, block: 3, from: 5, to: 9, kind: 'paragraph' as const }]
      const chunk = { text, headings: [], pieces, language: 'de' as const, terms, contextTerms: [] }
      await store.chunks.insert(tx, scope.projectId, document.id, [{ ...chunk, position: 0 }])
      return document
    })
    for (const term of terms) {
      expect([term, (await store.words.candidates(scope, { terms: [term], limit: 5 })).length]).toEqual([term, 1])
      const wanted = { exact: [term], prefixes: [term], suffixes: [term] }
      expect([term, (await store.words.lookup(scope, wanted)).df.get(term)]).toEqual([term, 1])
    }
    expect(await store.words.candidates(scope, { terms: ['x', 'o', 'slash'], limit: 5 })).toEqual([])
    expect((await store.documents.get(scope, document.id))?.path).toBe(path)
    const holding = (from: number) =>
      store.chunks.holding(scope, { documentId: document.id, segment: 2, block: 3, from })
    expect([(await holding(4))?.position, (await holding(5))?.position, (await holding(9))?.position]).toEqual([
      undefined,
      0,
      undefined,
    ])
    // Places in the text stay what they were.
    expect((await holding(8))?.text).toHaveLength(text.length)
    expect(await store.transaction(scope, tx => store.chunks.remove(tx, scope.projectId, document.id))).toBe(true)
    expect((await store.words.lookup(scope, { exact: terms, prefixes: [], suffixes: [] })).df.size).toBe(0)
  })

  test('says what it is, and whether a commit survives a loss of power', async () => {
    const { read, write } = connect(open.database)
    const facts = await engine.facts(read('internal'), write('internal'))
    expect(facts.version).toMatch(/^\d+\.\d+/)
    expect([await engine.hasTable(read('internal'), 'chunk'), await engine.hasTable(read('internal'), 'x')]).toEqual([
      true,
      false,
    ])
    if (kind.name !== 'PGlite') expect(facts.durable).toBe(true)
    expect(Object.keys(facts.settings)).toContain(kind.engine === 'sqlite' ? 'synchronous' : 'synchronous_commit')
  })

  test('a user’s documents are counted over all projects, as the transaction has them', async () => {
    const { store } = open
    const other = store.projects.next('local')
    const foreign = store.projects.next('somebody')
    await addUsers(open.database, 'somebody')
    const file = { name: 'a.md', path: 'a.md', mediaType: 'text/markdown', size: 3, blob: 'b1' }
    for (const scope of [other, foreign])
      await store.transaction(scope, async tx => {
        await store.projects.insert(tx, scope, 'Other', 'documents')
        await store.documents.insert(tx, scope, file)
      })
    const counted = await store.transaction(open.scope, async tx => {
      const before = (await store.families.kept(tx, 'local')).documents
      const { id } = await store.documents.insert(tx, open.scope, file)
      await store.documents.setDeleted(tx, open.scope, id, 1)
      return [before, (await store.families.kept(tx, 'local')).documents]
    })
    expect(counted).toEqual([1, 2])
    expect(await store.transaction(foreign, tx => store.families.kept(tx, 'somebody'))).toMatchObject({ documents: 1 })
  })
})
