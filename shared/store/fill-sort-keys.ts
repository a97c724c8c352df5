import type { Read } from './schema.ts'
import { sortKey } from './sort-key.ts'

const filledAtOnce = 500

/** For rows that were there before the column, or came from elsewhere. Finds by an index that there are none. */
export async function fillSortKeys(read: Read, write: Read): Promise<void> {
  for (;;) {
    const rows = await read
      .selectFrom('document')
      .select(['id', 'path'])
      .where('sort_key', 'is', null)
      .limit(filledAtOnce)
      .execute()
    if (rows.length === 0) return
    await write.transaction().execute(async tx => {
      for (const { id, path } of rows)
        await tx
          .updateTable('document')
          .set({ sort_key: sortKey(path) })
          .where('id', '=', id)
          .where('sort_key', 'is', null)
          .execute()
    })
  }
}
