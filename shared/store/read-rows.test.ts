import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import { readRows } from './read-rows.ts'
import { type Cell, transferTables } from './transfer-tables.ts'

/** Signs that are escaped or might be, and of each length in UTF-8. */
const signs = [...Array(0x300).keys(), 0x7ff, 0x800, 0x2028, 0x2029, 0xd7ff, 0xe000, 0xfeff, 0xffff, 0x1f600, 0x10ffff]
  .slice(1)
  .map(code => String.fromCodePoint(code))
  .join('')

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

test.each(engines)(
  'rows come as JSON.stringify writes them, each once and by their key: $name',
  async engine => {
    const { store, database, close } = await openTestStore(engine)
    try {
      const scope = store.projects.next('local')
      await store.transaction(scope, tx => store.projects.insert(tx, scope, 'Reihen', 'documents'))
      const file = { name: 'a', path: 'a', mediaType: 'text/plain', size: 1, blob: 'a'.repeat(64) }
      const { id } = await store.transaction(scope, tx => store.documents.insert(tx, scope, file))
      const widths = [0.1, 842, -0.5, 1e21, 5e-324, 595.2755905511812, 1 / 3]
      // More than a page of each size, and some larger than one.
      const segments = Array.from({ length: 3000 }, (_, at) => ({
        number: 3000 - at,
        width: widths[at % widths.length],
        height: 2,
        blocks: [{ kind: 'paragraph' as const, text: `${signs}${'x'.repeat(at % 500 === 0 ? 1_500_000 : 10)}` }],
      }))
      for (let from = 0; from < segments.length; from += 200)
        await store.transaction(scope, tx => store.segments.insert(tx, id, segments.slice(from, from + 200)))
      const table = transferTables.find(({ name }) => name === 'segment')
      if (!table) throw new Error('no table of segments')

      const { rows, pages } = await readRows(database, async snapshot => {
        const lines: string[] = []
        let count = 0
        for await (const page of snapshot.rows(table)) {
          const text = page.lines.toString('utf8')
          expect(text.endsWith(']\n')).toBe(true)
          const some = text.slice(0, -1).split('\n')
          expect(some).toHaveLength(page.count)
          lines.push(...some)
          count += 1
        }
        for (const line of lines) expect(line === JSON.stringify(JSON.parse(line))).toBe(true)
        return { rows: lines.map(line => JSON.parse(line) as Cell[]), pages: count }
      })
      expect(pages).toBeGreaterThan(5)
      const at = (column: string) => table.columns.indexOf(column)
      expect(rows.map(row => row[at('number')])).toEqual(segments.map((_, place) => place + 1))
      for (const [place, row] of rows.toReversed().entries()) {
        expect(row[at('width')]).toBe(segments[place].width)
        const [block] = JSON.parse(String(row[at('blocks')])) as { text: string }[]
        expect(block.text === segments[place].blocks[0].text).toBe(true)
      }
      const { blobs } = await readRows(database, async snapshot => ({ blobs: await all(snapshot.blobs()) }))
      expect(blobs).toEqual([{ hash: file.blob, size: 1 }])
      await store.transaction('internal', tx => sql`delete from segment`.execute(tx))
      const none = await readRows(database, snapshot => all(snapshot.rows(table)))
      expect(none).toEqual([])
    } finally {
      await close()
    }
  },
  120_000,
)
