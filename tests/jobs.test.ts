/** Work that was given up: seen and tried again, from the command line and over HTTP, on both engines. */
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needsServer } from './postgres.ts'
import { makePlace, type Place, type Running } from './run-cli.ts'
import { until } from './until.ts'

const server = process.env.TEST_DATABASE_URL
const limit = 120_000
const token = 'correct-horse-battery-staple'

interface Engine {
  environment: Record<string, string>
  /** As if all work had been given up after its last try. */
  giveUp(): Promise<unknown>
  remove(): Promise<unknown>
}

async function onSqlite(place: Place): Promise<Engine> {
  return {
    environment: {},
    async giveUp() {
      const database = new Sqlite(path.join(place.folder, 'data', 'cloister.db'))
      database.exec("update job set state = 'dead', error = 'the parser broke'; update document set state = 'failed'")
      database.close()
    },
    remove: async () => {},
  }
}

async function onPostgres(): Promise<Engine> {
  const name = `cloister_test_${Date.now()}_${randomUUID().slice(0, 8)}`
  const url = new URL(server ?? '')
  url.pathname = name
  const ask = async (connectionString: string | undefined, sql: string) => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }
  await ask(server, `create database ${name} template template0 encoding 'UTF8'`)
  return {
    environment: { DATABASE_URL: url.href },
    giveUp: () =>
      ask(
        url.href,
        `update pgboss.job set state = 'failed', completed_on = now(), output = '{"message": "the parser broke"}'
           where state < 'active' and retry_delay = 0;
         update document set state = 'failed'`,
      ),
    remove: () => ask(server, `drop database if exists ${name} with (force)`),
  }
}

const engines = [
  ['SQLite', onSqlite, false],
  [`Postgres (${needsServer})`, onPostgres, server === undefined],
] as const

for (const [name, make, skipped] of engines)
  describe.skipIf(skipped)(`work that was given up, on ${name}`, () => {
    const data = ['--data', 'data']
    let place: Place
    let engine: Engine
    const json = <T>(...args: string[]) => place.json<T>([...args, ...data], { environment: engine.environment })
    const run = (...args: string[]) => place.run([...args, ...data], { environment: engine.environment })
    interface Listed {
      jobs: { id: string; kind: string; document: { name: string } | null; error: string; diedAt: string }[]
    }

    beforeAll(async () => {
      place = await makePlace()
      engine = await make(place)
      for (const each of ['eins', 'zwei'])
        await writeFile(path.join(place.folder, `${each}.txt`), `Die Zahl ist ${each}.`)
    }, limit)
    afterAll(async () => {
      await place.remove()
      await engine.remove()
    }, limit)

    it('is listed and tried again by commands', { timeout: limit }, async () => {
      await json('ingest', '--no-wait', 'eins.txt', 'zwei.txt')
      await engine.giveUp()
      const { jobs } = await json<Listed>('jobs', 'list')
      expect(jobs.map(({ kind, error, document }) => [kind, error, document?.name]).sort()).toEqual([
        ['parse', 'the parser broke', 'eins.txt'],
        ['parse', 'the parser broke', 'zwei.txt'],
      ])
      expect(Date.now() - Date.parse(jobs[0].diedAt)).toBeLessThan(limit)
      const { stdout } = await run('jobs', 'list')
      expect(stdout).toMatch(/reading +.*eins\.txt +the parser broke/)

      const one = jobs.find(({ document }) => document?.name === 'eins.txt')
      expect(await json('jobs', 'retry', one?.id.slice(0, 30) ?? '')).toMatchObject({ count: 1 })
      expect((await json<Listed>('jobs', 'list')).jobs).toMatchObject([{ document: { name: 'zwei.txt' } }])
      const unknown = await json<{ error: { code: string } }>('jobs', 'retry', one?.id ?? '')
      expect([unknown.code, unknown.error.code]).toEqual([1, 'job-not-found'])
      expect(await json('jobs', 'retry', '--all')).toMatchObject({ count: 1 })

      // Whoever works next does it.
      const { passages } = await json<{ passages: { file: string }[] }>('search', 'Zahl')
      expect(passages.map(({ file }) => file).sort()).toEqual(['eins.txt', 'zwei.txt'])
      expect((await run('jobs', 'list')).stdout).toBe('No work was given up.\n')
    })

    it('is listed and tried again over HTTP', { timeout: limit }, async () => {
      await writeFile(path.join(place.folder, 'drei.txt'), 'Die Zahl ist drei.')
      await json('ingest', '--no-wait', 'drei.txt')
      await engine.giveUp()
      const environment = { ...engine.environment, CLOISTER_TOKEN: token }
      const serving: Running = place.start(['serve', '--json', '--port', '0', ...data], { environment })
      try {
        const { address } = JSON.parse(await firstLine(serving)) as { address: string }
        const call = async (method: string, route: string) => {
          const headers = { authorization: `Bearer ${token}` }
          const response = await fetch(`${address}/api/v1/jobs${route}`, { method, headers })
          return { status: response.status, body: (await response.json()) as Record<string, never> }
        }
        const { body } = await call('GET', '/dead')
        const { jobs } = body as unknown as Listed
        expect(jobs).toMatchObject([{ kind: 'parse', error: 'the parser broke', document: { name: 'drei.txt' } }])
        const id = jobs[0].id
        expect(await call('POST', `/dead/${id}/retry`)).toEqual({ status: 200, body: {} })
        expect(await call('POST', `/dead/${id}/retry`)).toMatchObject({ status: 404, body: { code: 'job-not-found' } })
        expect(await call('POST', '/dead/retry')).toEqual({ status: 200, body: { count: 0 } })
        await until(async () => (await call('GET', '')).body.total === 0, 'the work is done')
        const { body: after } = await call('GET', '/dead')
        expect(after).toEqual({ jobs: [] })
      } finally {
        serving.child.kill('SIGTERM')
        await serving.finished
      }
      const logs = await readFile(path.join(place.folder, 'data', 'logs', 'cloister.log'), 'utf8').catch(() => '')
      expect(logs).not.toContain(token)
    })
  })

async function firstLine({ child }: Running): Promise<string> {
  let text = ''
  for await (const part of child.stdout ?? []) {
    text += part
    if (text.includes('\n')) break
  }
  return text
}
