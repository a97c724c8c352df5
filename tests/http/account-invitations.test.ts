/** An invitation is worth what its giver may still give, until the moment in which it is accepted. */
import { afterEach, describe, expect, it } from 'vitest'
import { connect } from '../../shared/store/connection.ts'
import { engines } from '../postgres.ts'
import { type AccountServer, goodPassword, openAccountServer, quickPasswords } from './open-accounts.ts'

const day = 24 * 3_600_000
const invalid = { code: 'invitation-invalid', status: 410 }

describe.each(engines)('an invitation on $name', engine => {
  let server: AccountServer
  /** Runs while a password is hashed: between what is looked at first and what is done. */
  let meanwhile = async () => {}
  afterEach(async () => {
    meanwhile = async () => {}
    await server?.stop()
  })

  async function open() {
    const hash = async (password: string) => {
      await meanwhile()
      return quickPasswords.hash(password)
    }
    server = await openAccountServer({ engine, registration: 'invite', passwords: { ...quickPasswords, hash } })
    const owner = await server.setUp()
    const admin = await server.member('admin@cloister.test', 'admin')
    const { id: adminId } = (await admin.client.auth.me()).account
    const invite = async (email: string) => {
      await admin.client.users.invite({ email })
      return server.tokenFor(email, 'invitation')
    }
    const accept = (email: string, invitation: string) =>
      server.browser().client.auth.register({ email, password: goodPassword, invitation })
    return { owner, adminId, invite, accept }
  }

  it('ends with the block of who gave it, and does not come back', { timeout: 60_000 }, async () => {
    const { owner, adminId, invite, accept } = await open()
    const token = await invite('a@cloister.test')
    await owner.client.users.update({ userId: adminId, blocked: true })
    await expect(server.browser().client.auth.readInvitation({ token })).rejects.toMatchObject(invalid)
    await owner.client.users.update({ userId: adminId, blocked: false })
    await expect(accept('a@cloister.test', token)).rejects.toMatchObject(invalid)
    expect((await owner.client.users.invitations()).invitations).toEqual([])
  })

  it('ends with the role that it was given by, as far as that went', { timeout: 60_000 }, async () => {
    const { owner, adminId, invite, accept } = await open()
    const byAdmin = await invite('b@cloister.test')
    await owner.client.users.update({ userId: adminId, role: 'owner' })
    const second = server.browser()
    await second.client.auth.logIn({ email: 'admin@cloister.test', password: goodPassword })
    await second.client.users.invite({ email: 'chef@cloister.test', role: 'owner' })
    const byOwner = await server.tokenFor('chef@cloister.test', 'invitation')
    // An administrator may invite members still, and owners no more.
    await owner.client.users.update({ userId: adminId, role: 'admin' })
    await expect(accept('chef@cloister.test', byOwner)).rejects.toMatchObject(invalid)
    expect(await accept('b@cloister.test', byAdmin)).toEqual({ state: 'registered' })
    const last = await invite('c@cloister.test')
    await owner.client.users.update({ userId: adminId, role: 'member' })
    await expect(accept('c@cloister.test', last)).rejects.toMatchObject(invalid)
  })

  it('ends with the account of who gave it', { timeout: 60_000 }, async () => {
    const { owner, adminId, invite, accept } = await open()
    const token = await invite('d@cloister.test')
    await owner.client.users.delete({ userId: adminId })
    await expect(accept('d@cloister.test', token)).rejects.toMatchObject(invalid)
  })

  it('is looked at again in the moment that it is accepted', { timeout: 60_000 }, async () => {
    const { adminId, invite, accept } = await open()
    const db = connect(server.database).write('internal')
    const first = await invite('e@cloister.test')
    // By hand, so that nothing but the look itself finds it.
    const block = (at: number | null) =>
      db.updateTable('auth_user').set({ blocked_at: at }).where('id', '=', adminId).execute()
    meanwhile = async () => void (await block(1))
    await expect(accept('e@cloister.test', first)).rejects.toMatchObject(invalid)
    meanwhile = async () => {}
    await block(null)
    const second = await invite('f@cloister.test')
    meanwhile = async () => {
      server.clock.ahead = 8 * day
    }
    await expect(accept('f@cloister.test', second)).rejects.toMatchObject(invalid)
    expect(await server.accounts.people.byEmail('f@cloister.test')).toBeUndefined()
  })
})
