import type { VectorPages } from '../store/carried-vectors.ts'
import type { RowSnapshot } from '../store/read-rows.ts'
import { transferTables } from '../store/transfer-tables.ts'
import { type Manifest, names, sha256 } from './format.ts'
import type { Sink } from './sink.ts'

type Tables = Manifest['tables']

/** All tables, each an entry; says what is in them. */
export async function writeRows(
  sink: Pick<Sink, 'entry'>,
  snapshot: RowSnapshot,
  signal: AbortSignal | undefined,
): Promise<Tables> {
  const tables: Tables = {}
  for (const table of transferTables) {
    const pages = snapshot.rows(table)
    const written = await writeList(sink, names.rows(table.name), pages, ({ lines }) => lines, signal)
    tables[table.name] = { columns: [...table.columns], ...written }
  }
  return tables
}

export async function writeVectors(
  sink: Pick<Sink, 'entry'>,
  { index, vectors, embedded }: VectorPages,
  signal: AbortSignal | undefined,
): Promise<NonNullable<Manifest['vectors']>> {
  const written = await writeList(sink, names.vectors, vectors(), ({ bytes }) => bytes, signal)
  const documents = await writeList(sink, names.embedded, embedded(), ({ bytes }) => bytes, signal)
  return { ...index, ...written, embedded: documents }
}

async function writeList<Page extends { count: number }>(
  sink: Pick<Sink, 'entry'>,
  name: string,
  pages: AsyncIterable<Page>,
  bytesOf: (page: Page) => Buffer,
  signal: AbortSignal | undefined,
): Promise<{ rows: number; sha256: string }> {
  const digest = sha256()
  let rows = 0
  await sink.entry(name, async append => {
    for await (const page of pages) {
      signal?.throwIfAborted()
      const bytes = bytesOf(page)
      digest.update(bytes)
      await append(bytes)
      rows += page.count
    }
  })
  return { rows, sha256: digest.digest('hex') }
}
