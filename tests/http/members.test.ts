/** Members of projects, what users may use, and what those who look after the installation see: on both engines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgres, sqlite } from '../postgres.ts'
import { type Case, cases, dialects, form, type Ids, pathOf, routesOf } from './isolation-cases.ts'
import { openTestServer, type TestServer } from './open-server.ts'
import { createSend, createTestAccess, type Send } from './people.ts'

const question = { question: 'Wie hoch ist die Miete?' }

describe.each([sqlite, postgres])('on $name', engine => {
  let server: TestServer
  let send: Send
  let shift = 0
  beforeAll(async () => {
    server = await openTestServer({
      engine,
      access: createTestAccess({ root: 'admin' }),
      users: 'alice bob carol dora eve frank gina henry ivy root'.split(' '),
      settings: {
        limits: { fileSize: 1024 * 1024, files: 20, bytes: 10_000 },
        questionsADay: 3,
        clock: { now: () => Date.now() + shift },
      },
    })
    send = createSend(server.url)
  }, 120_000)
  afterAll(() => server.stop())

  const made = async (who: string, method: string, path: string, body?: unknown) => {
    const answer = await send(who, method, path, body)
    expect([path, answer.status, answer.text]).toEqual([
      path,
      expect.toSatisfy((status: number) => status < 300),
      answer.text,
    ])
    return answer.body as Record<string, string>
  }
  const project = async (who: string, name: string) =>
    `/api/v1/projects/${(await made(who, 'POST', '/api/v1/projects', { name })).id}`
  const refused = async (who: string, method: string, path: string, body?: unknown) => {
    const { status, body: problem } = await send(who, method, path, body)
    return [status, problem?.code]
  }

  it('a member sees and does what the role allows, from the moment it is given until it is taken', async () => {
    const base = await project('alice', 'Gemeinsam')
    const projectId = base.split('/').at(-1) ?? ''
    await made('alice', 'POST', `${base}/documents`, form())
    await server.core.settled({ userId: 'alice', projectId })
    expect(await refused('bob', 'GET', base)).toEqual([404, 'project-not-found'])

    const member = await made('alice', 'POST', `${base}/members`, { userId: 'bob', role: 'reader' })
    expect(member).toMatchObject({ userId: 'bob', role: 'reader', expiresAt: null })
    expect(await made('bob', 'GET', base)).toMatchObject({ role: 'reader', name: 'Gemeinsam' })
    const { projects } = (await made('bob', 'GET', '/api/v1/projects')) as unknown as {
      projects: { id: string; role: string }[]
    }
    expect(projects.map(({ role }) => role)).toEqual(['owner', 'reader'])
    const found = await send('bob', 'POST', `${base}/search`, { query: 'Notiz' })
    expect(found.body?.passages).toHaveLength(1)
    expect(await refused('bob', 'POST', `${base}/documents`, form())).toEqual([403, 'project-role'])
    expect(await refused('bob', 'PATCH', base, { name: 'Meins' })).toEqual([403, 'project-role'])
    expect(await refused('bob', 'POST', `${base}/members`, { userId: 'carol', role: 'reader' })).toEqual([
      403,
      'project-role',
    ])

    await made('alice', 'PATCH', `${base}/members/bob`, { role: 'editor' })
    const note = await made('bob', 'POST', `${base}/documents/text`, {
      name: 'Von Bob',
      text: 'Von Bob.',
      format: 'plain',
    })
    expect(note.added).toBe(true)
    expect(await refused('bob', 'DELETE', base)).toEqual([403, 'project-role'])
    expect(await refused('bob', 'DELETE', `${base}/members/alice`)).toEqual([403, 'project-role'])

    await made('alice', 'DELETE', `${base}/members/bob`)
    expect(await refused('bob', 'GET', base)).toEqual([404, 'project-not-found'])
    expect(await refused('bob', 'POST', `${base}/search`, { query: 'Notiz' })).toEqual([404, 'project-not-found'])
    expect(JSON.stringify(await made('bob', 'GET', '/api/v1/projects'))).not.toContain('Gemeinsam')
  })

  it('says no to whom there is not, to the owner, and to what is no role', async () => {
    const base = await project('alice', 'Rollen')
    expect(await refused('alice', 'POST', `${base}/members`, { userId: 'nobody', role: 'reader' })).toEqual([
      404,
      'user-not-found',
    ])
    expect(await refused('alice', 'POST', `${base}/members`, { email: 'a@b.example', role: 'reader' })).toEqual([
      400,
      'input-invalid',
    ])
    expect(await refused('alice', 'POST', `${base}/members`, { userId: 'alice', role: 'reader' })).toEqual([
      409,
      'member-owner',
    ])
    expect(await refused('alice', 'PATCH', `${base}/members/alice`, { role: 'reader' })).toEqual([409, 'member-owner'])
    expect(await refused('alice', 'PATCH', `${base}/members/bob`, { role: 'editor' })).toEqual([
      404,
      'member-not-found',
    ])
    expect(await refused('alice', 'DELETE', `${base}/members/bob`)).toEqual([404, 'member-not-found'])
    expect(await refused('alice', 'POST', `${base}/members`, { userId: 'bob', role: 'owner' })).toEqual([
      400,
      'input-invalid',
    ])
  })

  it.each(['reader', 'editor'] as const)('every route takes of a %s what it needs, and nothing more', async role => {
    const base = await project('alice', `Alle Wege ${role}`)
    const projectId = base.split('/').at(-1) ?? ''
    const { results } = (await made('alice', 'POST', `${base}/documents`, form())) as unknown as {
      results: { document: { id: string } }[]
    }
    await server.core.settled({ userId: 'alice', projectId })
    await made('alice', 'POST', `${base}/members`, { userId: 'bob', role })
    const none = '019a0000-0000-7000-8000-000000000000'
    const documentId = results[0].document.id
    const things = {
      documentId,
      chatId: none,
      messageId: none,
      answerId: none,
      assistantId: none,
      folderId: none,
      jobId: none,
    }
    const ids: Ids = { projectId, ...things, userId: 'alice' }
    const all = [...routesOf().map(route => ({ ...route, ...(cases[route.name] as Case | undefined) })), ...dialects]
    for (const one of all) {
      const { gate } = one
      if ((gate !== 'write' || role === 'editor') && gate !== 'manage') continue
      const answer = await send('bob', one.method, pathOf(one, one as Case, ids), one.body?.(ids))
      expect([one.name, answer.status, answer.body?.code]).toEqual([one.name, 403, 'project-role'])
    }
  })

  it('chats are their author’s: the owner does not find a member’s, nor the member the owner’s', async () => {
    const base = await project('dora', 'Gespräche')
    await made('dora', 'POST', `${base}/members`, { userId: 'eve', role: 'reader' })
    const own = await made('dora', 'POST', `${base}/chats`, { title: 'Von Dora' })
    await send('eve', 'POST', `${base}/ask`, question)
    const list = async (who: string) =>
      ((await made(who, 'GET', `${base}/chats`)) as unknown as { chats: { id: string; title: string }[] }).chats
    const [hers] = await list('eve')
    expect((await list('eve')).map(({ title }) => title)).toEqual([question.question])
    expect((await list('dora')).map(({ title }) => title)).toEqual(['Von Dora'])
    for (const [who, chat] of [
      ['eve', own.id],
      ['dora', hers.id],
    ]) {
      expect(await refused(who, 'GET', `${base}/chats/${chat}`)).toEqual([404, 'chat-not-found'])
      expect(await refused(who, 'PATCH', `${base}/chats/${chat}`, { title: 'x' })).toEqual([404, 'chat-not-found'])
      expect(await refused(who, 'DELETE', `${base}/chats/${chat}`)).toEqual([404, 'chat-not-found'])
      expect(await refused(who, 'POST', `${base}/ask`, { ...question, chatId: chat })).toEqual([404, 'chat-not-found'])
    }
    const { messages } = (await made('eve', 'GET', `${base}/chats/${hers.id}`)) as unknown as { messages: unknown[] }
    expect(messages).toHaveLength(2)
    // Whoever gives up their part sees the project no more; the owner may remove it, with what is in it of others.
    await made('eve', 'DELETE', `${base}/members/eve`)
    expect(await refused('eve', 'GET', `${base}/chats/${hers.id}`)).toEqual([404, 'project-not-found'])
    expect((await send('dora', 'DELETE', base)).status).toBe(204)
    expect(await refused('dora', 'GET', base)).toEqual([404, 'project-not-found'])
  })

  it('limits the bytes of whoever owns the project, and counts them', async () => {
    const base = await project('frank', 'Platz')
    await made('frank', 'POST', `${base}/members`, { userId: 'gina', role: 'editor' })
    const text = (length: number) => ({ name: `N${length}`, text: 'x'.repeat(length), format: 'plain' })
    await made('gina', 'POST', `${base}/documents/text`, text(6000))
    const full = await send('frank', 'POST', `${base}/documents/text`, text(4500))
    expect([full.status, full.body?.code]).toEqual([422, 'quota-bytes'])
    expect(full.body?.detail).toMatch(/room for/i)
    const large = new FormData()
    large.append('files', new Blob(['y'.repeat(5000)]), 'large.txt')
    const uploaded = await send('gina', 'POST', `${base}/documents`, large)
    // Whose the room is not, does not learn how much of it is taken.
    expect([uploaded.status, uploaded.body?.code]).toEqual([422, 'quota-full'])
    const written = await send('gina', 'POST', `${base}/documents/text`, text(4500))
    expect([written.status, written.body?.code]).toEqual([422, 'quota-full'])
    for (const { text: said } of [uploaded, written]) expect(said).not.toMatch(/MB|used|limit/)
    await made('frank', 'POST', `${base}/documents/text`, text(3000))
    expect(await made('frank', 'GET', '/api/v1/quota')).toMatchObject({
      quota: { files: 20, bytes: 10_000, questions: 3 },
      used: { files: 2, bytes: 9000, questions: 0 },
    })
    expect(await made('gina', 'GET', '/api/v1/quota')).toMatchObject({ used: { files: 0, bytes: 0 } })
    await made('root', 'PATCH', '/api/v1/admin/users/frank/quota', { bytes: 20_000 })
    await made('frank', 'POST', `${base}/documents/text`, text(4500))
    const quota = await made('root', 'GET', '/api/v1/admin/users/frank/quota')
    expect(quota).toMatchObject({ own: { bytes: 20_000, files: null }, used: { bytes: 13_500 } })
  })

  it('limits the questions of whoever asks, also through programs, and begins anew with the day', async () => {
    const base = await project('henry', 'Fragen')
    const completion = {
      model: `cloister/${base.split('/').at(-1)}`,
      messages: [{ role: 'user', content: question.question }],
    }
    expect((await send('henry', 'POST', `${base}/ask`, question)).status).toBe(200)
    expect((await send('henry', 'POST', `${base}/answer`, question)).status).toBe(200)
    expect((await send('henry', 'POST', '/v1/chat/completions', completion)).status).toBe(200)
    expect(await refused('henry', 'POST', `${base}/ask`, question)).toEqual([429, 'quota-questions'])
    expect(await refused('henry', 'POST', `${base}/answer`, question)).toEqual([429, 'quota-questions'])
    expect((await send('henry', 'POST', '/v1/chat/completions', completion)).status).toBe(429)
    expect((await send('henry', 'POST', '/api/v1/chat', { message: question.question })).status).toBe(429)
    expect(await made('henry', 'GET', '/api/v1/quota')).toMatchObject({ used: { questions: 3 } })
    shift = 86_400_000
    try {
      expect((await send('henry', 'POST', `${base}/ask`, question)).status).toBe(200)
    } finally {
      shift = 0
    }
  })

  it('shows counters to whoever looks after it all, and content for a while, with a reason that its owner reads', async () => {
    const base = await project('ivy', 'Vertraulich')
    const projectId = base.split('/').at(-1) ?? ''
    await made('ivy', 'POST', `${base}/documents/text`, {
      name: 'Geheim',
      text: 'Der Code ist 4711.',
      format: 'plain',
    })
    await send('ivy', 'POST', `${base}/ask`, question)
    await server.core.settled({ userId: 'ivy', projectId })
    const counters = await send('root', 'GET', '/api/v1/admin/counters?limit=200')
    const { users } = counters.body as { users: { userId: string; documents: number; questions: number }[] }
    expect(users.find(({ userId }) => userId === 'ivy')).toMatchObject({ documents: 1, projects: 2, questions: 1 })
    for (const path of ['counters', 'users/ivy/projects', 'usage', 'storage', 'jobs', 'audit']) {
      const { status, text } = await send('root', 'GET', `/api/v1/admin/${path}`)
      expect([path, status]).toEqual([path, 200])
      for (const word of ['Vertraulich', 'Geheim', '4711', question.question]) expect(text).not.toContain(word)
    }

    const { projects } = (await send('root', 'GET', '/api/v1/admin/users/ivy/projects')).body as { projects: object[] }
    expect(projects).toHaveLength(2)
    expect(projects[0]).toEqual({ id: projectId, createdAt: expect.any(Number), documents: 1, bytes: 18 })

    expect(await refused('root', 'GET', base)).toEqual([404, 'project-not-found'])
    const access = '/api/v1/admin/access'
    expect(await refused('root', 'POST', access, { projectId, reason: 'so' })).toEqual([400, 'reason-missing'])
    expect(await refused('ivy', 'POST', access, { projectId, reason: 'Ich will hinein.' })).toEqual([
      403,
      'role-needed',
    ])
    const reason = 'Meldung 12: ein Dokument wird nicht gelesen.'
    const { until } = (await made('root', 'POST', access, { projectId, reason })) as unknown as { until: number }
    expect(until).toBeGreaterThan(Date.now() + 3_500_000)
    expect(await made('root', 'GET', base)).toMatchObject({ role: 'reader' })
    expect(await refused('root', 'POST', `${base}/documents/text`, { name: 'x', text: 'x' })).toEqual([
      403,
      'project-role',
    ])
    expect(await refused('root', 'POST', access, { projectId, reason })).toEqual([409, 'access-needless'])
    const { entries } = (await made('ivy', 'GET', '/api/v1/audit')) as unknown as { entries: object[] }
    expect(entries).toEqual([
      expect.objectContaining({ actorId: 'root', action: 'project.access', objectId: projectId, reason }),
    ])
    expect((await made('alice', 'GET', '/api/v1/audit')).entries).not.toContainEqual(
      expect.objectContaining({ reason }),
    )
    shift = 3_700_000
    try {
      expect(await refused('root', 'GET', base)).toEqual([404, 'project-not-found'])
    } finally {
      shift = 0
    }
  })
})
