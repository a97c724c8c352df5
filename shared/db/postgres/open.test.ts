import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { needsServer, pglite, postgres } from '../../../tests/postgres.ts'
import { toAppError } from '../../errors.ts'
import {
  addressOf,
  alice,
  asAdministrator,
  certificate,
  ids,
  start,
  startCounter,
  startTls,
  type Tables,
} from './fixture.ts'
import { openPostgres } from './index.ts'

describe.skipIf(postgres === pglite)(`opening (${needsServer})`, () => {
  /** The code of what opening it throws, if anything; and nothing of it holds the password. */
  async function outcome(url: string): Promise<string> {
    try {
      await (await openPostgres({ url, poolSize: 2 })).close()
      return 'opened'
    } catch (error) {
      expect(everythingOf(error)).not.toContain('top-secret')
      return toAppError(error).code
    }
  }
  const at = (name: string, edit: (address: URL) => void) =>
    addressOf(name, address => {
      address.password = 'top-secret'
      edit(address)
    })

  it('opens at once from several sides', async () => {
    const { again } = await start()
    const all = await Promise.all(Array.from({ length: 6 }, () => again({ poolSize: 2 })))
    expect(all.map(each => each.vectors)).toEqual(Array(6).fill(true))
  })

  it('says which setting is wrong where the way past the pooler leads to no database', async () => {
    const { name } = await start()
    const open = openPostgres({ url: addressOf(name), directUrl: addressOf('cloister_nowhere'), poolSize: 2 })
    await expect(open).rejects.toMatchObject({ code: 'database-direct' })
  })

  it('needs one round trip for a statement, and one more for the commit of a transaction', async () => {
    const { name } = await start()
    const counter = await startCounter()
    const url = addressOf(name, address => Object.assign(address, { hostname: 'localhost', port: counter.port }))
    const database = await openPostgres({ url })
    onTestFinished(() => database.close())
    const reader = new Kysely<Tables>({ dialect: database.reader(alice) })
    const writer = new Kysely<Tables>({ dialect: database.writer(alice) })
    const trips = async (run: () => Promise<unknown>) => {
      await run()
      const before = counter.trips()
      await run()
      return counter.trips() - before
    }
    const two = (db: Kysely<Tables>) => db.transaction().execute(async tx => [await ids(tx), await ids(tx)])
    expect(await trips(() => ids(reader))).toBe(1)
    expect(await trips(() => ids(writer))).toBe(1)
    expect(await trips(() => two(reader))).toBe(3)
    expect(await trips(() => two(writer))).toBe(3)
    expect(await trips(() => writer.transaction().execute(async () => {}))).toBe(0)
  })

  it('says what is wrong with the way to the database, and never its password', async () => {
    const { name } = await start()
    const cases: [string, string][] = [
      ['no url: top-secret', 'database-url'],
      ['postgres://u:top-secret@h/%zz', 'database-url'],
      ['postgres://u:top-secret@h1,h2/x', 'database-url'],
      [at(name, address => address.searchParams.set('sslmode', 'maybe')), 'database-url'],
      [at(name, address => Object.assign(address, { port: '1' })), 'database-unreachable'],
      [at(name, address => Object.assign(address, { hostname: 'nowhere.invalid' })), 'database-unreachable'],
      [at('none', () => {}), 'database-not-found'],
      [at(name, address => Object.assign(address, { username: 'nobody' })), 'database-refused'],
      [at(name, address => address.searchParams.set('sslmode', 'prefer')), 'opened'],
      [at(name, address => address.searchParams.set('sslmode', 'require')), 'database-tls'],
    ]
    for (const [url, code] of cases) expect([url, await outcome(url)]).toEqual([url, code])
  })

  it('proves who the server is as far as sslmode asks for it', async () => {
    const { name } = await start()
    const { port, encrypted } = await startTls()
    const folder = await mkdtemp(join(tmpdir(), 'certificate-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const root = join(folder, 'root.pem')
    await writeFile(root, certificate)
    const cases: [string, string, string | undefined, string][] = [
      ['localhost', 'require', undefined, 'opened'],
      ['localhost', 'prefer', undefined, 'opened'],
      ['localhost', 'verify-full', root, 'opened'],
      ['localhost', 'verify-full', undefined, 'database-tls'],
      ['localhost', 'verify-full', join(folder, 'none.pem'), 'database-tls'],
      ['127.0.0.1', 'verify-full', root, 'database-tls'],
      ['127.0.0.1', 'verify-ca', root, 'opened'],
      ['127.0.0.1', 'require', root, 'opened'],
      ['127.0.0.1', 'require', undefined, 'opened'],
    ]
    for (const [hostname, mode, file, code] of cases) {
      const before = encrypted()
      const url = at(name, address => {
        Object.assign(address, { hostname, port })
        address.searchParams.set('sslmode', mode)
        if (file) address.searchParams.set('sslrootcert', file)
      })
      expect([hostname, mode, await outcome(url)]).toEqual([hostname, mode, code])
      if (code === 'opened') expect(encrypted()).toBeGreaterThan(before)
    }
    const before = encrypted()
    expect(await outcome(at(name, address => Object.assign(address, { hostname: 'localhost', port })))).toBe('opened')
    expect(encrypted()).toBe(before)
  })

  it('names what an administrator has to run for a login without rights, and opens after that', async () => {
    const { name } = await start()
    const role = `weak_${Date.now()}`
    const run = (...texts: string[]) =>
      asAdministrator(async client => {
        for (const text of texts) await client.query(text)
      })
    await run(`create role ${role} login`, `create database ${role}_own template template0`)
    onTestFinished(() => run(`drop database ${role}_own with (force)`, `drop role ${role}`))
    const url = addressOf(`${role}_own`, address => Object.assign(address, { username: role }))
    const refused = await openPostgres({ url }).catch(error => error)
    expect(refused.code).toBe('database-rights')
    expect(refused.values).toEqual({
      user: role,
      statements: `grant cloister_scoped to "${role}"; grant usage, create on schema "public" to "${role}"; create extension vector;`,
    })
    await inDatabase(`${role}_own`, refused.values.statements.replace('create extension vector;', ''))
    const without = await openPostgres({ url })
    expect([without.vectors, without.notes.map(note => note.values)]).toEqual([
      false,
      [{ statement: 'create extension vector' }],
    ])
    await without.close()
    await inDatabase(`${role}_own`, 'create extension vector')
    const database = await openPostgres({ url })
    expect([database.vectors, database.notes]).toEqual([true, []])
    await database.query('create table thing (id int, project text)')
    expect(await ids(new Kysely<Tables>({ dialect: database.reader(alice) }))).toEqual([])
    await database.close()
    expect(name).not.toBe('')
  })

  it('refuses a role that would see past the policies', async () => {
    const { prepare } = await import('./prepare.ts')
    const facts = { number: 170_000, encoding: 'UTF8', login: 'x', schemas: ['public'], role: { super: 0, bypass: 1 } }
    const asked: string[] = []
    const ask = async (text: string) => {
      asked.push(text)
      return [text.includes('server_version_num') ? facts : { member: 1 }]
    }
    await expect(prepare(ask)).rejects.toMatchObject({ code: 'database-rights' })
    for (const [change, code] of [
      [{ number: 130_010, version: '13.10' }, 'database-too-old'],
      [{ encoding: 'SQL_ASCII' }, 'database-encoding'],
    ] as const) {
      const asking = async () => [{ ...facts, role: null, ...change }]
      await expect(prepare(asking)).rejects.toMatchObject({ code })
    }
    // Nothing was changed.
    expect(asked.length).toBe(2)
  })
})

async function inDatabase(name: string, text: string): Promise<void> {
  const { Client } = (await import('pg')).default
  const client = new Client({ connectionString: addressOf(name) })
  await client.connect()
  await client.query(text)
  await client.end()
}

/** An error with all it hangs on, as a careless log would write it. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const fields = JSON.stringify(error, Object.getOwnPropertyNames(error))
  return `${fields} ${error.stack} ${error.cause === undefined ? '' : everythingOf(error.cause)}`
}
