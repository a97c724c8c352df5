import { AppError } from '../../errors.ts'
import { lockOf, scopedRole } from './access.ts'

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
  creates: number | null
  role: { super: number; bypass: number } | undefined
  member: number
  granted: number
  vector: { version: string; schema: string } | undefined
  offered: string | null
}

/**
 * Makes a database ready that an administrator only created: role, rights, extension. Each is done where it is missing and
 * allowed. Throws `database-too-old`, `database-encoding`, `database-rights` (with what an administrator has to run).
 */
export async function prepare(ask: Ask): Promise<Prepared> {
  const found = await look(ask)
  if (found.number < oldestServer) throw new AppError('database-too-old', { version: found.version, needed: '14' })
  if (found.encoding !== 'UTF8') throw new AppError('database-encoding', { encoding: found.encoding })
  if (found.role?.super || found.role?.bypass)
    throw lacking(found, [`alter role ${scopedRole} nosuperuser nobypassrls`])
  const missing = [...(await addRole(ask, found)), ...lackingIn(found)]
  if (missing.length > 0) throw lacking(found, missing)
  await addRights(ask, found)
  const notes = await addVectors(ask, found)
  const { schemas, vector } = await look(ask)
  const path = [...schemas, ...(vector && !schemas.includes(vector.schema) ? [vector.schema] : [])]
  const vectors = vector !== undefined && !isOlder(vector.version, oldestVector)
  return { vectors, searchPath: path.map(quote).join(', '), notes: vectors ? [] : notes }
}

async function look(ask: Ask): Promise<Facts> {
  const [facts] = await ask(`select current_setting('server_version_num')::int8 as number,
    current_setting('server_version') as version, getdatabaseencoding() as encoding, current_user::text as login,
    (select rolsuper from pg_roles where rolname = current_user) as superuser,
    array_to_json(current_schemas(false)) as schemas, has_schema_privilege(current_schema(), 'create') as creates,
    (select json_build_object('super', rolsuper, 'bypass', rolbypassrls) from pg_roles where rolname = '${scopedRole}') as role,
    (select default_version from pg_available_extensions where name = 'vector') as offered,
    (select json_build_object('version', extversion, 'schema', n.nspname) from pg_extension e
      join pg_namespace n on n.oid = e.extnamespace where extname = 'vector') as vector,
    exists (select from pg_default_acl a join pg_namespace n on n.oid = a.defaclnamespace, aclexplode(a.defaclacl) x
      where a.defaclobjtype = 'r' and n.nspname = current_schema() and a.defaclrole = current_user::regrole
      and x.grantee = to_regrole('${scopedRole}') and x.privilege_type = 'DELETE') as granted`)
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

/** From version 15 on, not everyone may create tables in the schema `public`. */
function lackingIn({ login, schemas: [schema], creates }: Facts): string[] {
  if (schema !== undefined && creates) return []
  const create = schema === undefined ? ['create schema if not exists public'] : []
  return [...create, `grant usage, create on schema ${quote(schema ?? 'public')} to ${quote(login)}`]
}

/** The tables that migrations create later belong to the login; the role may use them, within their policies. */
async function addRights(ask: Ask, { login, schemas: [schema], granted }: Facts): Promise<void> {
  if (granted) return
  const defaults = `alter default privileges in schema ${quote(schema)} grant`
  for (const sql of [
    `grant usage on schema ${quote(schema)} to ${scopedRole}`,
    `${defaults} usage, select on sequences to ${scopedRole}`,
    `${defaults} select, insert, update, delete on tables to ${scopedRole}`,
  ])
    if (!(await attempt(ask, sql))) throw lacking({ login }, [sql])
}

async function addVectors(ask: Ask, { vector, offered }: Facts): Promise<AppError[]> {
  const statement = vector ? 'alter extension vector update' : 'create extension vector'
  const note = new AppError('database-vectors', { statement })
  if (vector) return isOlder(vector.version, oldestVector) ? [note] : []
  if (offered === null || isOlder(offered, oldestVector)) return [note]
  return (await attempt(ask, 'create extension if not exists vector')) ? [] : [note]
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
