import { AppError } from '../../errors.ts'
import { lockOf, scopedRole } from './access.ts'
import { look as lookAtOwners } from './handed-over.ts'

/** A statement on one connection, for the time of opening. Throws what `toFailure` makes of errors. */
export type Ask = (sql: string, parameters?: readonly unknown[]) => Promise<Record<string, unknown>[]>

export interface Prepared {
  /** Whether vectors can be kept and compared. */
  vectors: boolean
  searchPath: string
  /** What works here, but less than it could. */
  notes: AppError[]
}

const oldestServer = 140_000
/** The first pgvector with half-precision vectors and the quantisation of bits. */
const oldestVector = '0.7'

interface Facts {
  number: number
  version: string
  encoding: string
  login: string
  superuser: number
  schemas: string[]
  /**
   * Of the first of these schemas, or of `public` where there is none: whether the login may make tables in it, whether the
   * scoped role may look into it, and whether the login may let it.
   */
  creates: number | null
  uses: number | null
  grants: number | null
  database: string
  /** Whether the login may make schemas and trusted extensions. */
  makes: number
  /** Of the schemas that are asked for, those that are there. */
  present: string[]
  role: { super: number; bypass: number } | undefined
  member: number
  granted: number
  /** `open`: the scoped role may use what lies in its schema. */
  vector: { version: string; schema: string; open: boolean } | undefined
  offered: string | null
}

/**
 * Makes a database ready that an administrator only created: role, rights, extension. Each is done where it is missing and
 * allowed. `schemas`: those that libraries beside us make for themselves. Throws `database-too-old`, `database-encoding`,
 * `database-rights` (with all that an administrator has to run), `database-elsewhere`.
 */
export async function prepare(ask: Ask, own: readonly string[] = []): Promise<Prepared> {
  const found = await look(ask, own)
  if (found.number < oldestServer) throw new AppError('database-too-old', { version: found.version, needed: '14' })
  if (found.encoding !== 'UTF8') throw new AppError('database-encoding', { encoding: found.encoding })
  if (found.role?.super || found.role?.bypass)
    throw lacking(found, [`alter role ${scopedRole} nosuperuser nobypassrls`])
  const repairs = await lookAtOwners(ask, found.login, own)
  // Whoever is a member of the owner needs nothing else.
  const rights = repairs.foreign.length > 0 ? repairs.foreign : lackingIn(found, own)
  const missing = [...(await addRole(ask, found)), ...rights]
  if (missing.length > 0) {
    // Whoever runs this is asked for all of it at once.
    const [note] = await addVectors(ask, found)
    throw lacking(found, [...missing, ...(note && found.offered !== null ? [String(note.values.statement)] : [])])
  }
  await addRights(ask, found)
  for (const statement of repairs.own) if (!(await attempt(ask, statement))) throw lacking(found, [statement])
  const notes = await addVectors(ask, found)
  const { schemas, vector, uses } = await look(ask, own)
  // To grant what one may not is a warning only.
  if (!uses) throw lacking(found, [usage(schemas[0])])
  const path = [...schemas, ...(vector && !schemas.includes(vector.schema) ? [vector.schema] : [])]
  const vectors = vector?.open === true && !isOlder(vector.version, oldestVector)
  return { vectors, searchPath: path.map(quote).join(', '), notes: vectors ? [] : notes }
}

/** Whether the scoped role may use what lies in this schema. */
const open = (schema: string) => `(has_schema_privilege('public', ${schema}, 'usage') or exists (select from pg_roles
      where rolname = '${scopedRole}' and has_schema_privilege(oid, ${schema}, 'usage')))`

async function look(ask: Ask, own: readonly string[]): Promise<Facts> {
  const [facts] = await ask(
    `select current_setting('server_version_num')::int8 as number,
    current_setting('server_version') as version, getdatabaseencoding() as encoding, current_user::text as login,
    (select rolsuper from pg_roles where rolname = current_user) as superuser,
    array_to_json(current_schemas(false)) as schemas, has_schema_privilege(here.oid, 'create') as creates,
    has_schema_privilege(here.oid, 'usage with grant option') as grants, ${open('here.oid')} as uses,
    current_database()::text as database, has_database_privilege(current_database(), 'create') as makes,
    (select coalesce(json_agg(nspname), '[]') from pg_namespace
      where nspname in (select json_array_elements_text($1::json))) as present,
    (select json_build_object('super', rolsuper, 'bypass', rolbypassrls) from pg_roles where rolname = '${scopedRole}') as role,
    (select default_version from pg_available_extensions where name = 'vector') as offered,
    (select json_build_object('version', extversion, 'schema', n.nspname, 'open', ${open('n.oid')}) from pg_extension e
      join pg_namespace n on n.oid = e.extnamespace where extname = 'vector') as vector,
    exists (select from pg_default_acl a join pg_namespace n on n.oid = a.defaclnamespace, aclexplode(a.defaclacl) x
      where a.defaclobjtype = 'r' and n.nspname = current_schema() and a.defaclrole = current_user::regrole
      and x.grantee = to_regrole('${scopedRole}') and x.privilege_type = 'DELETE') as granted
    from (select) as one left join pg_namespace here on here.nspname = coalesce(current_schema(), 'public')`,
    [JSON.stringify(own)],
  )
  const { role, vector } = facts
  // To become a role is a right of its own since version 16.
  const right = Number(facts.number) >= 160_000 ? 'SET' : 'MEMBER'
  const [{ member }] = role ? await ask(`select pg_has_role('${scopedRole}', '${right}') as member`) : [{ member: 0 }]
  return { ...facts, member, role: role ?? undefined, vector: vector ?? undefined } as unknown as Facts
}

