import { Kysely } from 'kysely'
import { expect, test } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import type { Schema } from './schema.ts'
import { leftOut, transferTables } from './transfer-tables.ts'

/** Tables of the engines, of the queues and of the migrations. */
const notTheCores = /^(?:migration|job|chunk_words.*|sqlite_.*|vector_\d+.*)$/

test.each(engines)('every column of every table is handed on, or said to be left out: $name', async engine => {
  const open = await openTestStore(engine)
  try {
    const tables = await new Kysely<Schema>({ dialect: open.database.reader('internal') }).introspection.getTables()
    const left: Record<string, readonly string[]> = leftOut.columns
    const known = Object.fromEntries([
      ...transferTables.map(({ name, columns }) => [name, [...columns, ...(left[name] ?? [])].sort()]),
      ...leftOut.tables.map(name => [name, 'left out']),
    ])
    const found = tables.flatMap(({ schema, name, columns }) => {
      if (notTheCores.test(name) || schema === 'pgboss') return []
      return [[name, known[name] === 'left out' ? 'left out' : columns.map(column => column.name).sort()]]
    })
    expect(Object.fromEntries(found)).toEqual(known)
  } finally {
    await open.close()
  }
})
