import { Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Schema } from '../../shared/store/schema.ts'
import { engines } from '../postgres.ts'
import { type AccountServer, goodPassword, openAccountServer, tokenOf } from './open-accounts.ts'

describe.each(engines)('accounts on $name', engine => {
  let server: AccountServer
  beforeAll(async () => {
    server = await openAccountServer({ engine })
  }, 60_000)
  afterAll(() => server?.stop())

  const rows = () => new Kysely<Schema>({ dialect: server.database.reader('internal') })

  it('begin with a link that makes one owner, who takes over what there was', async () => {
    const before = server.withKey('correct-horse-battery-staple')
    const { id: projectId } = await before.projects.create({ name: 'Vorher' })
    await before.settings.update({ theme: 'dark' })
    const { id: chatId } = await before.chats.create({ projectId, title: 'Alt' })
    expect(await server.browser().client.auth.options()).toMatchObject({ mode: 'server', setUp: false, mail: true })
    const [first, second] = [
      await server.accounts.registration.setUpLink(),
      await server.accounts.registration.setUpLink(),
    ].map(link => tokenOf(link ?? ''))
    const owner = server.browser()
    const applicant = { email: 'Chef@Cloister.Test ', password: goodPassword, name: 'Chefin' }
    await expect(owner.client.auth.redeemSetUp({ ...applicant, token: 'x'.repeat(43) })).rejects.toMatchObject({
      code: 'link-invalid',
    })
    // Two at once: one of them is the owner.
    const both = await Promise.allSettled(
      [first, second].map((token, at) =>
        [owner, server.browser()][at].client.auth.redeemSetUp({
          ...applicant,
          email: `${at}-${applicant.email}`,
          token,
        }),
      ),
    )
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const people = (await before.users.list()).users
    expect(people).toMatchObject([{ role: 'owner', name: 'Chefin', emailVerified: true }])
    const winner = both[0].status === 'fulfilled' ? owner : undefined
    const logged = winner ?? server.browser()
    if (!winner) await logged.client.auth.logIn({ email: '1-chef@cloister.test', password: goodPassword })
    const names = (await logged.client.projects.list()).projects.map(({ name }) => name)
    expect(names).toContain('Vorher')
    expect((await logged.client.chats.get({ projectId, chatId })).chat.title).toBe('Alt')
    expect((await logged.client.settings.get()).theme).toBe('dark')
    // Of local mode's user nothing is left, in any table.
    const tables = await rows().introspection.getTables()
    const left: string[] = []
    for (const { name, columns, schema } of tables)
      for (const { name: column, dataType } of columns) {
        if (!/text/i.test(dataType)) continue
        if (
          !/^(?:user_id|actor_id|owner_id|scope|id)$/.test(column) ||
          name.startsWith('vector_') ||
          schema === 'pgboss'
        )
          continue
        const query = rows()
          .selectFrom(name as never)
          .select(column as never)
          .where(column as never, '=', 'local' as never)
        if ((await query.execute()).length > 0) left.push(`${name}.${column}`)
      }
    expect(left).toEqual([])
    expect(await server.accounts.registration.setUpLink()).toBeUndefined()
    await expect(server.browser().client.auth.redeemSetUp({ ...applicant, token: second })).rejects.toMatchObject({
      code: 'link-invalid',
    })
  })

  it('register, confirm, log in, say who they are, log out', async () => {
    const one = server.browser()
    const email = 'anna@cloister.test'
    expect(await one.client.auth.register({ email, password: goodPassword, language: 'de' })).toEqual({
      state: 'confirm',
    })
    await expect(one.client.auth.logIn({ email, password: goodPassword })).rejects.toMatchObject({
      code: 'email-unverified',
      status: 403,
    })
    const token = await server.tokenFor(email, 'verify')
    expect(server.mails.at(-1)).toMatchObject({ language: 'de' })
    await one.client.auth.verifyEmail({ token })
    await expect(one.client.auth.verifyEmail({ token })).rejects.toMatchObject({ code: 'link-invalid', status: 410 })
    await expect(one.client.auth.logIn({ email, password: 'not this one' })).rejects.toMatchObject({
      code: 'log-in-failed',
      status: 401,
    })
    expect(await one.client.auth.logIn({ email: ' Anna@Cloister.test', password: goodPassword })).toMatchObject({
      state: 'logged-in',
      account: { email, name: 'anna', role: 'member', language: 'de', password: true },
    })
    expect([...one.cookies.keys()]).toEqual(['__Host-cloister.session_token'])
    expect(await one.client.auth.me()).toMatchObject({ via: 'session', account: { email } })
    const { projects } = await one.client.projects.list()
    expect(projects).toHaveLength(1)
    const kept = new Map(one.cookies)
    await one.client.auth.logOut()
    expect(one.cookies.size).toBe(0)
    for (const [name, value] of kept) one.cookies.set(name, value)
    await expect(one.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    for (const path of ['/api/v1/projects', '/v1/models', '/api/v1/auth/sessions'])
      expect((await server.browser().fetch(path)).status).toBe(401)
  })

  it('say the same of an address that is known and of one that is not', async () => {
    const one = server.browser()
    const known = 'bea@cloister.test'
    await server.member(known)
    const calls = (email: string) =>
      [
        ['register', { email, password: goodPassword }],
        ['forgot-password', { email }],
        ['magic-link', { email }],
        ['login', { email, password: 'wrong as can be' }],
      ] as const
    const asked = async (email: string) => {
      const said: unknown[] = []
      for (const [path, body] of calls(email)) {
        const response = await one.fetch(`/api/v1/auth/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        const text = (await response.text()).replaceAll(/urn:uuid:[0-9a-f-]+/g, 'urn')
        const cookies = response.headers.getSetCookie().map(line => line.replace(/=[^;]+/, '=…'))
        said.push([path, response.status, text, response.headers.get('content-type'), cookies])
      }
      return said
    }
    const unknown = await asked('nobody@cloister.test')
    expect(await asked(known)).toEqual(unknown)
    expect(unknown.map(one => (one as unknown[])[1])).toEqual([200, 204, 204, 401])
    const kinds = (to: string) => server.mails.filter(mail => mail.to === to).map(({ kind }) => kind)
    expect(kinds(known)).toEqual(['invitation', 'known-address', 'reset', 'magic-link'])
    // Registering has just made this one; what follows finds it.
    expect(kinds('nobody@cloister.test')).toEqual(['verify', 'reset', 'magic-link'])
    expect(kinds('really-nobody@cloister.test')).toEqual([])
    await one.client.auth.forgotPassword({ email: 'really-nobody@cloister.test' })
    expect(kinds('really-nobody@cloister.test')).toEqual([])
  })

  it('log in by a link once, in the browser that asked or after one more click', async () => {
    const email = 'carl@cloister.test'
    await server.member(email)
    const one = server.browser()
    await one.client.auth.requestLink({ email })
    const token = await server.tokenFor(email, 'magic-link')
    const other = server.browser()
    await expect(other.client.auth.redeemLink({ token })).rejects.toMatchObject({ code: 'link-elsewhere' })
    const tries = await Promise.allSettled([1, 2, 3].map(() => one.client.auth.redeemLink({ token })))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await one.client.auth.me()).toMatchObject({ account: { email } })
    await expect(other.client.auth.redeemLink({ token, here: true })).rejects.toMatchObject({ code: 'link-invalid' })
    await one.client.auth.requestLink({ email })
    const late = await server.tokenFor(email, 'magic-link')
    server.clock.ahead = 16 * 60_000
    await expect(one.client.auth.redeemLink({ token: late })).rejects.toMatchObject({ code: 'link-invalid' })
    server.clock.ahead = 0
    const hashes = await rows().selectFrom('auth_link').select('hash').execute()
    expect(JSON.stringify(hashes)).not.toContain(token)
  })

  it('reset a password, which ends all sessions, and change it, which ends all others', async () => {
    const email = 'dora@cloister.test'
    const old = await server.member(email)
    await old.client.auth.forgotPassword({ email })
    const token = await server.tokenFor(email, 'reset')
    const next = 'zwölf Monde über dem See'
    for (const [password, code] of [
      ['kurz', 'password-short'],
      ['passwort123!', 'password-common'],
      ['x'.repeat(129), 'password-long'],
      ['12345678', 'password-common'],
    ])
      await expect(old.client.auth.resetPassword({ token, password })).rejects.toMatchObject({ code, status: 422 })
    await old.client.auth.resetPassword({ token, password: next })
    await expect(old.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(old.client.auth.resetPassword({ token, password: next })).rejects.toMatchObject({
      code: 'link-invalid',
    })
    const [one, two] = [server.browser(), server.browser()]
    for (const each of [one, two]) await each.client.auth.logIn({ email, password: next })
    const change = { current: 'wrong one here', password: goodPassword }
    await expect(one.client.auth.changePassword(change)).rejects.toMatchObject({ code: 'password-incorrect' })
    await one.client.auth.changePassword({ ...change, current: next })
    expect((await one.client.auth.me()).account.email).toBe(email)
    await expect(two.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(server.mails.filter(({ kind, to }) => kind === 'password-changed' && to === email)).toHaveLength(2)
  })

  it('list sessions, end them, and let them end', async () => {
    const email = 'emil@cloister.test'
    const one = await server.member(email)
    const two = server.browser()
    await two.client.auth.logIn({ email, password: goodPassword })
    const { sessions } = await one.client.auth.sessions()
    expect(sessions).toMatchObject([{ current: false }, { current: true, address: '127.0.0.0' }])
    const other = await server.member('eva@cloister.test')
    await expect(other.client.auth.endSession({ sessionId: sessions[0].id })).rejects.toMatchObject({
      code: 'session-not-found',
    })
    await one.client.auth.endSession({ sessionId: sessions[0].id })
    await expect(two.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    // In use every six days it lasts for thirty, and not beyond.
    const day = 24 * 3_600_000
    for (const days of [6, 12, 18, 24, 29]) {
      server.clock.ahead = days * day
      await one.client.auth.me()
      const used = server.clock.now()
      await expect
        .poll(async () => {
          const all = await rows().selectFrom('auth_session').select('updated_at').execute()
          return all.some(({ updated_at }) => Math.abs(Date.parse(updated_at) - used) < 60_000)
        })
        .toBe(true)
    }
    server.clock.ahead = 30 * day + 1000
    await expect(one.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    server.clock.ahead = 7 * day + 1000
    await expect(other.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    server.clock.ahead = 0
  })

  it('give keys to programs, which may do what they are for', async () => {
    const one = await server.member('franz@cloister.test')
    const { projects } = await one.client.projects.list()
    const projectId = projects[0].id
    const make = async (...scopes: ('read' | 'ask' | 'write' | 'admin')[]) => {
      const { key } = await one.client.auth.addKey({ name: scopes.join(), scopes })
      return server.withKey(key)
    }
    const reader = await make('read')
    expect((await reader.projects.list()).projects.map(({ id }) => id)).toEqual([projectId])
    expect(await reader.auth.me()).toMatchObject({ via: 'key', scopes: ['read'] })
    await expect(reader.projects.create({ name: 'X' })).rejects.toMatchObject({
      code: 'key-scope',
      status: 403,
      values: { scope: 'write' },
    })
    await expect(reader.answers.once({ projectId, question: 'Wie?' })).rejects.toMatchObject({ code: 'key-scope' })
    const writer = await make('read', 'write')
    await writer.documents.addText({ projectId, name: 'Notiz', text: 'Text', format: 'plain' })
    await expect(writer.users.list()).rejects.toMatchObject({ code: 'key-scope' })
    // Whose key may ask nothing, may not by another spelling.
    for (const path of ['/V1/chat/completions', '/MCP', '/API/v1/projects'])
      expect((await one.fetch(path, { method: 'POST' })).status).toBe(405)
    // What its owner may not do, no key may.
    const all = await make('read', 'ask', 'write', 'admin')
    await expect(all.users.list()).rejects.toMatchObject({ code: 'role-needed' })
    for (const call of [
      () => all.auth.addKey({ name: 'more', scopes: ['read'] }),
      () => all.auth.sessions(),
      () => all.auth.changePassword({ password: goodPassword }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'session-needed' })
    const { keys } = await one.client.auth.keys()
    expect(keys.map(({ shown }) => shown)).toEqual(Array(3).fill(expect.stringMatching(/^clo_.{6}$/)))
    await one.client.auth.removeKey({ keyId: keys[0].id })
    await expect(reader.projects.list()).rejects.toMatchObject({ code: 'unauthorized' })
    const brief = await one.client.auth.addKey({ name: 'b', scopes: ['read'], expiresAt: Date.now() + 1000 })
    await server.withKey(brief.key).projects.list()
    server.clock.ahead = 2000
    await expect(server.withKey(brief.key).projects.list()).rejects.toMatchObject({ code: 'unauthorized' })
    server.clock.ahead = 0
  })

  it('say how many keys there may be', async () => {
    const one = await server.member('kim@cloister.test')
    const { id } = (await one.client.auth.me()).account
    const key = { name: 'k', scopes: ['read'] as const, expiresAt: null }
    for (let count = 0; count < 100; count++) await server.accounts.keys.add(id, key)
    const full = { code: 'too-many-keys', status: 409, values: { limit: 100 } }
    await expect(one.client.auth.addKey({ name: 'k', scopes: ['read'] })).rejects.toMatchObject(full)
  })

  it('log out by the call that takes the cookie away, too', async () => {
    const one = await server.member('lea@cloister.test')
    const kept = [...one.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const closed = await one.fetch('/api/v1/session', { method: 'DELETE' })
    expect(closed.status).toBe(204)
    expect(one.cookies.size).toBe(0)
    // Who had copied the cookie is out as well.
    expect((await fetch(`${server.url}/api/v1/projects`, { headers: { cookie: kept } })).status).toBe(401)
  })

  it('invite, give roles, and block, each as far as their own role goes', async () => {
    const admin = await server.member('ida@cloister.test', 'admin')
    const owner = server.withKey('correct-horse-battery-staple')
    const { invitation } = await admin.client.users.invite({ email: 'jan@cloister.test' })
    const token = await server.tokenFor('jan@cloister.test', 'invitation')
    const jan = server.browser()
    expect(await jan.client.auth.readInvitation({ token })).toMatchObject({
      email: 'jan@cloister.test',
      inviter: 'ida',
    })
    const wrong = { email: 'karl@cloister.test', password: goodPassword, invitation: token }
    await expect(jan.client.auth.register(wrong)).rejects.toMatchObject({ code: 'invitation-invalid' })
    await admin.client.users.uninvite({ invitationId: invitation.id })
    const right = { ...wrong, email: 'jan@cloister.test' }
    await expect(jan.client.auth.register(right)).rejects.toMatchObject({ code: 'invitation-invalid' })
    await expect(admin.client.users.invite({ email: 'l@cloister.test', role: 'owner' })).rejects.toMatchObject({
      code: 'role-needed',
    })
    const member = await server.member('mia@cloister.test')
    await expect(member.client.users.list()).rejects.toMatchObject({ code: 'role-needed', status: 403 })
    const { users } = await admin.client.users.list()
    const idOf = (email: string) => users.find(one => one.email === email)!.id
    const chef = users.find(({ role }) => role === 'owner')!
    for (const change of [{ role: 'member' as const }, { blocked: true }]) {
      await expect(admin.client.users.update({ userId: chef.id, ...change })).rejects.toMatchObject({
        code: 'role-needed',
      })
      await expect(owner.users.update({ userId: chef.id, ...change })).rejects.toMatchObject({ code: 'last-owner' })
    }
    await expect(admin.client.users.resetPassword({ userId: chef.id })).rejects.toMatchObject({ code: 'role-needed' })
    await admin.client.users.update({ userId: idOf('mia@cloister.test'), blocked: true })
    await expect(member.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    const again = { email: 'mia@cloister.test', password: goodPassword }
    await expect(server.browser().client.auth.logIn(again)).rejects.toMatchObject({ code: 'account-blocked' })
    await admin.client.users.update({ userId: idOf('mia@cloister.test'), blocked: false })
    await server.browser().client.auth.logIn(again)
  })

  it('slow down who guesses, and nobody else', async () => {
    const email = 'nora@cloister.test'
    await server.member(email)
    const codes: string[] = []
    for (let count = 0; count < 50; count++) {
      const guess = server.browser().client.auth.logIn({ email, password: `guess number ${count}` })
      codes.push(
        await guess.then(
          () => 'in',
          (error: { code: string }) => error.code,
        ),
      )
    }
    expect(codes.filter(code => code === 'log-in-failed').length).toBeLessThan(12)
    expect(new Set(codes)).toEqual(new Set(['log-in-failed', 'too-many-tries']))
    // From another address than the one that guesses, she gets in at once.
    const visit = {
      cookie: undefined,
      userAgent: undefined,
      address: '198.51.100.7',
      language: 'en',
      setCookies() {},
    } as const
    expect(await server.accounts.signIn.logIn(visit, email, goodPassword)).toMatchObject({ state: 'logged-in' })
  })
})
