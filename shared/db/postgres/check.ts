import type { Ask } from './prepare.ts'

const ours = "n.nspname = any (current_schemas(false)) and c.relpersistence = 'p'"

/**
 * What the server can say of its own structure: indexes and constraints that are not complete, pages whose checksum was wrong.
 * `deep` reads every row of every table, through `amcheck` where it is installed, which also holds indexes against tables.
 */
export async function check(ask: Ask, deep: boolean): Promise<string[]> {
  const found = await ask(`select format('index %I is not valid', c.relname) as problem
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where not (i.indisvalid and i.indisready) and ${ours}
    union all select format('constraint %I is not validated', k.conname)
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      where not k.convalidated and ${ours}
    union all select format('%s pages with a wrong checksum', checksum_failures)
      from pg_stat_database where datname = current_database() and checksum_failures > 0`)
  const problems = found.map(({ problem }) => String(problem))
  return deep ? [...problems, ...(await readAll(ask))] : problems
}

async function readAll(ask: Ask): Promise<string[]> {
  const [{ schema }] = await ask(`select quote_ident(n.nspname) as schema from pg_extension e
    join pg_namespace n on n.oid = e.extnamespace where extname = 'amcheck'
    union all select null order by 1 nulls last limit 1`)
  const objects =
    await ask(`select c.oid::int8 as oid, c.relkind::text as kind, format('%I.%I', n.nspname, c.relname) as name,
      coalesce(a.amname, '') as method
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_am a on a.oid = c.relam
    left join pg_index i on i.indexrelid = c.oid
    where ${ours} and (c.relkind = 'r' or c.relkind = 'i' and i.indisvalid) order by 2, 3`)
  const problems: string[] = []
  for (const { oid, kind, name, method } of objects) {
    const table = kind === 'r'
    if (!table && (schema === null || method !== 'btree')) continue
    try {
      if (!table) await ask(`select ${schema}.bt_index_check(($1::int8)::oid::regclass, true)`, [oid])
      // A row in words is a row whose every value was read, those stored apart included.
      else if (schema === null) await ask(`select count(length(t::text)) from ${name} t`)
      else
        for (const { msg } of await ask(`select msg from ${schema}.verify_heapam(($1::int8)::oid::regclass)`, [oid]))
          problems.push(`${name}: ${msg}`)
    } catch (error) {
      // A table dropped meanwhile is no damage.
      if (error instanceof Error && 'code' in error && error.code === '42P01') continue
      const { cause } = error as Error
      problems.push(`${name}: ${cause instanceof Error ? cause.message : (error as Error).message}`)
    }
  }
  return problems
}
