import { getMigrations } from 'better-auth/db/migration'
import { Kysely, sql } from 'kysely'
import { v7 } from 'uuid'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Schema } from '../../shared/store/schema.ts'
import { openTestStore } from '../../tests/open-store.ts'
import { engines, sqlite } from '../../tests/postgres.ts'
import { type BetterAuth, type BetterAuthDependencies, createBetterAuth, optionsOf } from './better-auth.ts'
import { hashOf } from './secrets.ts'

let open: Awaited<ReturnType<typeof openTestStore>>
let db: Kysely<Schema>
let auth: BetterAuth
const deps = (): BetterAuthDependencies => ({
  db,
  mode: {
    publicUrl: 'https://cloister.example',
    secret: 'a secret that is long enough for a test',
    registration: 'open',
    linkAge: 60_000,
    sessionAge: 86_400_000,
    github: { id: 'id', secret: 'secret', url: 'https://github.com', apiUrl: 'https://api.github.com' },
  },
  // Plain, so that what is asked here takes no time.
  passwords: { hash: async password => `plain ${password}`, verify: async (hash, given) => hash === `plain ${given}` },
  mail: false,
  nextId: v7,
  log: (_level, message) => {
    throw new Error(message)
  },
  fetch: () => Promise.reject(new Error('not here')),
})

async function start(engine: typeof sqlite): Promise<void> {
  open = await openTestStore(engine)
  db = new Kysely<Schema>({ dialect: open.database.writer('internal') })
  auth = await createBetterAuth(deps())
}
afterEach(() => open.close())

test('our migration makes everything that better-auth asks for', async () => {
  await start(sqlite)
  const { toBeCreated, toBeAdded } = await getMigrations({ ...optionsOf(deps()), database: { db, type: 'sqlite' } })
  expect([toBeCreated, toBeAdded]).toEqual([[], []])
})

describe.each(engines)('on $name', engine => {
  beforeEach(() => start(engine))

  test('a session is known by its cookie, and is in the database as a hash alone', async () => {
    const { internalAdapter } = await auth.$context
    const user = await internalAdapter.createUser(
      { email: 'A@Example.org', name: 'A', emailVerified: true } as never,
      {
        method: 'email',
      } as never,
    )
    const body = { userId: user.id, challenge: false }
    const { headers, response } = await auth.api.logInAs({ body, headers: new Headers(), returnHeaders: true })
    expect(response).toEqual({ secondFactor: false })
    const [cookie] = headers.getSetCookie()
    expect(cookie).toMatch(
      /^__Host-cloister\.session_token=[^;]+; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const pair = cookie.split(';')[0]
    const token = decodeURIComponent(pair.split('=')[1]).split('.')[0]
    const asked = new Headers({ cookie: pair })
    expect(await auth.api.getSession({ headers: asked })).toMatchObject({
      user: { email: 'a@example.org', role: 'member' },
    })
    const { rows } = await sql<{ token: string; expires_at: string }>`select * from auth_session`.execute(db)
    expect(rows).toMatchObject([{ token: `sha256:${hashOf(token)}`, expires_at: expect.stringMatching(/^\d{4}-.*Z$/) }])
    // What a thief of the database has is no key.
    await expect(internalAdapter.findSession(rows[0].token)).resolves.toBeNull()
    await expect(internalAdapter.findSession(token)).resolves.toMatchObject({ session: { token } })
    await auth.api.signOut({ headers: asked })
    expect(await auth.api.getSession({ headers: asked })).toBeNull()
    expect((await sql`select 1 from auth_session`.execute(db)).rows).toEqual([])
  })

  test('what a list of sessions holds opens none', async () => {
    const { internalAdapter } = await auth.$context
    const user = await internalAdapter.createUser(
      { email: 'b@example.org', name: 'B' } as never,
      { method: 'email' } as never,
    )
    await internalAdapter.createSession(user.id)
    const [listed] = await internalAdapter.listSessions(user.id)
    expect(listed.token).toMatch(/^sha256:/)
    expect(await internalAdapter.findSession(listed.token)).toBeNull()
  })
})
