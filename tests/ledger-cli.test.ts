import path from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePlace, type Place } from './run-cli.ts'
import { until } from './until.ts'

interface Shown {
  sums: { host: string; requests: number; sent: number; last: string }[]
  entries: { host: string; outcome: string; startedAt: string; own: boolean }[]
  complete: boolean
}

let place: Place
const data = ['--data', 'library']
const hour = 3600_000

function write(
  rows: { host: string; age: number; purpose?: string; outcome?: string; why?: string; project?: string }[],
) {
  const database = new Database(path.join(place.folder, 'library', 'cloister.db'))
  const insert = database.prepare(
    `insert into egress values (?, ?, ?, ?, 'local', ?, ?, ?, 443, '9.9.9.9', 1234, 56789, ?, ?)`,
  )
  for (const [at, { host, age, purpose = 'model', outcome = 'done', why = null, project = null }] of rows.entries()) {
    const time = Date.now() - age
    insert.run(
      `019a0000-0000-7000-8000-${String(at).padStart(12, '0')}`,
      time,
      time,
      time,
      project,
      purpose,
      host,
      outcome,
      why,
    )
  }
  database.close()
}

beforeAll(async () => {
  place = await makePlace()
})
afterAll(() => place.remove())

const json = (...args: string[]) => place.json<Shown>(['ledger', ...data, ...args])

describe('the ledger on the command line', () => {
  test('is empty where nothing has left', async () => {
    const { stdout, code } = await place.run(['ledger', ...data])
    expect([stdout, code]).toEqual(['Nothing has left this machine, and nothing was refused.\n', 0])
    expect(await json()).toEqual({ sums: [], entries: [], complete: true, code: 0 })
  })

  test('says to whom, for what and how much, in both languages', async () => {
    const { projects } = await place.json<{ projects: { id: string }[] }>(['projects', 'list', ...data])
    write([
      { host: 'api.example', age: 1000, project: projects[0]!.id },
      { host: 'api.example', age: 30 * hour },
      { host: 'evil.example', age: 2 * hour, purpose: 'crawl', outcome: 'refused', why: 'not-public' },
    ])
    const english = (await place.run(['ledger', ...data])).stdout
    expect(english).toMatch(/^Host +For +Requests +Refused +Bytes sent +Bytes received\n/)
    expect(english).toMatch(/api\.example +model +2 +0 +2,468 +113,578\n/)
    expect(english).toMatch(/web page {2}evil\.example:443 {2}refused: not an address of the public network\n/)
    expect(english).toMatch(/model {2}api\.example:443 {2}1,234 sent, 56,789 received {2}done\n/)
    const german = (await place.run(['ledger', ...data], { language: 'de' })).stdout
    expect(german).toMatch(/Modell {2}api\.example:443 {2}1\.234 gesendet, 56\.789 empfangen {2}beendet\n/)
    expect(await json()).toMatchObject({ complete: true, entries: [{ host: 'api.example', own: true }, {}, {}] })
  })

  test('from a time on, of a project, and as a table', async () => {
    expect((await json('--since', '24h')).entries.map(({ host }) => host)).toEqual(['api.example', 'evil.example'])
    expect((await json('--since', '1h')).sums).toMatchObject([{ host: 'api.example', requests: 1 }])
    expect((await json('--since', '2999-01-01')).entries).toEqual([])
    expect((await json('--since', '2020-01-01T00:00:00Z')).entries).toHaveLength(3)
    expect((await json('--project', 'My documents')).entries).toHaveLength(1)
    const { stdout } = await place.run(['ledger', ...data, '--csv', '--since', '24h'])
    expect(stdout.split('\n')).toHaveLength(4)
    expect(stdout).toMatch(/^startedAt,endedAt,purpose,host,port/)
  })

  test.each([[['--since', 'yesterday']], [['--since', '2026-13-01']], [['--since', '']], [['--csv', '--json']]])(
    '%s is a mistake',
    async given => {
      expect((await place.run(['ledger', ...data, ...given])).code).toBe(2)
    },
  )

  test('through the server where one runs', async () => {
    const running = place.start(['serve', ...data, '--port', 'none', '--socket', path.join(place.folder, 's')])
    try {
      let out = ''
      running.child.stdout?.on('data', text => (out += text))
      await until(() => out.includes('socket'), 'the server listens')
      expect((await json()).sums.map(({ host }) => host)).toEqual(['api.example', 'evil.example'])
      expect((await place.run(['ledger', ...data, '--csv'])).stdout.split('\n')).toHaveLength(5)
    } finally {
      running.child.kill('SIGTERM')
      await running.finished
    }
  })
})
