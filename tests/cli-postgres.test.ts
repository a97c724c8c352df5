/** The command line over Postgres: what it keeps there, and what it takes along when it goes, however it goes. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresDatabase } from '../shared/db/postgres/index.ts'
import { needsServer, postgres, type TestDatabase } from './postgres.ts'
import { makePlace, type Place, type Running, type RunOptions, root } from './run-cli.ts'
import { until } from './until.ts'

const limit = 120_000
const lease = path.join(root, 'samples', 'mietvertrag.md')
const manual = path.join(root, 'samples', 'vereinshandbuch.pdf')
const token = 'correct-horse-battery-staple'
const deposit = 'Der Mieter zahlt eine Kaution von 2.670 Euro.'

describe.skipIf(!postgres.concurrent)(`the command line on ${postgres.concurrent ? 'Postgres' : needsServer}`, () => {
  let place: Place
  let held: TestDatabase<PostgresDatabase>
  let options: RunOptions
  const running: Running[] = []

  beforeAll(async () => {
    place = await makePlace()
    held = await postgres.openReady()
    options = { environment: { DATABASE_URL: held.url!, CLOISTER_DATA: path.join(place.folder, 'data') } }
    expect(await place.run(['ingest', lease], options)).toMatchObject({ code: 0 })
  }, limit)
  afterAll(async () => {
    for (const { child, finished } of running) {
      child.kill('SIGKILL')
      await finished
    }
    await held?.drop()
    await place?.remove()
  }, limit)

  const count = async (table: string) =>
    Number((await held.database.query(`select count(*) as count from ${table}`)).rows[0]?.count)

  const kept = async () => ({
    projects: await count('project'),
    documents: await count('document'),
    chunks: await count('chunk'),
    words: await count('chunk_words'),
    // But for what comes again.
    jobs: await count(`pgboss.job where state < 'active' and retry_delay = 0`),
  })

  async function files(): Promise<number> {
    const all = await readdir(place.folder, { recursive: true, withFileTypes: true })
    return all.filter(entry => entry.isFile() && /[/\\]blobs[/\\]/.test(entry.parentPath)).length
  }

  function start(...args: string[]): Running {
    const started = place.start(args, options)
    running.push(started)
    return started
  }

  it(
    'keeps what it is given, and nothing of it in the data directory but the files',
    async () => {
      const { documents } = await place.json<{ documents: object[] }>(['documents', 'list'], options)
      expect(documents).toMatchObject([{ file: 'mietvertrag.md', state: 'ready' }])
      const found = await place.json<{ passages: object[] }>(['search', 'Kaution'], options)
      expect(found.passages[0]).toMatchObject({ file: 'mietvertrag.md' })
      const asked = await place.json(['ask', 'Wie hoch ist die Kaution?'], options)
      expect(asked).toMatchObject({ code: 0, mode: 'quotes', citations: [{ quote: deposit }, {}, {}] })
      expect(await files()).toBe(1)
      expect(await readdir(path.join(place.folder, 'data'))).not.toContain('cloister.db')
      const { stdout, code } = await place.run(['doctor'], options)
      expect([code, stdout.includes('PostgreSQL'), stdout.includes('1 stored file')]).toEqual([0, true, true])
    },
    limit,
  )

  it(
    'asks files that are not kept, and measures, in a project that goes with it: answered, failed, stopped or killed',
    async () => {
      const before = await kept()
      const answered = await place.json(['ask', manual, 'Wer beschließt die Auflösung des Vereins?'], options)
      expect(answered).toMatchObject({ code: 0, mode: 'quotes' })
      expect([await kept(), await files()]).toEqual([before, 1])

      const bad = path.join(place.folder, 'bad.json')
      const question = { id: 1, lang: 'en', kind: 'fact', question: 'What?', answerable: true, file: 'a.pdf', page: 1 }
      await writeFile(bad, JSON.stringify({ source: { files: ['a.pdf'] }, questions: [question] }))
      await mkdir(path.join(place.folder, 'real'))
      await writeFile(path.join(place.folder, 'real', 'a.pdf'), '%PDF-1.7 and nothing else')
      const failed = await place.run(['eval', bad], options)
      expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('damaged')])
      expect([await kept(), await files()]).toEqual([before, 1])

      const set = path.join(root, 'tests', 'eval', 'own.en.json')
      const underWay = async (stop: (running: Running) => void) => {
        const one = start('eval', set)
        await until(async () => (await count('document')) > before.documents, 'it has begun', limit)
        expect(await count('project')).toBe(before.projects + 1)
        stop(one)
        return one.finished
      }
      const stopped = await underWay(({ child }) => void child.kill('SIGINT'))
      expect(stopped.code).toBe(130)
      expect([await kept(), await files()]).toEqual([before, 1])

      const killed = await underWay(({ child }) => void child.kill('SIGKILL'))
      expect(killed.signal).toBe('SIGKILL')
      expect(await count('project')).toBe(before.projects + 1)
      const { projects } = await place.json<{ projects: object[] }>(['projects', 'list'], options)
      expect(projects).toHaveLength(1)
      expect(await kept()).toEqual(before)
    },
    limit,
  )

  it(
    'serves with what the environment says: TOP_K_DEFAULT, MAX_HISTORY_MESSAGES',
    async () => {
      const environment = {
        ...options.environment,
        CLOISTER_TOKEN: token,
        TOP_K_DEFAULT: '2',
        MAX_HISTORY_MESSAGES: '0',
      }
      const server = place.start(['serve', '--json', '--port', '0'], { environment })
      running.push(server)
      let told = ''
      server.child.stdout?.on('data', (part: string) => {
        told += part
      })
      await until(() => told.includes('}\n'), 'it serves', limit)
      const { address } = JSON.parse(told) as { address: string }
      async function call<T>(where: string, body?: object): Promise<T> {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
        const method = body ? 'POST' : 'GET'
        const answer = await fetch(address + where, { method, headers, ...(body && { body: JSON.stringify(body) }) })
        return (await answer.json()) as T
      }
      const asked = { message: 'Wie lange ist die Kündigungsfrist und wie hoch die Kaution?' }
      const { session_id } = await call<{ session_id: string }>('/api/v1/chat', asked)
      await call('/api/v1/chat', { session_id, message: 'Und wann ist sie fällig?' })
      const { projects } = await call<{ projects: { id: string }[] }>('/api/v1/projects')
      const chat = await call<{ messages: { passages?: number; completed?: string | null }[] }>(
        `/api/v1/projects/${projects[0]?.id}/chats/${session_id}`,
      )
      expect(chat.messages).toHaveLength(4)
      expect(chat.messages[1]).toMatchObject({ passages: 2 })
      // Nothing of what was said before may be put in.
      expect(chat.messages[2]?.completed ?? null).toBeNull()
      server.child.kill('SIGTERM')
      expect(await server.finished).toMatchObject({ code: 0 })
    },
    limit,
  )
})
