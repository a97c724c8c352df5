/** Row-level security on Postgres: asked of every table there is, so that a new one without policies fails here. */
import { Kysely, type RawBuilder, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addUsers, openTestStore } from '../../../tests/open-store.ts'
import { postgres } from '../../../tests/postgres.ts'
import type { Scope } from '../../model/index.ts'
import type { Access } from '../../ports.ts'
import type { Schema, Tx } from '../schema.ts'

/** Tables of the installation: no row of them belongs to anybody. */
const withoutScope = ['migration', 'replica', 'vector_index']
/** Tables of accounts, and of the installation alone: the role of scoped transactions has no right to them at all. */
const withoutRights = /^(?:auth_|backup_trouble$)/
/** Rows of a user that lie in no project, or that tell which there are. */
const beyondProjects = ['user', 'setting', 'changes', 'project', 'egress', 'provider', 'quota', 'usage', 'audit']
/** Whoever cannot reach the vectors notes which are to go, and sees nothing of it. */
const blind = ['vector_orphan']

let open: Awaited<ReturnType<typeof openTestStore>>
beforeEach(async () => {
  open = await openTestStore(postgres)
}, 60_000)
afterEach(() => open.close())

const vector = Float32Array.of(1, 0, 0, 0)

/** A project with a row in every table. */
async function fill(scope: Scope): Promise<void> {
  const { store } = open
  await addUsers(open.database, scope.userId, 'bob')
  await store.transaction('internal', tx =>
    store.vectors.create(tx, { fingerprint: 'one', name: 'one', dimensions: 4 }),
  )
  const index = (await store.vectors.active())!
  const { document, chatId } = await store.transaction(scope, async tx => {
    await store.projects.insert(tx, scope, 'Secrets', 'documents')
    await store.settings.update(tx, scope.userId, { theme: 'dark' })
    const file = { name: 'a.md', path: 'a.md', mediaType: 'text/markdown', size: 3, blob: 'b1' }
    const document = await store.documents.insert(tx, scope, file)
    const chunk = {
      text: 'frist',
      headings: [],
      pieces: [],
      language: 'de' as const,
      terms: ['frist'],
      contextTerms: [],
    }
    await store.segments.insert(tx, document.id, [{ number: 1, blocks: [], margins: [] }])
    await store.chunks.insert(tx, scope.projectId, document.id, [{ ...chunk, position: 0 }])
    await store.families.addFiles(tx, document.id, [{ number: 1, name: 'x', path: 'x', childId: null, reason: null }])
    const chat = await store.chats.insert(tx, scope, 'secret')
    const said = { role: 'user' as const, text: 'secret', answer: null, completed: null }
    await store.chats.append(tx, scope, { chatId: chat.id, ...said })
    const assistant = { name: 'a', instructions: '', language: null, model: null, temperature: null, documents: null }
    await store.assistants.insert(tx, scope, assistant)
    const identity = { path: '/srv/secret', device: '1', inode: '1', network: false }
    const folder = await store.folders.insert(tx, scope, { ...identity, ignore: [] })
    const facts = { path: 'a.md', size: 3, modifiedAt: 1, device: '1', inode: '2' }
    const state = { blob: 'b1', documentId: document.id, own: true, previousId: null, refused: null }
    await store.folders.put(tx, folder.id, { ...facts, ...state })
    await store.providers.insert(tx, scope.userId, {
      slug: 'secret',
      kind: 'openai-compatible',
      name: 'secret',
      baseUrl: 'http://secret.example/v1',
      keySealed: null,
      keyHint: null,
      enabled: true,
    })
    return { document, chatId: chat.id }
  })
  await store.transaction('internal', async tx => {
    await store.answers.note(tx, 'server', [{ id: 'run', chatId, question: 'secret', questionId: null, startedAt: 1 }])
    const said = ['{"type":"quote"}']
    await store.answers.advance(tx, 'server', [{ id: 'run', events: 0, said, draft: '', model: null, endedAt: null }])
  })
  const [{ id }] = await store.chunks.page(scope, document.id, 0, 1)
  await store.transaction(scope, tx =>
    store.vectors.insert(tx, index, document, { from: 0, chunks: [{ id, vector }], complete: true }),
  )
  const none = { address: null, sent: 1, received: 1, outcome: 'done' as const, why: null }
  const request = { startedAt: 1, endedAt: 2, purpose: 'model' as const, host: 'secret.example', port: 443, ...none }
  await store.ledger.write([{ id: 'e1', ...scope, ...request }])
  await store.transaction('internal', tx => store.members.set(tx, scope, 'bob', 'reader'))
  await store.transaction('internal', tx => store.invitations.add(tx, scope, 'secret@cloister.test', 'reader', 2))
  await store.transaction('internal', tx => store.quotas.set(tx, scope.userId, { files: 7 }))
  await store.quotas.ask(scope.userId, null)
  await store.audit.write({ actorId: 'admin', ownerId: scope.userId, action: 'project.access', reason: 'secret' })
  await store.transaction('internal', async tx => {
    await tx.insertInto('clearing').values({ document_id: document.id, project_id: scope.projectId }).execute()
    await tx.insertInto('vector_orphan').values({ chunk_id: id }).execute()
  })
}

