/** Who an account belongs to: that of the owner of its address, and of nobody who was there before, or at their screen. */
import { Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { WaysIn } from '../../shared/model/index.ts'
import type { Schema, Tx } from '../../shared/store/schema.ts'
import { engines } from '../postgres.ts'
import { type Authenticator, createAuthenticator } from './authenticator.ts'
import { startGitHub } from './github.ts'
import {
  type AccountServer,
  type Browser,
  goodPassword,
  openAccountServer,
  publicUrl,
  quickPasswords,
} from './open-accounts.ts'
import { nextStep, totp } from './totp.ts'

const minute = 60_000
const hers = 'dreizehn Kraniche im Nebel'

const allRows = (server: AccountServer) => new Kysely<Schema>({ dialect: server.database.writer('internal') })

async function turnOnTotp(one: Browser): Promise<string> {
  const { uri } = await one.client.auth.beginTotp({ password: goodPassword })
  const secret = new URL(uri).searchParams.get('secret') ?? ''
  await one.client.auth.confirmTotp({ code: totp(secret) })
  return secret
}

describe.each(engines)('whose an account is, on $name', engine => {
  let server: AccountServer
  let github: Awaited<ReturnType<typeof startGitHub>>
  let atGitHub = async () => {}
  beforeAll(async () => {
    github = await startGitHub()
    server = await openAccountServer({
      engine,
      github: { id: 'cloister', secret: 'of github', url: github.url, apiUrl: `${github.url}/api/v3` },
      fetch: async (...asked) => {
        await atGitHub()
        return fetch(...asked)
      },
    })
    await server.setUp()
  }, 60_000)
  afterAll(async () => {
    await server?.stop()
    github?.close()
  })

  const rows = () => allRows(server)
  const idOf = async (email: string) => (await server.accounts.people.byEmail(email))?.id ?? ''
  const logIn = (email: string, password: string) => server.browser().client.auth.logIn({ email, password })
  const failed = { code: 'log-in-failed' }
  const mailsTo = (email: string, kind: string) =>
    server.mails.filter(mail => mail.to === email && mail.kind === kind) as { values: Record<string, unknown> }[]
  const mailTo = async (email: string, kind: string) => {
    await expect.poll(() => mailsTo(email, kind).length).toBeGreaterThan(0)
    return mailsTo(email, kind).at(-1) as { values: Record<string, unknown> }
  }
  const allSent = async (email: string, kind: string, count: number) => {
    await expect.poll(() => mailsTo(email, kind).length).toBe(count)
    return mailsTo(email, kind).map(({ values }) => String(values.link).split('=')[1] as string)
  }
  /** The queue takes no mail of this kind while the test runs. */
  const refuse = (kind: string) => {
    const { push } = server.mails
    server.mails.push = (...sent) => {
      if (sent.some(mail => mail.kind === kind)) throw new Error('the queue takes nothing')
      return push.apply(server.mails, sent)
    }
    onTestFinished(() => {
      server.mails.push = push
    })
  }
  const addPasskey = async (one: Browser, device: Authenticator = createAuthenticator(publicUrl)) => {
    const response = device.create(await one.client.auth.beginPasskey())
    await one.client.auth.addPasskey({ response, name: 'Telephone' })
    return device
  }
  const logInBy = async (device: Authenticator, one = server.browser()) => {
    const response = device.get(await one.client.auth.beginPasskeyLogIn())
    return one.client.auth.passkeyLogIn({ response })
  }
  const connectGitHub = async (one: Browser, login: string) => {
    const { url } = await one.client.auth.beginGitHub()
    const state = new URL(url).searchParams.get('state')
    return one.fetch(`/api/v1/auth/callback/github?code=${login}&state=${state}`)
  }

  it("a stranger's password is worth nothing once the owner of the address confirms it", async () => {
    const email = 'alma@cloister.test'
    const stranger = server.browser()
    await stranger.client.auth.register({ email, password: goodPassword })
    const token = await server.tokenFor(email, 'verify')
    const owner = server.browser()
    // Elsewhere than where the password was given, a click alone does nothing.
    await expect(owner.client.auth.verifyEmail({ token })).rejects.toMatchObject({ code: 'verify-elsewhere' })
    await expect(logIn(email, goodPassword)).rejects.toMatchObject({ code: 'email-unverified' })
    await expect(owner.client.auth.verifyEmail({ token, password: 'kurz' })).rejects.toMatchObject({
      code: 'password-short',
    })
    await owner.client.auth.verifyEmail({ token, password: hers })
    await expect(logIn(email, goodPassword)).rejects.toMatchObject(failed)
    await expect(stranger.client.auth.logIn({ email, password: goodPassword })).rejects.toMatchObject(failed)
    expect(await owner.client.auth.logIn({ email, password: hers })).toMatchObject({ state: 'logged-in' })
    expect((await mailTo(email, 'address-proven')).values.ended).toMatchObject({ passwords: 1 })
  })

  it('nor when the owner registers too, or the stranger asks for another mail by logging in', async () => {
    const email = 'berta@cloister.test'
    const stranger = server.browser()
    await stranger.client.auth.register({ email, password: goodPassword })
    const owner = server.browser()
    await owner.client.auth.register({ email, password: hers })
    await expect(stranger.client.auth.logIn({ email, password: goodPassword })).rejects.toMatchObject({
      code: 'email-unverified',
    })
    const tokens = await allSent(email, 'verify', 3)
    for (const token of tokens)
      await expect(owner.client.auth.verifyEmail({ token })).rejects.toMatchObject({ code: 'verify-elsewhere' })
    await owner.client.auth.verifyEmail({ token: tokens[2], password: hers })
    await expect(logIn(email, goodPassword)).rejects.toMatchObject(failed)
    await owner.client.auth.logIn({ email, password: hers })
    // The others have ended with it, also for who asked for them.
    await expect(stranger.client.auth.verifyEmail({ token: tokens[0] })).rejects.toMatchObject({ code: 'link-invalid' })
  })

  it('whoever logs in with the password where they confirm, keeps it', async () => {
    const email = 'clara@cloister.test'
    await server.browser().client.auth.register({ email, password: goodPassword })
    await server.tokenFor(email, 'verify')
    const telephone = server.browser()
    await expect(telephone.client.auth.logIn({ email, password: goodPassword })).rejects.toMatchObject({
      code: 'email-unverified',
    })
    const [, token] = await allSent(email, 'verify', 2)
    await telephone.client.auth.verifyEmail({ token })
    expect(await telephone.client.auth.logIn({ email, password: goodPassword })).toMatchObject({ state: 'logged-in' })
    expect(mailsTo(email, 'address-proven')).toEqual([])
  })

  it('an address that is proven by a link to log in is left with nothing from before', async () => {
    const email = 'dana@cloister.test'
    const stranger = await server.member(email)
    const secret = await turnOnTotp(stranger)
    const device = await addPasskey(stranger)
    const { key } = await stranger.client.auth.addKey({ name: 'k', scopes: ['read'] })
    github.users.set('stranger', { id: 99, login: 'stranger', email: 's@cloister.test' })
    await connectGitHub(stranger, 'stranger')
    const userId = await idOf(email)
    // As it is where the account was made without mail, and mail was set up later.
    await rows().updateTable('auth_user').set({ email_verified: 0 }).where('id', '=', userId).execute()
    const owner = server.browser()
    await owner.client.auth.requestLink({ email })
    const token = await server.tokenFor(email, 'magic-link')
    expect(await owner.client.auth.redeemLink({ token })).toMatchObject({ state: 'logged-in' })
    expect((await owner.client.auth.me()).account).toMatchObject({
      password: false,
      github: false,
      secondFactor: false,
    })
    await expect(stranger.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(server.withKey(key).projects.list()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(logInBy(device)).rejects.toMatchObject({ code: 'passkey-failed' })
    await expect(logIn(email, goodPassword)).rejects.toMatchObject(failed)
    expect(secret).not.toBe('')
    const { ended } = (await mailTo(email, 'address-proven')).values as { ended: WaysIn }
    expect(ended).toMatchObject({ passwords: 1, keys: 1, passkeys: 1, gitHub: 1, secondFactors: 1 })
  })

  it('after a reset by mail nothing opens the account but the new password and the second factor', async () => {
    const email = 'emma@cloister.test'
    const one = await server.member(email)
    const device = await addPasskey(one)
    const { key } = await one.client.auth.addKey({ name: 'k', scopes: ['read'] })
    github.users.set('emma', { id: 77, login: 'emma', email: 'e@cloister.test' })
    await connectGitHub(one, 'emma')
    const secret = await turnOnTotp(one)
    const trusted = server.browser()
    await trusted.client.auth.logIn({ email, password: goodPassword })
    await trusted.client.auth.secondFactor({ code: totp(secret, nextStep()), trust: true })
    // Two that were begun: a log-in up to its code, and a log-in by a link.
    const begun = server.browser()
    expect(await begun.client.auth.logIn({ email, password: goodPassword })).toEqual({ state: 'second-factor' })
    await begun.client.auth.requestLink({ email })
    const link = await server.tokenFor(email, 'magic-link')
    const making = await one.client.auth.beginPasskey()

    const owner = server.browser()
    await owner.client.auth.forgotPassword({ email })
    await owner.client.auth.resetPassword({ token: await server.tokenFor(email, 'reset'), password: hers })

    for (const gone of [one, trusted])
      await expect(gone.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(server.withKey(key).projects.list()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(logInBy(device)).rejects.toMatchObject({ code: 'passkey-failed' })
    await connectGitHub(server.browser(), 'emma')
    expect((await server.accounts.people.account(await idOf(email))).github).toBe(false)
    await expect(begun.client.auth.secondFactor({ code: totp(secret, nextStep()) })).rejects.toMatchObject({
      code: 'code-late',
    })
    await expect(begun.client.auth.redeemLink({ token: link })).rejects.toMatchObject({ code: 'link-invalid' })
    // The browser that was trusted is asked for a code again.
    expect(await trusted.client.auth.logIn({ email, password: hers })).toEqual({ state: 'second-factor' })
    const again = createAuthenticator(publicUrl).create(making)
    await expect(one.client.auth.addPasskey({ response: again })).rejects.toMatchObject({ code: 'unauthorized' })
    const { ended, left } = (await mailTo(email, 'password-changed')).values as { ended: WaysIn; left: WaysIn }
    expect(ended).toEqual({ passwords: 0, sessions: 2, keys: 1, passkeys: 1, gitHub: 1, secondFactors: 0 })
    expect(left).toMatchObject({ keys: 0, passkeys: 0, gitHub: 0, secondFactors: 1 })
  })

  it('a changed password ends what the old one opened, and with one more tick all else', async () => {
    const email = 'frida@cloister.test'
    const one = await server.member(email)
    const device = await addPasskey(one)
    const { key } = await one.client.auth.addKey({ name: 'k', scopes: ['read'] })
    const secret = await turnOnTotp(one)
    const trusted = server.browser()
    await trusted.client.auth.logIn({ email, password: goodPassword })
    await trusted.client.auth.secondFactor({ code: totp(secret, nextStep()), trust: true })
    await trusted.client.auth.forgotPassword({ email })
    const reset = await server.tokenFor(email, 'reset')
    await one.client.auth.changePassword({ current: goodPassword, password: hers })
    await expect(trusted.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(await trusted.client.auth.logIn({ email, password: hers })).toEqual({ state: 'second-factor' })
    await expect(trusted.client.auth.resetPassword({ token: reset, password: goodPassword })).rejects.toMatchObject({
      code: 'link-invalid',
    })
    await server.withKey(key).projects.list()
    expect(await logInBy(device)).toMatchObject({ state: 'logged-in' })
    expect((await mailTo(email, 'password-changed')).values.left).toMatchObject({ keys: 1, passkeys: 1 })
    await one.client.auth.changePassword({ current: hers, password: goodPassword, everything: true })
    await expect(server.withKey(key).projects.list()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(logInBy(device)).rejects.toMatchObject({ code: 'passkey-failed' })
    expect((await one.client.auth.me()).account).toMatchObject({ email, secondFactor: true })
  })

  it('browsers that were trusted are not when codes are turned off and on again', async () => {
    const email = 'gerda@cloister.test'
    const one = await server.member(email)
    const secret = await turnOnTotp(one)
    const trusted = server.browser()
    await trusted.client.auth.logIn({ email, password: goodPassword })
    await trusted.client.auth.secondFactor({ code: totp(secret, nextStep()), trust: true })
    await one.client.auth.endTotp({ password: goodPassword })
    await turnOnTotp(one)
    expect(await trusted.client.auth.logIn({ email, password: goodPassword })).toEqual({ state: 'second-factor' })
  })

  it('what opens an account for good asks for a password, or for a session that was just opened', async () => {
    const email = 'hanna@cloister.test'
    const one = await server.member(email)
    await addPasskey(one)
    const { passkeys } = await one.client.auth.passkeys()
    const needed = { code: 'proof-needed', status: 403 }
    const all: (() => Promise<unknown>)[] = [
      () => addPasskey(one),
      () => one.client.auth.addPasskey({ response: {} }),
      () => one.client.auth.addKey({ name: 'k', scopes: ['read'] }),
      () => one.client.auth.beginGitHub(),
      () => one.client.auth.removePasskey({ passkeyId: passkeys[0].id }),
      () => one.client.auth.removeGitHub(),
    ]
    server.clock.ahead = 11 * minute
    try {
      for (const act of all) await expect(act()).rejects.toMatchObject(needed)
      await expect(one.client.auth.prove({ password: 'guess' })).rejects.toMatchObject({ code: 'password-incorrect' })
      await expect(all[2]()).rejects.toMatchObject(needed)
      await one.client.auth.prove({ password: goodPassword })
      await one.client.auth.addKey({ name: 'Backup', scopes: ['read'] })
      await one.client.auth.beginGitHub()
      // A proof is a session's, not an account's.
      const other = server.browser()
      await other.client.auth.logIn({ email, password: goodPassword })
      server.clock.ahead = 22 * minute
      await expect(all[2]()).rejects.toMatchObject(needed)
      await other.client.auth.prove({ password: goodPassword })
      await expect(all[2]()).rejects.toMatchObject(needed)
      await other.client.auth.addKey({ name: 'Other', scopes: ['read'] })
      // Where there is no password, it takes logging in.
      await rows()
        .deleteFrom('auth_account')
        .where('user_id', '=', await idOf(email))
        .execute()
      await expect(one.client.auth.prove({ password: goodPassword })).rejects.toMatchObject(needed)
      await expect(one.client.auth.changePassword({ password: hers })).rejects.toMatchObject(needed)
      await expect(one.client.auth.beginTotp({})).rejects.toMatchObject(needed)
      await expect(one.client.auth.delete({ confirmation: email })).rejects.toMatchObject(needed)
      // A proof that is still good proves no other.
      await rows()
        .updateTable('auth_session')
        .set({ proven_at: server.clock.now() })
        .where('user_id', '=', await idOf(email))
        .execute()
      await expect(one.client.auth.prove({ password: goodPassword })).rejects.toMatchObject(needed)
      await one.client.auth.delete({ confirmation: email })
    } finally {
      server.clock.ahead = 0
    }
    await expect.poll(() => mailsTo(email, 'new-key').map(({ values }) => values.name)).toEqual(['Backup', 'Other'])
  })

  it('codes are turned on and off in the session that does it, which is no more proven by it', async () => {
    const email = 'isa@cloister.test'
    const one = await server.member(email)
    const userId = await idOf(email)
    const session = () =>
      rows()
        .selectFrom('auth_session')
        .select(['id', 'token', 'created_at', 'proven_at'])
        .where('user_id', '=', userId)
        .execute()
    const before = await session()
    const secret = await turnOnTotp(one)
    expect(await session()).toEqual(before)
    await expect(one.client.auth.confirmTotp({ code: totp(secret, nextStep()) })).rejects.toMatchObject({
      code: 'second-factor-set',
    })
    expect((await one.client.auth.me()).account.secondFactor).toBe(true)
    await one.client.auth.endTotp({ password: goodPassword })
    expect(await session()).toEqual(before)
    expect((await one.client.auth.me()).account.secondFactor).toBe(false)
    expect(await logIn(email, goodPassword)).toMatchObject({ state: 'logged-in' })
    await mailTo(email, 'ended-totp')
  })

  it('tells an owner of each new way in', async () => {
    const email = 'irma@cloister.test'
    const one = await server.member(email)
    await addPasskey(one)
    await one.client.auth.addKey({ name: 'Nightly', scopes: ['read'] })
    // As if the account were older than the moment in which GitHub makes one.
    const userId = await idOf(email)
    await rows()
      .updateTable('auth_user')
      .set({ created_at: new Date(Date.now() - minute).toISOString() })
      .where('id', '=', userId)
      .execute()
    github.users.set('irma', { id: 55, login: 'irma', email: 'i@cloister.test' })
    await connectGitHub(one, 'irma')
    expect((await one.client.auth.me()).account.github).toBe(true)
    await mailTo(email, 'new-github')
    await mailTo(email, 'new-passkey')
    await mailTo(email, 'new-key')
    // Who came by GitHub is not told of it.
    github.users.set('new', { id: 56, login: 'new', email: 'new-here@cloister.test' })
    await connectGitHub(server.browser(), 'new')
    expect(await idOf('new-here@cloister.test')).not.toBe('')
    expect(mailsTo('new-here@cloister.test', 'new-github')).toEqual([])
  })

  it('GitHub is added in a session that lasts until it is, or not at all', async () => {
    const email = 'ines@cloister.test'
    const thief = await server.member(email)
    const userId = await idOf(email)
    const at = new Date(Date.now() - minute).toISOString()
    await rows().updateTable('auth_user').set({ created_at: at }).where('id', '=', userId).execute()
    github.users.set('thief', { id: 58, login: 'thief', email: 't@cloister.test' })
    const owner = server.browser()
    await owner.client.auth.forgotPassword({ email })
    const token = await server.tokenFor(email, 'reset')
    atGitHub = async () => {
      atGitHub = async () => {}
      await owner.client.auth.resetPassword({ token, password: hers })
    }
    const refused = await connectGitHub(thief, 'thief')
    expect(refused.headers.get('location')).toBe(`${publicUrl}/?error=github`)
    expect((await server.accounts.people.account(userId)).github).toBe(false)
    expect(mailsTo(email, 'new-github')).toEqual([])
    // Nor by what was begun in a session, and ends without its cookie.
    const one = server.browser()
    await one.client.auth.logIn({ email, password: hers })
    const { url } = await one.client.auth.beginGitHub()
    for (const name of [...one.cookies.keys()]) if (name.endsWith('session_token')) one.cookies.delete(name)
    await one.fetch(`/api/v1/auth/callback/github?code=thief&state=${new URL(url).searchParams.get('state')}`)
    expect((await server.accounts.people.account(userId)).github).toBe(false)
  })

  it('what its owner cannot be told of is not added', async () => {
    const email = 'ilse@cloister.test'
    const one = await server.member(email)
    refuse('new-passkey')
    await expect(addPasskey(one)).rejects.toThrow()
    expect(await server.accounts.credentials.passkeys(await idOf(email))).toEqual([])
  })

  it('an invitation into a project is there, whether or not its mail is', async () => {
    const one = await server.member('inka@cloister.test')
    const [{ id: projectId }] = (await one.client.projects.list({})).projects
    refuse('project-invitation')
    const email = 'invited@cloister.test'
    expect(await one.client.members.invite({ projectId, email, role: 'reader' })).toMatchObject({ email })
  })

  it('a key is made in a session that lasts until it is', async () => {
    const email = 'inga@cloister.test'
    const one = await server.member(email)
    const userId = await idOf(email)
    const [{ id: sessionId }] = await server.accounts.sessions.list(userId)
    const { keys, sessions } = server.accounts
    const add = () =>
      keys.add(userId, { name: 'k', scopes: ['read'], expiresAt: null }, tx => sessions.hold(tx, { userId, sessionId }))
    await add()
    await one.client.auth.logOut()
    await expect(add()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(await keys.list(userId)).toHaveLength(1)
  })

  it('a passkey whose device looked at nobody lets in only where no second factor is on', async () => {
    const email = 'jana@cloister.test'
    const one = await server.member(email)
    expect(await one.client.auth.beginPasskey()).toMatchObject({
      authenticatorSelection: { userVerification: 'required' },
    })
    expect(await server.browser().client.auth.beginPasskeyLogIn()).toMatchObject({ userVerification: 'required' })
    const device = createAuthenticator(publicUrl)
    device.verifies = false
    await addPasskey(one, device)
    expect(await logInBy(device)).toMatchObject({ state: 'logged-in' })
    await turnOnTotp(one)
    const refused = server.browser()
    await expect(logInBy(device, refused)).rejects.toMatchObject({ code: 'passkey-unverified' })
    await expect(refused.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    const blind = createAuthenticator(publicUrl)
    blind.verifies = false
    await expect(addPasskey(one, blind)).rejects.toMatchObject({ code: 'passkey-unverified' })
    expect((await one.client.auth.passkeys()).passkeys).toHaveLength(1)
    device.verifies = true
    expect(await logInBy(device)).toMatchObject({ account: { email } })
  })

  it('a link stays good when somebody else asks for others, of which no more than five go out', async () => {
    const email = 'karla@cloister.test'
    await server.member(email)
    const owner = server.browser()
    await owner.client.auth.forgotPassword({ email })
    const [token] = await allSent(email, 'reset', 1)
    const stranger = server.browser()
    for (let count = 0; count < 7; count++) await stranger.client.auth.forgotPassword({ email })
    expect(mailsTo(email, 'reset')).toHaveLength(5)
    // Those who look after the installation are not kept off by it.
    await server.accounts.credentials.resetLink(await idOf(email))
    const tokens = await allSent(email, 'reset', 6)
    await owner.client.auth.resetPassword({ token, password: hers })
    for (const other of tokens.slice(1))
      await expect(owner.client.auth.resetPassword({ token: other, password: goodPassword })).rejects.toMatchObject({
        code: 'link-invalid',
      })
    // Two that one asked for in the same browser: the first is as good as the second.
    for (const _ of [1, 2]) await owner.client.auth.requestLink({ email })
    const [first] = await allSent(email, 'magic-link', 2)
    expect(await owner.client.auth.redeemLink({ token: first })).toMatchObject({ state: 'logged-in' })
  })

  it('tells the owner of an address no more than five times that somebody registers it', async () => {
    const email = 'lara@cloister.test'
    await server.member(email)
    const tries = Array.from({ length: 8 }, () => server.browser().client.auth.register({ email, password: hers }))
    expect(await Promise.all(tries)).toEqual(Array(8).fill({ state: 'confirm' }))
    await expect.poll(() => mailsTo(email, 'known-address').length).toBe(5)
    // Of any number at once.
    const asked = Array.from({ length: 8 }, () => server.browser().client.auth.forgotPassword({ email }))
    await Promise.all(asked)
    await expect.poll(() => mailsTo(email, 'reset').length).toBe(5)
    // Goes out behind all of them.
    await server.accounts.credentials.resetLink(await idOf(email))
    await allSent(email, 'reset', 6)
    expect(mailsTo(email, 'known-address')).toHaveLength(5)
  })

  it('links that have ended count for none of those that go out', async () => {
    const email = 'lisa@cloister.test'
    await server.member(email)
    for (let count = 0; count < 5; count++) await server.browser().client.auth.forgotPassword({ email })
    await allSent(email, 'reset', 5)
    await rows()
      .updateTable('auth_link')
      .set({ expires_at: server.clock.now() })
      .where('user_id', '=', await idOf(email))
      .execute()
    await server.browser().client.auth.forgotPassword({ email })
    await allSent(email, 'reset', 6)
  })

  it('a password by a link is asked as much of as any other', async () => {
    const email = 'leonie-marie@cloister.test'
    const common = { code: 'password-common' }
    const { auth } = server.browser().client
    await server.browser().client.auth.register({ email, password: goodPassword })
    const verify = await server.tokenFor(email, 'verify')
    await expect(auth.verifyEmail({ token: verify, password: 'leonie-marie' })).rejects.toMatchObject(common)
    // One without a letter is not common for that.
    await auth.verifyEmail({ token: verify, password: '4711-0815-2903' })
    await auth.forgotPassword({ email })
    const token = await server.tokenFor(email, 'reset')
    await expect(auth.resetPassword({ token, password: 'Leonie-Marie' })).rejects.toMatchObject(common)
    await auth.resetPassword({ token, password: '2903-4711-0815' })
  })

  it('of two who register an address at once, both are told the same, and one account is there', async () => {
    for (let round = 0; round < 5; round++) {
      const email = `lena-${round}@cloister.test`
      const asked = Array.from({ length: 4 }, (_, at) =>
        server.browser().client.auth.register({ email, password: `${hers} ${at}` }),
      )
      expect(await Promise.all(asked)).toEqual(Array(4).fill({ state: 'confirm' }))
      const known = await rows().selectFrom('auth_user').select('id').where('email', '=', email).execute()
      expect(known).toHaveLength(1)
      await allSent(email, 'verify', 4)
    }
  })

  it('a code of an app is taken once, by one of any number at once', async () => {
    const email = 'mona@cloister.test'
    const secret = await turnOnTotp(await server.member(email))
    const code = totp(secret, nextStep())
    const begun = await Promise.all(
      [1, 2, 3].map(async () => {
        const one = server.browser()
        await one.client.auth.logIn({ email, password: goodPassword })
        return one
      }),
    )
    const tries = await Promise.allSettled(begun.map(one => one.client.auth.secondFactor({ code })))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of tries) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'code-wrong' })
  })
})

describe.each(engines)('without mail, on $name', engine => {
  let server: AccountServer
  beforeAll(async () => {
    server = await openAccountServer({ engine, mail: false })
    await server.setUp()
  }, 60_000)
  afterAll(() => server?.stop())

  it('whoever is invited is believed, so that a reset by mail, once there is some, leaves the second factor', async () => {
    const email = 'rosa@cloister.test'
    await turnOnTotp(await server.member(email))
    const userId = (await server.accounts.people.byEmail(email))?.id ?? ''
    const proven = (tx: Tx) => server.accounts.people.proveEmail(tx, userId)
    expect(await allRows(server).transaction().execute(proven)).toBe(false)
  })
})

describe.each(engines)('the work of a password, on $name', engine => {
  let server: AccountServer
  let hashes = 0
  let full = false
  let during = async () => {}
  const count = async () => {
    if (full) throw new AppError('too-many-tries', { seconds: 10 })
    hashes += 1
  }
  beforeAll(async () => {
    const passwords = {
      hash: (password: string) => count().then(() => quickPasswords.hash(password)),
      async verify(hash: string, password: string) {
        await count()
        const right = await quickPasswords.verify(hash, password)
        await during()
        return right
      },
    }
    server = await openAccountServer({ engine, passwords })
    await server.setUp()
  }, 60_000)
  afterAll(() => server?.stop())

  it('is not done for who has no link', async () => {
    const { auth } = server.browser().client
    const token = 'x'.repeat(43)
    hashes = 0
    const none = { code: 'link-invalid' }
    await expect(auth.resetPassword({ token, password: hers })).rejects.toMatchObject(none)
    await expect(auth.verifyEmail({ token, password: hers })).rejects.toMatchObject(none)
    await expect(auth.redeemSetUp({ token, password: hers, email: 'x@cloister.test' })).rejects.toMatchObject(none)
    expect(hashes).toBe(0)
  })

  it('was for nothing where the password is another one by then', async () => {
    const email = 'olga@cloister.test'
    await server.member(email)
    const [owner, thief] = [server.browser(), server.browser()]
    await owner.client.auth.forgotPassword({ email })
    const token = await server.tokenFor(email, 'reset')
    during = async () => {
      during = async () => {}
      await owner.client.auth.resetPassword({ token, password: hers })
    }
    await expect(thief.client.auth.logIn({ email, password: goodPassword })).rejects.toMatchObject({
      code: 'log-in-failed',
    })
    await expect(thief.client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
    expect(await owner.client.auth.logIn({ email, password: hers })).toMatchObject({ state: 'logged-in' })
  })

  // Who found a session open and knows the password, while the owner takes the account back by mail.
  const meanwhile = async (email: string) => {
    const thief = await server.member(email)
    const owner = server.browser()
    await turnOnTotp(thief)
    await owner.client.auth.forgotPassword({ email })
    const token = await server.tokenFor(email, 'reset')
    during = async () => {
      during = async () => {}
      await owner.client.auth.resetPassword({ token, password: hers })
    }
    return { thief, owner }
  }
  const holds = async (owner: Browser, email: string) => {
    expect(await owner.client.auth.logIn({ email, password: hers })).toEqual({ state: 'second-factor' })
    const id = (await server.accounts.people.byEmail(email))?.id ?? ''
    expect(await server.accounts.sessions.list(id)).toEqual([])
  }

  it.each([
    [
      'change',
      'their password',
      (thief: Browser) => thief.client.auth.changePassword({ current: goodPassword, password: `${goodPassword} zwei` }),
    ],
    ['end', 'their second factor', (thief: Browser) => thief.client.auth.endTotp({ password: goodPassword })],
    ['delete', 'their account', (thief: Browser) => thief.client.auth.delete({ password: goodPassword })],
  ])('does not %s %s for who is behind a reset', async (verb, _, act) => {
    const email = `olga-${verb}@cloister.test`
    const { thief, owner } = await meanwhile(email)
    await expect(act(thief)).rejects.toMatchObject({ code: 'unauthorized' })
    await holds(owner, email)
  })

  it('is for the password that is there: of two changes in one session, the later one asks anew', async () => {
    const email = 'paula@cloister.test'
    const one = await server.member(email)
    during = async () => {
      during = async () => {}
      await one.client.auth.changePassword({ current: goodPassword, password: hers })
    }
    const late = one.client.auth.changePassword({ current: goodPassword, password: `${hers} zwei` })
    await expect(late).rejects.toMatchObject({ code: 'password-incorrect' })
    expect(await server.browser().client.auth.logIn({ email, password: hers })).toMatchObject({ state: 'logged-in' })
  })

  it('takes no try from who is sent away before it', async () => {
    const email = 'nele@cloister.test'
    await server.member(email)
    full = true
    const { auth } = server.browser().client
    const given = { email, password: goodPassword }
    for (let at = 0; at < 8; at++)
      await expect(auth.logIn(given)).rejects.toMatchObject({ code: 'too-many-tries', values: { seconds: 10 } })
    full = false
    expect(await auth.logIn(given)).toMatchObject({ state: 'logged-in' })
  })
})
