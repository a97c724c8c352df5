/** Several processes on one Postgres, as they are started: two servers that do no work, and workers beside them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeProtectedPdf } from '../scripts/fixtures/protected-pdf.ts'
import { type Client, createClient } from '../shared/api/client.ts'
import { contract, type ServerEvent } from '../shared/api/index.ts'
import { needsServer } from './postgres.ts'

const root = path.resolve(import.meta.dirname, '..')
const database = process.env.TEST_DATABASE_URL
const token = 'correct-horse-battery-staple'
const limit = 120_000

interface Program {
  child: ChildProcess
  /** What it said when it was ready. */
  said: Record<string, unknown>
  ended: Promise<number | null>
}

describe.skipIf(database === undefined)(`two servers and their workers (${needsServer})`, () => {
  const name = `cloister_test_${Date.now()}_${randomUUID().slice(0, 8)}`
  const programs: Program[] = []
  let folder: string
  let one: Client
  let other: Client
  let projectId: string

  const administer = async (sql: string) => {
    const client = new pg.Client({ connectionString: database })
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }

  async function start(...args: string[]): Promise<Program> {
    const url = new URL(database as string)
    url.pathname = name
    const environment = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, LANG: 'en_US.UTF-8' }
    const child = spawn(process.execPath, ['server/main.ts', '--data', path.join(folder, 'data'), ...args, '--json'], {
      cwd: root,
      env: { ...environment, DATABASE_URL: url.href, CLOISTER_TOKEN: token },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise<number | null>(resolve => child.on('exit', resolve))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const line = await Promise.race([lines.next(), ended.then(code => ({ value: `{"ended": ${code}}` }))])
    const program = { child, said: JSON.parse(String(line.value)) as Record<string, unknown>, ended }
    programs.push(program)
    return program
  }

  async function serve(): Promise<Client> {
    const { said } = await start('serve', '--workers', '0', '--port', '0')
    return createClient({ routes: contract, url: String(said.address), token, language: () => 'en' })
  }

  const file = (text: string, called: string) => new File([text], called)
  const upload = async (client: Client, ...files: File[]) => {
    const { results } = await client.documents.upload({ projectId, files })
    return results.map(({ document }) => document?.id ?? '')
  }
  const stateOf = async (client: Client, documentId: string) => {
    const { state, reason } = await client.documents.get({ projectId, documentId })
    return reason ? `${state} ${reason.code}` : state
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cloister-replicas-'))
    await administer(`create database ${name} template template0 encoding 'UTF8'`)
    // All at once, on an empty database.
    const clients = await Promise.all([serve(), serve(), start('worker'), start('worker')])
    one = clients[0]
    other = clients[1]
    const { projects } = await one.projects.list({})
    projectId = projects[0]?.id ?? ''
  }, limit)

  afterAll(async () => {
    for (const { child } of programs) child.kill('SIGKILL')
    await Promise.all(programs.map(({ ended }) => ended))
    await administer(`drop database if exists ${name} with (force)`)
    await rm(folder, { recursive: true, force: true })
  }, limit)

  it('shows on one what was given to the other, while it is being read', { timeout: limit }, async () => {
    const heard: ServerEvent[] = []
    const control = new AbortController()
    void (async () => {
      for await (const event of await other.jobs.events({}, { signal: control.signal })) heard.push(event)
    })().catch(() => {})
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(0)
    const [documentId] = await upload(one, file('Die Kaution beträgt drei Monatsmieten.', 'kaution.txt'))
    const states = () =>
      heard.flatMap(event =>
        event.type === 'document' && event.documentId === documentId ? event.document?.state : [],
      )
    await expect.poll(states, { timeout: 30_000 }).toContain('ready')
    const { passages } = await other.search({ projectId, query: 'Kaution', limit: 5, documents: undefined })
    expect(passages.map(({ documentId }) => documentId)).toEqual([documentId])

    const question = 'Wie hoch ist die Kaution?'
    const said: string[] = []
    let chatId = ''
    for await (const event of await one.answers.ask({ projectId, question })) {
      said.push(event.type)
      if (event.type === 'started') chatId = event.chatId
    }
    expect(said.at(-1)).toBe('finish')
    await expect.poll(() => heard, { timeout: 10_000 }).toContainEqual({ type: 'chat', projectId, chatId })
    const { messages } = await other.chats.get({ projectId, chatId })
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
    expect(messages[1]?.text).toContain('drei Monatsmieten')

    await one.projects.create({ name: 'Second' })
    await expect.poll(() => heard, { timeout: 10_000 }).toContainEqual({ type: 'projects' })
    control.abort()
  })

  it('reads with a password that another process has', { timeout: limit }, async () => {
    const pdf = writeProtectedPdf(['Der Schluessel liegt unter der Matte.'], 'Zwiebel-7')
    const [documentId = ''] = await upload(one, new File([Buffer.from(pdf)], 'geheim.pdf'))
    await expect.poll(() => stateOf(one, documentId), { timeout: 30_000 }).toBe('failed password-protected')
    await other.documents.unlock({ projectId, documentId, password: 'Zwiebel-7' })
    await expect.poll(() => stateOf(one, documentId), { timeout: 30_000 }).toMatch(/^ready/)
    const dump = await readFile(path.join(folder, 'data', 'logs', 'cloister.log'), 'utf8').catch(() => '')
    expect(dump).not.toContain('Zwiebel-7')
  })

  it('goes on within 30 s with what a killed worker had in hand', { timeout: limit }, async () => {
    const [first, second] = programs.filter(({ said }) => 'database' in said) as [Program, Program]
    second.child.kill('SIGTERM')
    expect(await second.ended).toBe(0)
    const lines = Array.from({ length: 25_000 }, (_, at) => `Satz ${at} über den Garten und das Haus Nummer ${at}.`)
    const [documentId = ''] = await upload(one, file(lines.join('\n'), 'lang.txt'))
    await expect
      .poll(() => stateOf(other, documentId), { timeout: 30_000, interval: 20 })
      .toMatch(/^(parsing|indexing)/)
    first.child.kill('SIGKILL')
    await first.ended
    const before = await other.documents.get({ projectId, documentId })
    const killed = performance.now()
    await start('worker')
    const far = async () => {
      const { state, parsed, indexed } = await other.documents.get({ projectId, documentId })
      return state === 'ready' || parsed > before.parsed || indexed > before.indexed || state !== before.state
    }
    await expect.poll(far, { timeout: 30_000 }).toBe(true)
    expect(performance.now() - killed).toBeLessThan(30_000)
    await expect.poll(() => stateOf(one, documentId), { timeout: 90_000 }).toBe('ready')
  })

  it('ends in order when it is told to', { timeout: limit }, async () => {
    const living = programs.filter(({ child }) => child.exitCode === null && child.signalCode === null)
    expect(living).toHaveLength(3)
    for (const { child } of living) child.kill('SIGTERM')
    expect(await Promise.all(living.map(({ ended }) => ended))).toEqual([0, 0, 0])
  })
})