async function tables(): Promise<{ name: string; enabled: number; forced: number }[]> {
  const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
  const { rows } = await sql<{ name: string; enabled: number; forced: number }>`
    select relname::text as name, relrowsecurity as enabled, relforcerowsecurity as forced from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')`.execute(read)
  return rows.filter(({ name }) => !withoutScope.includes(name))
}

const undone = new Error('undone')
/** What a statement does on behalf of this access, or of the role alone; nothing of it stays. */
async function attempt(access: Access | 'role', query: RawBuilder<unknown>) {
  const dialect = open.database.writer(access === 'role' ? 'internal' : access)
  let outcome: { rows: unknown[]; changes: number } | undefined
  const run = async (tx: Tx) => {
    if (access === 'role') await sql`set local role cloister_scoped`.execute(tx)
    const { rows, numAffectedRows } = await query.execute(tx)
    outcome = { rows, changes: Number(numAffectedRows ?? 0) }
    throw undone
  }
  try {
    await new Kysely<Schema>({ dialect }).transaction().execute(run)
  } catch (error) {
    if (error !== undone) return (error as { code?: string }).code
  }
  return outcome
}

const count = async (access: Access | 'role', name: string) => {
  const outcome = await attempt(access, sql`select 1 as found from ${sql.table(name)}`)
  return typeof outcome === 'object' ? outcome.rows.length : outcome
}

test('every table shows, takes and gives up the rows of its tenant alone', async () => {
  const secrets = { userId: 'alice', projectId: open.store.projects.next('alice').projectId }
  await fill(secrets)
  const found = (await tables()).filter(({ name }) => !withoutRights.test(name))
  expect(found.length).toBeGreaterThan(16)
  const foreign: [string, Access | 'role'][] = [
    ['nobody', 'role'],
    ['another user', open.scope],
    ['another user who names the project', { userId: 'local', projectId: secrets.projectId }],
    ['somebody unknown', { userId: 'mallory' }],
    ['a project that is not there', { userId: 'alice', projectId: 'x' }],
    ['a member of it, as themselves', { userId: 'bob', projectId: secrets.projectId }],
    ['a member of it, as an owner who is none', { userId: 'local', projectId: secrets.projectId, memberId: 'bob' }],
  ]
  for (const { name, enabled, forced } of found) {
    expect([name, enabled, forced]).toEqual([name, 1, 1])
    const table = sql.table(name)
    const column = await firstColumn(name)
    const own = await attempt('internal', sql`select row_to_json(one)::text as row from ${table} as one`)
    const rows = typeof own === 'object' ? (own.rows as { row: string }[]) : []
    const visible = await attempt(secrets, sql`select row_to_json(one)::text as row from ${table} as one`)
    const seen = typeof visible === 'object' ? (visible.rows as { row: string }[]) : []
    expect([name, rows.length > 0, seen.length > 0]).toEqual([name, true, !blind.includes(name)])
    const secret = blind.includes(name) ? rows[0] : seen[0]
    for (const [who, access] of foreign) {
      // Alice herself has rows beyond her projects, and a list of these.
      const hers = access !== 'role' && access !== 'internal' && access.userId === 'alice'
      if (hers && beyondProjects.includes(name)) continue
      const asked = `${who}: ${name}`
      const none = { rows: [], changes: 0 }
      const the = sql`where row_to_json(one)::text = ${secret.row}`
      expect([asked, await attempt(access, sql`select 1 as found from ${table} as one ${the}`)]).toEqual([asked, none])
      const set = sql`update ${table} as one set ${sql.ref(column)} = one.${sql.ref(column)} ${the}`
      expect([asked, await attempt(access, set)]).toEqual([asked, none])
      expect([asked, await attempt(access, sql`delete from ${table} as one ${the}`)]).toEqual([asked, none])
      if (blind.includes(name)) continue
      const added = sql`insert into ${table} select * from json_populate_record(null::${table}, ${secret.row}::json)`
      expect([asked, await attempt(access, added)]).toEqual([asked, '42501'])
    }
    expect([name, await count('role', name)]).toEqual([name, 0])
    expect([name, await count({ userId: 'mallory' }, name)]).toEqual([name, 0])
  }
}, 120_000)

