/**
 * A library that another login made: its password was changed by way of a second login, or it was moved with `pg_dump`, with or
 * without its owner and its rights. Without help it would look empty, since rows that are forced behind a policy are not there
 * for whom no policy names.
 */
import { AppError } from '../../errors.ts'
import { scopedRole } from './access.ts'
import type { Ask } from './prepare.ts'

/** What has to be run so that the login can work with what is there: by itself, or by somebody with more rights. */
export interface Repairs {
  own: string[]
  foreign: string[]
}

/** Throws `database-elsewhere` where a library lies in this database, but in another schema. */
export async function look(ask: Ask, login: string, schemas: readonly string[]): Promise<Repairs> {
  const [place] = await ask(`select current_schema()::text as schema, n.nspname::text as elsewhere
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname = 'changes' and c.relkind = 'r' and c.relforcerowsecurity
    order by n.nspname = current_schema() desc limit 1`)
  if (place && place.elsewhere !== place.schema)
    throw new AppError('database-elsewhere', { schema: String(place.elsewhere) })
  const owners = await ask(
    `select distinct pg_get_userbyid(owner)::text as owner from (
      select relowner as owner from pg_class where relnamespace = to_regnamespace(quote_ident(current_schema()))
        and relkind = 'r' and relforcerowsecurity
      union all select nspowner from pg_namespace where nspname in (select json_array_elements_text($1::json))) as all_of
    where not pg_has_role(owner, 'usage') order by 1`,
    [JSON.stringify(schemas)],
  )
  if (owners.length > 0)
    return { own: [], foreign: owners.map(({ owner }) => `grant ${quote(owner)} to ${quote(login)}`) }
  const tables = await ask(`select format('%I.%I', n.nspname, t.relname) as name, p.oid is not null as known,
      p.oid is null or not exists (select from unnest(p.polroles) as role where role = 0 or pg_has_role(role, 'usage')) as unseen,
      -- Where no policy names the role, it has no rights on purpose.
      coalesce((select not has_table_privilege(r.oid, t.oid, 'delete') and exists (
          select from pg_policy of where of.polrelid = t.oid and r.oid = any (of.polroles))
        from pg_roles r where r.rolname = '${scopedRole}'), false) as refused
    from pg_class t join pg_namespace n on n.oid = t.relnamespace
    left join pg_policy p on p.polrelid = t.oid and p.polname = 'internal'
    where n.nspname = current_schema() and t.relkind = 'r' and t.relforcerowsecurity order by t.relname`)
  const own = tables.flatMap(({ name, known, unseen, refused }) => [
    ...(unseen && known ? [`alter policy internal on ${name} to ${quote(login)}`] : []),
    ...(unseen && !known ? [`create policy internal on ${name} to ${quote(login)} using (true)`] : []),
    ...(refused ? [`grant select, insert, update, delete on ${name} to ${scopedRole}`] : []),
  ])
  return { own, foreign: [] }
}

function quote(name: unknown): string {
  return `"${String(name).replaceAll('"', '""')}"`
}
