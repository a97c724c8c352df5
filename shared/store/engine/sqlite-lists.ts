import { type RawBuilder, sql } from 'kysely'

/** A list as a table with the column `value`: a statement keeps its text, and stays prepared, whatever the length. */
export function jsonList(name: string, values: readonly (string | number)[]): RawBuilder<unknown> {
  return sql`json_each(${JSON.stringify(values)}) as ${sql.ref(name)}`
}