test('tables of accounts are refused to every scoped transaction', async () => {
  const found = (await tables()).filter(({ name }) => withoutRights.test(name))
  expect(found.length).toBeGreaterThan(9)
  for (const { name, enabled, forced } of found) {
    expect([name, enabled, forced]).toEqual([name, 1, 1])
    const table = sql.table(name)
    for (const access of ['role', { userId: 'local' }, open.scope] as const)
      for (const query of [
        sql`select 1 from ${table}`,
        sql`delete from ${table}`,
        sql`insert into ${table} default values`,
      ])
        expect([name, await attempt(access, query)]).toEqual([name, '42501'])
  }
})

async function firstColumn(name: string): Promise<string> {
  const columns = await attempt(
    'internal',
    sql`select column_name from information_schema.columns
      where table_schema = current_schema() and table_name = ${name} order by ordinal_position`,
  )
  return (columns as { rows: { column_name: string }[] }).rows[0].column_name
}

test('what belongs to the installation is not changed on behalf of a user', async () => {
  await fill({ userId: 'alice', projectId: 'p' })
  for (const name of ['migration', 'vector_index'])
    for (const query of [sql`delete from ${sql.table(name)}`, sql`update ${sql.table(name)} set name = name`])
      expect(await attempt({ userId: 'alice', projectId: 'p' }, query)).toBe('42501')
})

test('functions that run as the owner look at whose transaction it is', async () => {
  const secrets = { userId: 'alice', projectId: 'p' }
  await fill(secrets)
  await open.store.transaction('internal', tx => tx.deleteFrom('clearing').execute())
  const words = sql`select id from find_words(array['frist'], array[]::text[], null, 100, 10, 0) as found (id)`
  const documents = sql`select documents, cast(bytes as integer) as bytes from tally_documents()`
  const own = await attempt(secrets, words)
  expect(typeof own === 'object' && own.rows.length).toBe(1)
  expect(await attempt(secrets, documents)).toEqual({ rows: [{ documents: 1, bytes: 3 }], changes: 0 })
  for (const access of ['role', open.scope, { ...secrets, userId: 'local' }, { userId: 'alice' }] as const)
    expect(await attempt(access, words)).toEqual({ rows: [], changes: 0 })
  for (const access of ['role', open.scope, { ...secrets, userId: 'local' }] as const)
    expect(await attempt(access, documents)).toEqual({ rows: [{ documents: 0, bytes: 0 }], changes: 0 })
})

test('a user lists, names and removes projects, each in its own transaction', async () => {
  const { store } = open
  const scope = store.projects.next('local')
  await store.transaction(scope, tx => store.projects.insert(tx, scope, 'Second', 'documents'))
  expect((await store.projects.list('local')).map(({ name }) => name)).toEqual(['Test', 'Second'])
  const again = store.projects.next('local')
  const twice = store.transaction(again, tx => store.projects.insert(tx, again, 'Second', 'documents'))
  await expect(twice).rejects.toMatchObject({ code: 'project-exists' })
  expect(await store.transaction(scope, tx => store.projects.rename(tx, scope, 'Third'))).toBe(true)
  await store.transaction(scope, tx => store.projects.purge(tx, scope))
  expect((await store.projects.list('local')).map(({ name }) => name)).toEqual(['Test'])
})

