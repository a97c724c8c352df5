import { type RawBuilder, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestStore } from '../../../tests/open-store.ts'
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

  test('a user’s documents are counted over all projects, as the transaction has them', async () => {
    const { store } = open
    const other = store.projects.next('local')
    const foreign = store.projects.next('somebody')
    const file = { name: 'a.md', path: 'a.md', mediaType: 'text/markdown', size: 3, blob: 'b1' }
    for (const scope of [other, foreign])
      await store.transaction(scope, async tx => {
        await store.projects.insert(tx, scope, 'Other', 'documents')
        await store.documents.insert(tx, scope, file)
      })
    const counted = await store.transaction(open.scope, async tx => {
      const before = await store.families.count(tx, 'local')
      const { id } = await store.documents.insert(tx, open.scope, file)
      await store.documents.setDeleted(tx, open.scope, id, 1)
      return [before, await store.families.count(tx, 'local')]
    })
    expect(counted).toEqual([1, 2])
    expect(await store.transaction(foreign, tx => store.families.count(tx, 'somebody'))).toBe(1)
  })
})
