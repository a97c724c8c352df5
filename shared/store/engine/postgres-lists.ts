import { type RawBuilder, sql } from 'kysely'

const types = { text: 'text[]', number: 'bigint[]' } as const

/** A list is one parameter, so a statement keeps its text whatever the length. Numbers are whole ones. */
export function list(kind: keyof typeof types, values: readonly (string | number)[]): RawBuilder<unknown> {
  return sql`cast(${values} as ${sql.raw(types[kind])})`
}

export function table(
  name: string,
  columns: Readonly<Record<string, keyof typeof types>>,
  values: readonly (readonly (string | number)[])[],
): RawBuilder<unknown> {
  const lists = Object.values(columns).map((kind, at) =>
    list(
      kind,
      values.map(row => row[at]),
    ),
  )
  const names = Object.keys(columns).map(column => sql.ref(column))
  return sql`unnest(${sql.join(lists)}) as ${sql.ref(name)} (${sql.join(names)})`
}
