import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engines } from '../postgres.ts'
import { startGitHub } from './github.ts'
import { type AccountServer, type Browser, goodPassword, openAccountServer, publicUrl } from './open-accounts.ts'
import { nextStep, totp } from './totp.ts'

describe.each(engines)('ways in on $name', engine => {
  let server: AccountServer
  let github: Awaited<ReturnType<typeof startGitHub>>
  beforeAll(async () => {
    github = await startGitHub()
    server = await openAccountServer({
      engine,
      github: { id: 'cloister', secret: 'of github', url: github.url, apiUrl: `${github.url}/api/v3` },
      fetch,
    })
    await server.setUp()
  }, 60_000)
  afterAll(async () => {
    await server?.stop()
    github?.close()
  })

  it('a second factor is asked for after the password, after a link, and not in a browser that is trusted', async () => {
    const email = 'tina@cloister.test'
    const one = await server.member(email)
    await expect(one.client.auth.beginTotp({ password: 'wrong' })).rejects.toMatchObject({ code: 'password-incorrect' })
    const { uri, recoveryCodes } = await one.client.auth.beginTotp({ password: goodPassword })
    const secret = new URL(uri).searchParams.get('secret') ?? ''
    expect(recoveryCodes).toHaveLength(10)
    await expect(one.client.auth.confirmTotp({ code: '000000' })).rejects.toMatchObject({ code: 'code-wrong' })
    await one.client.auth.confirmTotp({ code: totp(secret) })
    expect((await one.client.auth.me()).account.secondFactor).toBe(true)
    expect(server.mails.at(-1)).toMatchObject({ kind: 'new-totp', to: email })
    await expect(one.client.auth.beginTotp({ password: goodPassword })).rejects.toMatchObject({
      code: 'second-factor-set',
    })

    const two = server.browser()
    expect(await two.client.auth.logIn({ email, password: goodPassword })).toEqual({ state: 'second-factor' })
    await expect(two.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(two.client.auth.secondFactor({ code: '000000' })).rejects.toMatchObject({ code: 'code-wrong' })
    // The code that turned it on is used up.
    await expect(two.client.auth.secondFactor({ code: totp(secret) })).rejects.toMatchObject({ code: 'code-wrong' })
    expect(await two.client.auth.secondFactor({ code: totp(secret, nextStep()), trust: true })).toMatchObject({
      state: 'logged-in',
    })
    await two.client.auth.logOut()
    expect(await two.client.auth.logIn({ email, password: goodPassword })).toMatchObject({ state: 'logged-in' })

    const three = server.browser()
    await three.client.auth.requestLink({ email })
    const token = await server.tokenFor(email, 'magic-link')
    expect(await three.client.auth.redeemLink({ token })).toEqual({ state: 'second-factor' })
    await expect(three.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    const recovery = { code: recoveryCodes[0], kind: 'recovery' } as const
    expect(await three.client.auth.secondFactor(recovery)).toMatchObject({ account: { email } })
    const four = server.browser()
    await four.client.auth.logIn({ email, password: goodPassword })
    await expect(four.client.auth.secondFactor(recovery)).rejects.toMatchObject({ code: 'code-wrong' })
    await expect(server.browser().client.auth.secondFactor({ code: totp(secret) })).rejects.toMatchObject({
      code: 'code-late',
    })
    await one.client.auth.endTotp({ password: goodPassword })
    expect((await one.client.auth.me()).account.secondFactor).toBe(false)
  })

  /** From the button to our page, as a browser goes. */
  async function through(one: Browser, code: string) {
    const { url } = await one.client.auth.beginGitHub()
    const there = new URL(url)
    expect(there.origin + there.pathname).toBe(`${github.url}/login/oauth/authorize`)
    expect(there.searchParams.get('code_challenge_method')).toBe('S256')
    expect(there.searchParams.get('redirect_uri')).toBe(`${publicUrl}/api/v1/auth/callback/github`)
    const back = `/api/v1/auth/callback/github?code=${code}&state=${there.searchParams.get('state')}`
    const response = await one.fetch(back)
    return { status: response.status, location: response.headers.get('location'), back }
  }

  it('GitHub lets in who they are by number, and takes over no account by an address', async () => {
    github.users.set('gina', { id: 4711, login: 'gina', email: 'gina@cloister.test' })
    const one = server.browser()
    expect(await through(one, 'gina')).toMatchObject({ status: 302, location: `${publicUrl}/` })
    expect(github.seen.verifier).toMatch(/^[\w.~-]{43,128}$/)
    expect((await one.client.auth.me()).account).toMatchObject({
      email: 'gina@cloister.test',
      name: 'gina',
      role: 'member',
      github: true,
      password: false,
    })
    expect((await one.client.projects.list()).projects).toHaveLength(1)
    // Another address at GitHub, the same number: the same account.
    github.users.set('gina', { id: 4711, login: 'gina2', email: 'new@cloister.test' })
    const again = server.browser()
    await through(again, 'gina')
    expect((await again.client.auth.me()).account.email).toBe('gina@cloister.test')
    // Somebody else's number with an address that has an account: no.
    await server.member('hugo@cloister.test')
    github.users.set('mallory', { id: 666, login: 'mallory', email: 'hugo@cloister.test' })
    const mallory = server.browser()
    const refused = await through(mallory, 'mallory')
    expect(refused.location).toBe(`${publicUrl}/?error=account_not_linked`)
    await expect(mallory.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    // In another browser than the one that began, the answer of GitHub is worth nothing.
    const victim = server.browser()
    const begun = await through(server.browser(), 'nobody')
    expect((await victim.fetch(begun.back)).headers.get('location')).toMatch(/\?error=/)
    expect(await victim.client.auth.me().catch((error: { code: string }) => error.code)).toBe('unauthorized')
    // What comes late, or a second time, ends on our page too.
    const location = async (back: string) => (await one.fetch(back)).headers.get('location')
    expect(await location((await through(one, 'gina')).back)).toMatch(new RegExp(`^${publicUrl}/\\?error=\\w+$`))
    expect(await location('/api/v1/auth/callback/github?code=gina&state=of-nobody')).toMatch(
      new RegExp(`^${publicUrl}/\\?error=\\w+$`),
    )
    expect(await location('/api/v1/auth/callback/github')).toMatch(new RegExp(`^${publicUrl}/\\?error=\\w+$`))
    // Logged in, one adds it oneself.
    const hugo = server.browser()
    await hugo.client.auth.logIn({ email: 'hugo@cloister.test', password: goodPassword })
    await through(hugo, 'mallory')
    expect((await hugo.client.auth.me()).account.github).toBe(true)
  })

  it('GitHub lets nobody in who is blocked, and no session waits for the end of the block', async () => {
    github.users.set('bob', { id: 4712, login: 'bob', email: 'bob@cloister.test' })
    const bob = server.browser()
    await through(bob, 'bob')
    const { id: userId } = (await bob.client.auth.me()).account
    const owner = server.browser()
    await owner.client.auth.logIn({ email: 'owner@cloister.test', password: goodPassword })
    // Begun before the block, and ended behind it.
    const before = server.browser()
    const { url } = await before.client.auth.beginGitHub()
    await owner.client.users.update({ userId, blocked: true })
    const back = `/api/v1/auth/callback/github?code=bob&state=${new URL(url).searchParams.get('state')}`
    const refused = await before.fetch(back)
    expect(refused.headers.get('location')).toBe(`${publicUrl}/?error=account_blocked`)
    expect(refused.headers.getSetCookie().join()).not.toContain('session_token')
    await owner.client.users.update({ userId, blocked: false })
    for (const one of [bob, before]) await expect(one.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(await server.accounts.sessions.list(userId)).toEqual([])
  })

  it('a code that was asked for before a block is worth nothing behind it', async () => {
    const email = 'theo@cloister.test'
    const theo = await server.member(email)
    const { id: userId } = (await theo.client.auth.me()).account
    const { uri } = await theo.client.auth.beginTotp({ password: goodPassword })
    const secret = new URL(uri).searchParams.get('secret') ?? ''
    await theo.client.auth.confirmTotp({ code: totp(secret) })
    const trusted = server.browser()
    await trusted.client.auth.logIn({ email, password: goodPassword })
    await trusted.client.auth.secondFactor({ code: totp(secret, Date.now() + 30_000), trust: true })
    const asked = server.browser()
    expect(await asked.client.auth.logIn({ email, password: goodPassword })).toEqual({ state: 'second-factor' })
    const owner = server.browser()
    await owner.client.auth.logIn({ email: 'owner@cloister.test', password: goodPassword })
    await owner.client.users.update({ userId, blocked: true })
    await owner.client.users.update({ userId, blocked: false })
    await expect(asked.client.auth.secondFactor({ code: totp(secret) })).rejects.toMatchObject({ code: 'code-late' })
    await expect(trusted.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(await trusted.client.auth.logIn({ email, password: goodPassword })).toEqual({ state: 'second-factor' })
  })

  it('passkeys: options are of this place, and what does not fit is refused', async () => {
    const one = await server.member('pia@cloister.test')
    expect(await one.client.auth.beginPasskey()).toMatchObject({ rp: { id: 'cloister.test' } })
    const response = { id: 'x', rawId: 'x', type: 'public-key', response: {}, clientExtensionResults: {} }
    await expect(one.client.auth.addPasskey({ response })).rejects.toMatchObject({ code: 'passkey-failed' })
    const two = server.browser()
    expect(await two.client.auth.beginPasskeyLogIn()).toMatchObject({ rpId: 'cloister.test' })
    await expect(two.client.auth.passkeyLogIn({ response })).rejects.toMatchObject({ code: 'passkey-failed' })
    expect((await one.client.auth.passkeys()).passkeys).toEqual([])
  })
})

describe('without mail, and by invitation alone', () => {
  let server: AccountServer
  beforeAll(async () => {
    server = await openAccountServer({ mail: false, registration: 'invite' })
  })
  afterAll(() => server?.stop())

  it('says what is off, and hands links to those who look after the installation', async () => {
    const owner = await server.setUp()
    const one = server.browser()
    expect(await one.client.auth.options()).toMatchObject({
      mail: false,
      registration: 'invite',
      github: false,
      setUp: true,
    })
    const email = 'ute@cloister.test'
    const off = { code: 'mail-off', status: 409 }
    await expect(one.client.auth.requestLink({ email })).rejects.toMatchObject(off)
    await expect(one.client.auth.forgotPassword({ email })).rejects.toMatchObject(off)
    await expect(one.client.auth.beginGitHub()).rejects.toMatchObject({ code: 'github-off' })
    await expect(one.client.auth.register({ email, password: goodPassword })).rejects.toMatchObject({
      code: 'registration-closed',
    })
    const { link } = await owner.client.users.invite({ email })
    const invitation = link?.split('#invitation=')[1] ?? ''
    await one.client.auth.register({ email, password: goodPassword, invitation })
    expect(await one.client.auth.logIn({ email, password: goodPassword })).toMatchObject({ state: 'logged-in' })
    const { users } = await owner.client.users.list()
    const reset = await owner.client.users.resetPassword({ userId: users[1].id })
    const token = reset.link?.split('#reset=')[1] ?? ''
    await one.client.auth.resetPassword({ token, password: 'ein ganz anderes Wort' })
    await one.client.auth.logIn({ email, password: 'ein ganz anderes Wort' })
    // Who had the link could have read everything.
    const { entries } = await one.client.audit.list({})
    expect(entries.map(({ action }) => action)).toContain('account.reset')
  })
})

describe('with passwords as they are kept', () => {
  let server: AccountServer
  beforeAll(async () => {
    server = await openAccountServer({ passwords: 'real' })
    await server.setUp()
  })
  afterAll(() => server?.stop())

  it('an unknown address takes as long as a known one', async () => {
    const email = 'vera@cloister.test'
    await server.member(email)
    const { signIn, registration, credentials } = server.accounts
    const visit = (at: number) =>
      ({
        cookie: undefined,
        userAgent: undefined,
        address: `198.51.${at % 250}.${at >> 8}`,
        language: 'en',
        setCookies() {},
      }) as const
    let at = 0
    const calls: Record<string, (address: string) => Promise<unknown>> = {
      logIn: address => signIn.logIn(visit(at++), address, 'not the right one').catch(() => {}),
      forgot: address => credentials.forgot(address, 'en'),
      link: address => signIn.requestLink(visit(at++), address),
      register: address =>
        registration.register(visit(at++), { email: address, password: goodPassword, language: 'en' }, undefined),
    }
    const hashes = ['logIn', 'register']
    for (const [name, call] of Object.entries(calls)) {
      const times: [number[], number[]] = [[], []]
      // What a hash takes hardly varies; the others are cheap to measure more often.
      const rounds = hashes.includes(name) ? 3 : 5
      for (let round = 0; round < rounds; round++)
        for (const which of [0, 1] as const) {
          const address = which === 0 ? email : `nobody-${name}-${round}@cloister.test`
          const began = process.cpuUsage()
          await call(address)
          const { user, system } = process.cpuUsage(began)
          times[which].push((user + system) / 1000)
        }
      const [known, unknown] = times.map(list => list.sort((a, b) => a - b)[rounds >> 1])
      // Of the processor, which also a busy machine gives both alike. Single milliseconds are the machine's own; where a hash is made,
      // it makes up nearly all of it.
      const apart = Math.abs(known - unknown)
      expect(apart < 8 || apart / Math.max(known, unknown) < 0.35, `${name}: ${known} and ${unknown} ms`).toBe(true)
    }
  }, 180_000)
})
