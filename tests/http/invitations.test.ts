/** Asking somebody into a project by their address, which tells nobody whether it has an account. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createReference } from '../erasure-rows.ts'
import { postgres, sqlite } from '../postgres.ts'
import { type AccountServer, type Browser, goodPassword, openAccountServer } from './open-accounts.ts'

const week = 7 * 86_400_000

describe.each([sqlite, postgres])('on $name', engine => {
  let server: AccountServer
  let anna: Browser
  let bob: Browser
  let projectId: string
  beforeAll(async () => {
    server = await openAccountServer({ engine })
    anna = await server.setUp('anna@cloister.test')
    bob = await server.member('bob@cloister.test')
    projectId = (await anna.client.projects.create({ name: 'Gemeinsam' })).id
  }, 120_000)
  afterAll(() => server.stop())

  const invite = async (email: string) => {
    const body = JSON.stringify({ email, role: 'editor' })
    const headers = { 'content-type': 'application/json' }
    const response = await anna.fetch(`/api/v1/projects/${projectId}/invitations`, { method: 'POST', headers, body })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const listed = () => anna.client.members.list({ projectId })
  const mails = (to: string) => server.mails.filter(one => one.to === to && one.kind === 'project-invitation')

  it('says and shows the same of an address with an account, and of one without', async () => {
    const known = await invite('Bob@cloister.test ')
    const unknown = await invite('zoe@cloister.test')
    expect(known.status).toBe(201)
    expect(unknown.status).toBe(201)
    const shape = ({ body: { id: _, email, ...rest } }: typeof known, address: string) => {
      expect(email).toBe(address)
      return { ...rest, createdAt: 0, expiresAt: Number(rest.expiresAt) - Number(rest.createdAt) }
    }
    expect(shape(known, 'bob@cloister.test')).toEqual(shape(unknown, 'zoe@cloister.test'))
    expect(shape(known, 'bob@cloister.test')).toEqual({ role: 'editor', createdAt: 0, expiresAt: week })
    const { members, invitations } = await listed()
    expect(members).toHaveLength(1)
    expect(invitations.map(({ email }) => email)).toEqual(['bob@cloister.test', 'zoe@cloister.test'])
    await expect.poll(() => [mails('bob@cloister.test').length, mails('zoe@cloister.test').length]).toEqual([1, 1])
    // Once is enough.
    await invite('bob@cloister.test')
    expect(mails('bob@cloister.test')).toHaveLength(1)
    await expect(bob.client.projects.get({ projectId })).rejects.toMatchObject({ code: 'project-not-found' })
  })

  it('is taken up by who has the address, and by nobody else', async () => {
    const carol = await server.member('carol@cloister.test')
    const { invitations } = await bob.client.invitations.list()
    expect(invitations).toMatchObject([{ project: 'Gemeinsam', owner: 'anna@cloister.test', role: 'editor' }])
    const [{ id: invitationId }] = invitations
    expect((await carol.client.invitations.list()).invitations).toEqual([])
    const none = { code: 'invitation-not-found' }
    await expect(carol.client.invitations.accept({ invitationId })).rejects.toMatchObject(none)
    await expect(carol.client.invitations.decline({ invitationId })).rejects.toMatchObject(none)
    expect(await bob.client.invitations.accept({ invitationId })).toEqual({ projectId })
    expect(await bob.client.projects.get({ projectId })).toMatchObject({ role: 'editor' })
    await expect(bob.client.invitations.accept({ invitationId })).rejects.toMatchObject(none)
    const { members } = await listed()
    expect(members.map(({ email, role }) => [email, role])).toEqual([
      ['anna@cloister.test', 'owner'],
      ['bob@cloister.test', 'editor'],
    ])
    const { entries } = await anna.client.audit.list({})
    expect(entries[0]).toMatchObject({ action: 'member.join', actorName: 'bob' })
    expect(entries.map(({ action }) => action).filter(action => action.startsWith('member.'))).toEqual([
      'member.join',
      'member.invite',
      'member.invite',
      'member.invite',
    ])
  })

  it('waits for who has no account yet, and asks for a proven address', async () => {
    const zoe = server.browser()
    const email = 'zoe@cloister.test'
    await zoe.client.auth.register({ email, password: goodPassword })
    const { id } = (await server.accounts.people.byEmail(email)) as { id: string }
    expect(await server.accounts.addressOf(id)).toBeUndefined()
    await zoe.client.auth.verifyEmail({ token: await server.tokenFor(email, 'verify') })
    await zoe.client.auth.logIn({ email, password: goodPassword })
    expect((await zoe.client.invitations.list()).invitations).toHaveLength(1)
  })

  it('is declined without a word to the owner, taken back by the owner, and over after a week', async () => {
    const dora = await server.member('dora@cloister.test')
    const emails = async () => (await listed()).invitations.map(({ email }) => email)
    await invite('dora@cloister.test')
    const [{ id: invitationId }] = (await dora.client.invitations.list()).invitations
    await dora.client.invitations.decline({ invitationId })
    expect((await dora.client.invitations.list()).invitations).toEqual([])
    expect(await emails()).toContain('dora@cloister.test')
    // Who asks again is heard again.
    await invite('dora@cloister.test')
    expect((await dora.client.invitations.list()).invitations).toMatchObject([{ id: invitationId }])
    await dora.client.invitations.decline({ invitationId })
    await expect(bob.client.members.uninvite({ projectId, invitationId })).rejects.toMatchObject({
      code: 'project-role',
    })
    await anna.client.members.uninvite({ projectId, invitationId })
    expect(await emails()).not.toContain('dora@cloister.test')
    expect((await bob.client.members.list({ projectId })).invitations).toEqual([])
    await expect(
      anna.client.members.invite({ projectId, email: 'anna@cloister.test', role: 'reader' }),
    ).rejects.toMatchObject({ code: 'member-owner' })
  })

  it('into the installation, and its end, stand in the audit log, or do not happen', async () => {
    const { invitation } = await anna.client.users.invite({ email: 'gina@cloister.test' })
    const logged = async () => (await anna.client.administration.audit({ limit: 200 })).entries
    expect((await logged())[0]).toMatchObject({ action: 'account.invite', objectId: invitation.id, actorName: 'anna' })
    const { id } = (await server.accounts.people.byEmail('bob@cloister.test')) as { id: string }
    const by = { userId: (await anna.client.auth.me()).account.id, role: 'owner', via: 'session' } as const
    const full = new Error('full')
    const fails = () => Promise.reject(full)
    const { registration, people } = server.accounts
    await expect(registration.uninvite(invitation.id, fails)).rejects.toBe(full)
    await expect(
      registration.invite(by, { email: 'hans@cloister.test', role: 'member', language: 'de' }, fails),
    ).rejects.toBe(full)
    await expect(people.administer(by, id, { role: 'admin', blocked: true }, fails)).rejects.toBe(full)
    expect((await registration.invitations()).map(({ email }) => email)).toEqual(['gina@cloister.test'])
    expect(await people.byId(id)).toMatchObject({ role: 'member', blocked_at: null })
    await anna.client.users.uninvite({ invitationId: invitation.id })
    await anna.client.users.update({ userId: id, role: 'admin' })
    const [role, uninvite] = await logged()
    expect([role, uninvite]).toMatchObject([{ action: 'account.role' }, { action: 'account.uninvite' }])
    await anna.client.users.update({ userId: id, role: 'member' })
  })

  it('is worth nothing from who was blocked, and goes with the account that it was for', async () => {
    const eve = await server.member('eve@cloister.test')
    const { id: hers } = await eve.client.projects.create({ name: 'Eves' })
    const frank = await server.member('frank@cloister.test')
    await eve.client.members.invite({ projectId: hers, email: 'frank@cloister.test', role: 'reader' })
    const [{ id: invitationId }] = (await frank.client.invitations.list()).invitations
    const { account } = await eve.client.auth.me()
    await anna.client.users.update({ userId: account.id, blocked: true })
    expect((await frank.client.invitations.list()).invitations).toEqual([])
    await expect(frank.client.invitations.accept({ invitationId })).rejects.toMatchObject({
      code: 'invitation-not-found',
    })
    await frank.client.auth.delete({ password: goodPassword })
    expect(await createReference(server.database).containing('frank@cloister.test')).toEqual([])
  })
})
