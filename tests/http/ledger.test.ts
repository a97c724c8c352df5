/** The ledger over HTTP: pages, sums, and the export as a file. */
import { Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EgressRow, Schema } from '../../shared/store/schema.ts'
import { engines } from '../postgres.ts'
import { openTestServer, type TestServer } from './open-server.ts'

const day = Date.UTC(2026, 0, 31)
const idOf = (number: number) => `019a0000-0000-7000-8000-${String(number).padStart(12, '0')}`

describe.each(engines)('on $name', engine => {
  let test: TestServer
  beforeEach(async () => {
    test = await openTestServer({ engine })
    await write([
      { host: 'api.example', sent: 1000, received: 5000, project_id: test.projectId, user_id: 'local' },
      { host: 'api.example', sent: 10, received: 20, user_id: 'local', outcome: 'failed', why: 'broken' },
      { host: '=1+1,"x"', purpose: 'crawl', user_id: 'local', outcome: 'refused', why: 'not-public', address: null },
      { host: 'db.example', port: 5432, purpose: 'database', user_id: null, address: null },
      { host: 'models.example', purpose: 'download', user_id: null, outcome: 'open', ended_at: null, received: 7 },
      { host: 'secret.example', user_id: 'somebody else' },
    ])
  }, 60_000)
  afterEach(() => test.stop())

  const write = (rows: Partial<EgressRow>[]) =>
    new Kysely<Schema>({ dialect: test.database.writer('internal') })
      .insertInto('egress')
      .values(
        rows.map((row, index) => ({
          id: idOf(index),
          started_at: day + index * 1000,
          ended_at: day + index * 1000 + 5,
          beat: Date.now(),
          user_id: 'local',
          project_id: null,
          purpose: 'model',
          port: 443,
          address: '93.184.215.14',
          sent: 0,
          received: 0,
          outcome: 'done',
          why: null,
          ...row,
          host: row.host ?? '',
        })),
      )
      .execute()

  it('lists what is the user’s and the installation’s, by what was asked for, page by page', async () => {
    const { client } = test
    const list = async (filter: Parameters<typeof client.ledger.list>[0]) =>
      (await client.ledger.list(filter)).entries.map(({ host }) => host)
    const all = ['models.example', 'db.example', '=1+1,"x"', 'api.example', 'api.example']
    expect(await list({})).toEqual(all)
    expect(await list({ purpose: 'download' })).toEqual(['models.example'])
    expect(await list({ purpose: ['crawl', 'database'] })).toEqual(['db.example', '=1+1,"x"'])
    expect(await list({ outcome: 'open' })).toEqual(['models.example'])
    expect(await list({ outcome: ['refused', 'failed'] })).toEqual(['=1+1,"x"', 'api.example'])
    expect(await list({ projectId: test.projectId })).toEqual(['api.example'])
    expect(await list({ host: 'API' })).toEqual(['api.example', 'api.example'])
    expect(await list({ from: day + 1000, to: day + 3000 })).toEqual(['=1+1,"x"', 'api.example'])
    const found: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await client.ledger.list({ limit: 2, ...(after && { after }) })
      found.push(...page.entries.map(({ host }) => host))
      if (page.next === null) break
      after = page.next
    }
    expect(found).toEqual(all)
    const [open] = (await client.ledger.list({ outcome: 'open' })).entries
    expect(open).toEqual({
      id: idOf(4),
      startedAt: day + 4000,
      endedAt: null,
      own: false,
      projectId: null,
      purpose: 'download',
      host: 'models.example',
      port: 443,
      address: '93.184.215.14',
      sent: 0,
      received: 7,
      outcome: 'open',
      why: null,
    })
    await expect(client.ledger.list({ after: 'x' })).rejects.toMatchObject({ code: 'input-invalid' })
    for (const wrong of ['purpose=war', 'from=-1', 'from=x', 'projectId=x', 'outcome=perhaps', 'limit=0'])
      expect((await test.fetch(`/api/v1/ledger?${wrong}`)).status).toBe(400)
  })

  it('sums by host and purpose', async () => {
    const { sums } = await test.client.ledger.sums({})
    expect(sums.map(({ host }) => host)).toEqual(['api.example', 'models.example', '=1+1,"x"', 'db.example'])
    expect(sums[0]).toEqual({
      host: 'api.example',
      purpose: 'model',
      requests: 2,
      open: 0,
      failed: 1,
      refused: 0,
      sent: 1010,
      received: 5020,
      last: day + 1000,
    })
    expect((await test.client.ledger.sums({ outcome: 'refused' })).sums).toMatchObject([{ refused: 1, sent: 0 }])
  })

  it('gives all of it as a table, in which nothing is a formula, and as lines of JSON', async () => {
    const csv = await test.fetch('/api/v1/ledger/export')
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="cloister-ledger.csv"')
    const lines = (await csv.text()).split('\r\n')
    expect(lines[0]).toBe('startedAt,endedAt,purpose,host,port,address,sent,received,outcome,why,own,projectId,id')
    expect(lines.length).toBe(7)
    expect(lines[3]).toBe(
      `2026-01-31T00:00:02.000Z,2026-01-31T00:00:02.005Z,crawl,"'=1+1,""x""",443,,0,0,refused,not-public,true,,${idOf(2)}`,
    )
    const jsonl = await test.fetch('/api/v1/ledger/export?format=jsonl&outcome=refused&outcome=open')
    expect(jsonl.headers.get('content-type')).toBe('application/jsonl; charset=utf-8')
    const objects = (await jsonl.text())
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(objects).toMatchObject([
      { host: 'models.example', endedAt: null },
      { host: '=1+1,"x"', why: 'not-public' },
    ])
    expect((await test.fetch('/api/v1/ledger/export?purpose[]=download&purpose[]=mail')).status).toBe(200)
    expect((await test.fetch('/api/v1/ledger/export', { method: 'HEAD' })).status).toBe(200)
    for (const wrong of ['format=xml', 'purpose=war', 'from=1&from=2'])
      expect((await test.fetch(`/api/v1/ledger/export?${wrong}`)).status).toBe(400)
    expect((await fetch(`${test.url}/api/v1/ledger/export`)).status).toBe(401)
    expect((await test.fetch('/api/v1/ledger/export', { method: 'POST' })).status).toBe(405)
  })
})
