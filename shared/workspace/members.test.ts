import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addUsers, openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import { createAdministration } from './administration.ts'
import { createAudit } from './audit.ts'
import { createMembers } from './members.ts'
import { createQuotas } from './quotas.ts'

const hour = 3_600_000
const by = { actorId: 'local', address: '203.0.113.7' }
const silent = { debug() {}, info() {}, warn() {}, error() {} }

describe.each(engines)('$name', engine => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  beforeEach(async () => {
    open = await openTestStore(engine)
    await addUsers(open.database, 'bob', 'root')
  })
  afterEach(() => open.close())

  const audit = () => createAudit(open)
  const membersWith = (note = audit().note) => createMembers({ ...open, note, announce() {} })
  const roles = async () => (await membersWith().list(open.scope)).map(({ userId, role }) => [userId, role])
  const log = async () => (await audit().all({ limit: 100 })).entries

  test('an administrator’s hour stays an hour, whatever role the owner gives', async () => {
    const members = membersWith()
    const administration = createAdministration({ ...open, members })
    const asked = { userId: 'root', projectId: open.scope.projectId, reason: 'Somebody asked for help.', address: null }
    const { until } = await administration.look(asked)
    expect(await members.change(open.scope, 'root', 'editor', by)).toMatchObject({ role: 'editor', expiresAt: until })
    open.clock.time = until + 1
    expect(await roles()).toEqual([])
    await expect(members.change(open.scope, 'root', 'editor', by)).rejects.toMatchObject({ code: 'member-not-found' })
    // The part that is over was not swept away yet, and does not stand in the way of the next.
    expect((await administration.look(asked)).until).toBeGreaterThan(until)
    expect(await roles()).toEqual([['root', 'reader']])
    expect((await log()).map(({ action }) => action)).toEqual(['project.access', 'member.change', 'project.access'])
  })

  test('who became a member meanwhile is not made one for an hour', async () => {
    const members = membersWith()
    await members.set(open.scope, 'root', 'editor')
    const look = members.look(open.scope, 'root', open.clock.time + hour, { ...by, reason: 'So.' })
    await expect(look).rejects.toMatchObject({ code: 'access-needless' })
    expect(await members.list(open.scope)).toMatchObject([{ userId: 'root', role: 'editor', expiresAt: null }])
    expect(await log()).toEqual([])
  })

  test('another role brings nobody back', async () => {
    const members = membersWith()
    await members.set(open.scope, 'bob', 'reader', by)
    await members.remove(open.scope, 'bob', by)
    await expect(members.change(open.scope, 'bob', 'editor', by)).rejects.toMatchObject({ code: 'member-not-found' })
    expect(await roles()).toEqual([])
    const foreign = { ...open.scope, userId: 'bob' }
    await expect(members.set(foreign, 'root', 'reader', by)).rejects.toMatchObject({ code: 'project-not-found' })
    expect((await log()).map(({ action, objectId, address }) => [action, objectId, address])).toEqual([
      ['member.remove', `${open.scope.projectId} bob`, '203.0.113.0/24'],
      ['member.add', `${open.scope.projectId} bob`, '203.0.113.0/24'],
    ])
  })

  test('what cannot be written into the audit log does not happen', async () => {
    await membersWith().set(open.scope, 'bob', 'reader')
    const full = new Error('full')
    const note = async () => Promise.reject(full)
    const members = membersWith(note)
    const until = open.clock.time + hour
    const quotas = createQuotas({ ...open, note, log: silent, defaults: () => undefined })
    for (const act of [
      () => members.set(open.scope, 'root', 'reader', by),
      () => members.look(open.scope, 'root', until, { ...by, reason: 'So.' }),
      () => members.change(open.scope, 'bob', 'editor', by),
      () => members.remove(open.scope, 'bob', by),
      () => quotas.set('bob', { files: 7 }, by),
    ])
      await expect(act()).rejects.toBe(full)
    expect(await roles()).toEqual([['bob', 'reader']])
    expect(await open.store.quotas.get('bob')).toMatchObject({ files: null })
  })
})