/** What of it somebody else has to do. */
async function addRole(ask: Ask, { role, member, login, superuser }: Facts): Promise<string[]> {
  const create = `create role ${scopedRole} nologin nosuperuser nobypassrls nocreatedb nocreaterole`
  const grant = `grant ${scopedRole} to ${quote(login)}`
  if (!role && !(await attempt(ask, create))) return [create, grant]
  return superuser || (role && member) || (await attempt(ask, grant)) ? [] : [grant]
}

/**
 * From version 15 on, not everyone may create tables in the schema `public`; nor schemas, unless the database is theirs.
 * `current_schemas` leaves out those that are not there, or that the login may not use.
 */
function lackingIn({ login, database, ...facts }: Facts, own: readonly string[]): string[] {
  const { schemas, creates, uses, grants, makes, present } = facts
  const schema = schemas[0] ?? 'public'
  const missing: string[] = []
  if (creates === null) missing.push(`create schema ${quote(schema)}`)
  if (!creates) missing.push(`grant usage, create on schema ${quote(schema)} to ${quote(login)}`)
  else if (schemas.length === 0)
    missing.push(`alter role ${quote(login)} in database ${quote(database)} set search_path = public`)
  if (!uses && !grants) missing.push(usage(schema))
  if (!makes && own.some(name => !present.includes(name)))
    missing.push(`grant create on database ${quote(database)} to ${quote(login)}`)
  return missing
}

function usage(schema: string): string {
  return `grant usage on schema ${quote(schema)} to ${scopedRole}`
}

/** The tables that migrations create later belong to the login; the role may use them, within their policies. */
async function addRights(ask: Ask, { login, schemas: [schema], granted, uses }: Facts): Promise<void> {
  if (granted && uses) return
  const defaults = `alter default privileges in schema ${quote(schema)} grant`
  for (const sql of [
    usage(schema),
    `${defaults} usage, select on sequences to ${scopedRole}`,
    `${defaults} select, insert, update, delete on tables to ${scopedRole}`,
  ])
    if (!(await attempt(ask, sql))) throw lacking({ login }, [sql])
}

async function addVectors(ask: Ask, { vector, offered, schemas }: Facts): Promise<AppError[]> {
  const lacking = (statement: string) => [new AppError('database-vectors', { statement })]
  if (vector && isOlder(vector.version, oldestVector)) return lacking('alter extension vector update')
  if (vector?.open) return []
  if (vector) {
    await attempt(ask, usage(vector.schema))
    return lacking(usage(vector.schema))
  }
  const create = 'create extension if not exists vector'
  if (offered === null || isOlder(offered, oldestVector) || schemas.length === 0)
    return lacking('create extension vector')
  return (await attempt(ask, create)) ? [] : lacking('create extension vector')
}

/** Starters of one database come one after the other. */
const lock = `select pg_advisory_xact_lock(${lockOf('prepare')})`
/** Rights missing, in its two words: for the act, and for a role. */
const forbidden = /^(?:42501|0LP01)$/
/** Somebody else did the same at that moment: roles belong to all databases of a server, where no lock reaches. */
const meanwhile = /^(?:42710|42P06|23505)$/

/** False where the login may not do it. */
async function attempt(ask: Ask, sql: string): Promise<boolean> {
  for (let time = 0; ; time++) {
    try {
      await ask('begin')
      await ask(lock)
      await ask(sql)
      await ask('commit')
      return true
    } catch (error) {
      await ask('rollback')
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (forbidden.test(code)) return false
      if (meanwhile.test(code)) return true
      // “tuple concurrently updated”: another one changed the rights of the same role.
      if (code !== 'XX000' || time === 20) throw error
      await new Promise(resolve => setTimeout(resolve, 20 * Math.random()))
    }
  }
}

function lacking({ login }: { login: string }, statements: readonly string[]): AppError {
  return new AppError('database-rights', { user: login, statements: statements.map(each => `${each};`).join(' ') })
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Dotted versions, number by number. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map(text => text.split('.').map(Number))
  for (let at = 0; at < right.length; at++) {
    const difference = (left[at] ?? 0) - right[at]
    if (difference !== 0) return difference < 0
  }
  return false
}
