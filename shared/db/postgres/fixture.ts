import { connect as connectTo, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Kysely, sql } from 'kysely'
import pg from 'pg'
import { afterEach, onTestFinished } from 'vitest'
import { postgres, type TestDatabase } from '../../../tests/postgres.ts'
import type { Access } from '../../ports.ts'
import type { PostgresDatabase, PostgresSettings } from './index.ts'

export const url = process.env.TEST_DATABASE_URL ?? ''
export const alice = { userId: 'alice', projectId: 'a' }

export interface Tables {
  thing: { id: number; project: string }
}

const opened: TestDatabase<PostgresDatabase>[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.drop()
})

export const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing was thrown',
    error => error.code,
  )

export const one = async <T>(db: Kysely<Tables>, text: string) => (await sql.raw<T>(text).execute(db)).rows[0]

export const ids = async (db: Kysely<Tables>) =>
  (await db.selectFrom('thing').select('id').orderBy('id').execute()).map(row => row.id)

/** A new database with a table that holds rows of projects, forced to show each its own. */
export async function start(settings: Partial<PostgresSettings> = {}) {
  const test = await postgres.open(settings)
  opened.push(test)
  const { database } = test
  const writer = (access: Access) => new Kysely<Tables>({ dialect: database.writer(access) })
  const reader = (access: Access) => new Kysely<Tables>({ dialect: database.reader(access) })
  for (const text of [
    'create table thing (id bigint primary key, project text collate "C" not null)',
    'alter table thing enable row level security, force row level security',
    `create policy own on thing to cloister_scoped using (project = current_setting('cloister.project', true))`,
    'create policy everything on thing to current_user using (true)',
  ])
    await sql.raw(text).execute(writer('internal'))
  const { name } = await one<{ name: string }>(reader('internal'), 'select current_database()::text as name')
  return { ...test, writer, reader, name }
}

/** The address of a database on the server, with changes. */
export function addressOf(name: string, edit: (address: URL) => void = () => {}): string {
  const address = new URL(url)
  address.pathname = name
  edit(address)
  return address.href
}

export async function asAdministrator<T>(run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

/** Ends the connections to a database of which this is true; says how many. */
export function terminate(name: string, where = 'true'): Promise<number> {
  return asAdministrator(async client => {
    const text = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = $1 and backend_type = 'client backend' and ${where}`
    return (await client.query(text, [name])).rowCount ?? 0
  })
}

/** Counts how often what clients sent had to be answered before they went on. */
export async function startCounter() {
  let trips = 0
  const server = createServer(client => {
    const upstream = connectTo(Number(new URL(url).port || 5432), new URL(url).hostname)
    let asking = false
    client.on('data', data => {
      if (!asking) trips++
      asking = true
      upstream.write(data)
    })
    upstream.on('data', data => {
      asking = false
      client.write(data)
    })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      from.on('error', () => {})
      from.on('close', () => to.destroy())
    }
  })
  const port = await listen(server)
  return { port, trips: () => trips }
}

/** For `localhost`, signed by itself, until 2126. Good for nothing but tests. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUQPvXFhMPB5jLoKDMuFRGGys0VckwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTE2MTIwNloYDzIxMjYxMDI4
MTYxMjA2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARTR/Q5lUNFUZ/lYF6aS2/p+ohbY2nyxoNuz2vgTKElLxp92ecS+jEh
qLYQtG6Rr2JGUgnK5Dt6t+4pQZVCzqsbo2kwZzAdBgNVHQ4EFgQU99Z5yGEXiDna
LXrgkhB0gJvTe00wHwYDVR0jBBgwFoAU99Z5yGEXiDnaLXrgkhB0gJvTe00wDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhAKlFrqyV0eAQruGzWmqm1yPLqnkODHsUA+wc36/j0BW6AiBkLeISoE3y
qwg9QLSLGgeg9W2FB+HTi8wZ6rB+vc2Clg==
-----END CERTIFICATE-----
`
export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgs9JqKWis6oV7b1hn
sCnuYLBcxaECzdNbUE8GFe4r1gOhRANCAARTR/Q5lUNFUZ/lYF6aS2/p+ohbY2ny
xoNuz2vgTKElLxp92ecS+jEhqLYQtG6Rr2JGUgnK5Dt6t+4pQZVCzqsb
-----END PRIVATE KEY-----
`

/** Speaks TLS in place of a server that does not. `encrypted`: how many connections came so. */
export async function startTls() {
  let encrypted = 0
  const server = createServer(client => {
    const upstream = connectTo(Number(new URL(url).port || 5432), new URL(url).hostname)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
    client.once('data', first => {
      // The request for TLS: its length, and a number that is no version.
      if (first.length === 8 && first.readInt32BE(4) === 80_877_103) {
        client.write('S')
        const safe = new TLSSocket(client, { isServer: true, cert: certificate, key })
        safe.on('secure', () => encrypted++)
        safe.on('error', () => upstream.destroy())
        safe.pipe(upstream).pipe(safe)
      } else {
        upstream.write(first)
        client.pipe(upstream).pipe(client)
      }
    })
  })
  const port = await listen(server)
  return { port, encrypted: () => encrypted }
}

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => sockets.add(socket))
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return String(address.port)
}