test('the ledger shows users what is theirs, and is changed on nobody’s behalf', async () => {
  const alice = { userId: 'alice', projectId: 'p' }
  await fill(alice)
  const none = {
    userId: null,
    projectId: null,
    address: null,
    sent: 0,
    received: 0,
    outcome: 'done' as const,
    why: null,
  }
  const named = { purpose: 'database' as const, host: 'db.example', port: 5432 }
  await open.store.ledger.write([{ id: 'e2', startedAt: 1, endedAt: 1, ...named, ...none }])
  const hosts = async (userId: string, installation = false) =>
    (await open.store.ledger.page(userId, { limit: 9, installation })).entries.map(e => e.host)
  const summed = async (userId: string, installation = false) =>
    (await open.store.ledger.sums(userId, { installation })).map(({ host }) => host).sort()
  for (const read of [hosts, summed]) {
    expect(await read('alice')).toEqual(['secret.example'])
    expect(await read('mallory')).toEqual([])
    expect(await read('alice', true)).toEqual(['db.example', 'secret.example'])
    expect(await read('mallory', true)).toEqual(['db.example'])
  }
  expect(await attempt(alice, sql`select host from egress`)).toMatchObject({ rows: [{ host: 'secret.example' }] })
  expect(await count('role', 'egress')).toBe(0)
  for (const query of [sql`delete from egress`, sql`update egress set host = 'x'`])
    expect(await attempt(alice, query)).toEqual({ rows: [], changes: 0 })
  expect(
    await attempt(
      alice,
      sql`insert into egress select 'e3', 1, 1, 1, 'alice', 'p', 'model', 'x', 1, null, 0, 0, 'done', null`,
    ),
  ).toBe('42501')
})

test('chats are their author’s: a member sees the documents, and not what the owner asked, nor the other way round', async () => {
  const { store, scope } = open
  await fill({ userId: 'alice', projectId: 'p' })
  const owner = { userId: 'alice', projectId: 'p' }
  const member = { ...owner, memberId: 'bob' }
  const { id } = await store.transaction(member, tx => store.chats.insert(tx, member, 'asked by bob'))
  const said = { role: 'user' as const, text: 'secret of bob', answer: null, completed: null }
  await store.transaction(member, tx => store.chats.append(tx, member, { chatId: id, ...said }))
  const rows = async (access: Access, name: string) => {
    const outcome = await attempt(access, sql`select row_to_json(one)::text as row from ${sql.table(name)} as one`)
    return typeof outcome === 'object' ? outcome.rows.map(row => (row as { row: string }).row).join() : outcome
  }
  for (const name of ['chat', 'message']) {
    expect([name, await rows(owner, name)]).toEqual([name, expect.not.stringContaining('bob')])
    expect([name, await rows(owner, name)]).toEqual([name, expect.stringContaining('secret')])
    expect([name, await rows(member, name)]).toEqual([name, expect.stringContaining('bob')])
    expect([name, await rows({ ...owner, memberId: 'carol' }, name)]).toEqual([name, ''])
  }
  for (const name of ['answer_run', 'answer_event']) {
    expect([name, await rows(owner, name)]).not.toEqual([name, ''])
    expect([name, await rows(member, name)]).toEqual([name, ''])
  }
  expect(await rows(member, 'document')).toContain('a.md')
  // One after the other through the store, which keeps the ways to its readers.
  expect((await store.chats.list(owner)).map(({ title }) => title)).toEqual(['secret'])
  expect((await store.chats.list(member)).map(({ title }) => title)).toEqual(['asked by bob'])
  expect((await store.chats.list(owner)).map(({ title }) => title)).toEqual(['secret'])
  const forged = sql`insert into chat select * from json_populate_record(null::chat, ${JSON.stringify({
    id: 'x',
    project_id: 'p',
    title: 'forged',
    created_at: 1,
    user_id: 'alice',
  })}::json)`
  expect(await attempt(member, forged)).toBe('42501')
  await store.transaction(owner, tx => store.projects.purge(tx, owner))
  for (const name of ['chat', 'message', 'project_member', 'answer_run'])
    expect([name, await rows('internal', name)]).toEqual([name, ''])
  expect(await store.projects.get(scope)).toBeDefined()
})
