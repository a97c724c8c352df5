/** Figures of the server, who may see them, and that looking changes nothing. */
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createAccess } from '../../server/http/access.ts'
import { contract } from '../../shared/api/index.ts'
import { createMemoryCache } from '../../shared/cache/memory.ts'
import { until } from '../until.ts'
import { openTestServer, type TestServer, token } from './open-server.ts'

const metricsToken = 'for-prometheus-alone-0123456789'
let server: TestServer
let role: 'owner' | 'member'
beforeEach(async () => {
  role = 'owner'
  const access = createAccess(token, 'local')
  server = await openTestServer({
    edge: { metrics: true, metricsToken },
    access: {
      ...access,
      demand(req, res, next) {
        access.demand(req, res, error => {
          if (res.locals.who) res.locals.who = { ...res.locals.who, role }
          next(error)
        })
      },
    },
    settings: {
      cache: createMemoryCache({ bytes: 1_000_000 }),
      remember: { searches: 60_000, vectors: 60_000, answers: 0 },
    },
  })
})
afterEach(() => server.stop())

const text = 'Die Miete beträgt 850 Euro.'
async function addText(): Promise<string> {
  const { projectId, client } = server
  const { document } = await client.documents.addText({ projectId, name: 'Miete', text, format: 'plain' })
  await until(
    async () => (await client.documents.get({ projectId, documentId: document.id })).state === 'ready',
    'ready',
  )
  return document.id
}

const figures = (key = metricsToken) =>
  fetch(`${server.url}/health/metrics`, { headers: { authorization: `Bearer ${key}` } })

it('tells requests by route and status, caches, the queue and the process, and nothing of anybody', async () => {
  const documentId = await addText()
  const { projectId, client } = server
  await client.search({ projectId, query: 'Miete', limit: 10 })
  for (let times = 0; times < 3; times++) await server.core.search(server.scope, 'Wie hoch ist die Miete?')
  await server.fetch('/api/v1/projects/nonsense')
  const answer = await figures()
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')])
  const said = await answer.text()
  const route = 'route="/api/v1/projects/{projectId}/documents/{documentId}"'
  expect(said).toMatch(
    new RegExp(
      `http_request_duration_seconds_count\\{method="GET",${route.replace(/[{}/]/g, '\\$&')},status="200"\\} \\d+`,
    ),
  )
  expect(said).toContain('status="400"')
  expect(said).toMatch(/cache_hits_total\{cache="searches"\} 2\n/)
  expect(said).toMatch(/jobs\{state="open"\} \d+/)
  expect(said).toMatch(/database_reach_seconds_count 1\n/)
  expect(said).toMatch(/process_resident_memory_bytes \d+/)
  expect(said).toContain('work_stands_still 0')
  for (const secret of [documentId, projectId, 'Miete', token, metricsToken]) expect(said).not.toContain(secret)
})

it('is for the token of the figures, and for those who look after the installation', async () => {
  expect((await figures()).status).toBe(200)
  expect((await figures(token)).status).toBe(200)
  role = 'member'
  expect((await figures(token)).status).toBe(403)
  expect((await figures('wrong')).status).toBe(401)
  expect((await fetch(`${server.url}/health/metrics`)).status).toBe(401)
  // It opens nothing else.
  const headers = { authorization: `Bearer ${metricsToken}` }
  expect((await fetch(`${server.url}/api/v1/projects`, { headers })).status).toBe(401)
  for (const path of ['/health/workers', '/health/caches', '/api/v1/workers/health', '/api/v1/cache/metrics']) {
    expect([path, (await fetch(server.url + path)).status]).toEqual([path, 401])
    expect([path, (await fetch(server.url + path, { headers })).status]).toEqual([path, 200])
  }
})

it('answers by the names that others had for the same', async () => {
  const get = async (path: string) => (await server.fetch(path)).json()
  expect(await get('/api/v1/live')).toEqual({ state: 'ok' })
  expect(await get('/api/v1/ready')).toEqual({ state: 'ok' })
  expect(await get('/api/v1/health')).toMatchObject({ state: 'ok', version: '0.0.0' })
  expect(await get('/api/v1/workers/health')).toMatchObject({ state: 'ok', dead: 0, trouble: null })
  await server.core.search(server.scope, 'Miete')
  await server.core.search(server.scope, 'Miete')
  const { caches } = (await get('/api/v1/cache/metrics')) as { caches: { name: string; hits: number }[] }
  expect(caches.find(({ name }) => name === 'searches')).toMatchObject({ hits: 1, misses: 1, rate: 0.5 })
})

interface Routed {
  '~orpc': { route: { method?: string; path?: string } }
}
const isRoute = (value: object): value is Routed => '~orpc' in value
const routesOf = (value: object): { method: string; path: string }[] =>
  isRoute(value)
    ? [{ method: value['~orpc'].route.method ?? 'POST', path: value['~orpc'].route.path ?? '' }]
    : (Object.values(value) as object[]).flatMap(routesOf)

/** Every row of every table. */
async function everything(): Promise<Record<string, unknown[]>> {
  const db = new Kysely<object>({ dialect: server.database.reader('internal') })
  const { rows } = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and sql not like '%using%'`.execute(
    db,
  )
  const all: Record<string, unknown[]> = {}
  for (const { name } of rows) all[name] = (await sql`select * from ${sql.table(name)}`.execute(db)).rows
  return all
}

it('changes nothing by GET, on any route there is', async () => {
  const documentId = await addText()
  const { chatId } = await server.client.chats
    .create({ projectId: server.projectId, title: 'Chat' })
    .then(({ id }) => ({ chatId: id }))
  const ids: Record<string, string> = { projectId: server.projectId, documentId, chatId }
  const gets = routesOf(contract).filter(({ method }) => method === 'GET')
  expect(gets.length).toBeGreaterThan(25)
  const before = await everything()
  expect(Object.keys(before)).toContain('document')
  for (const { path } of gets) {
    const target = path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? documentId)
    const query = path.endsWith('/export') ? '?format=jsonl' : '?q=Miete&query=Miete'
    const control = new AbortController()
    const answer = await server.fetch(target + query, { signal: control.signal })
    if (answer.headers.get('content-type')?.startsWith('text/event-stream')) control.abort()
    else await answer.arrayBuffer()
    expect([path, answer.status < 500]).toEqual([path, true])
  }
  const after = await everything()
  // Whose log it is, reads there that everything was taken along.
  after.audit = after.audit.filter(row => (row as { action: string }).action !== 'account.export')
  for (const name of Object.keys(before)) expect([name, after[name]]).toEqual([name, before[name]])
})
