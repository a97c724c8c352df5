/** Several processes on one Postgres, as they are started: two servers that do no work, and workers beside them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { getEventMeta } from '@orpc/client'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeProtectedPdf } from '../scripts/fixtures/protected-pdf.ts'
import { type Client, createClient } from '../shared/api/client.ts'
import { contract, type ServerEvent, type StreamedAnswer } from '../shared/api/index.ts'
import { longAnswers, longQuestion, question, rent, writeLongAnswers } from './long-answer.ts'
import { needsServer } from './postgres.ts'
import { program } from './program.ts'

const root = path.resolve(import.meta.dirname, '..')
const database = process.env.TEST_DATABASE_URL
const token = 'correct-horse-battery-staple'
const limit = 120_000
/** For what is waited for long: each look is a request and its queries. */
const interval = 250

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
    const environment = {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      LANG: 'en_US.UTF-8',
      LLM_MODEL_PATH: path.join(folder, 'chat.gguf'),
      ...longAnswers,
    }
    const child = spawn(process.execPath, [...program, '--data', path.join(folder, 'data'), ...args, '--json'], {
      cwd: root,
      env: { ...environment, DATABASE_URL: url.href, CLOISTER_TOKEN: token },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise<number | null>(resolve => child.on('exit', resolve))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const line = await Promise.race([lines.next(), ended.then(code => ({ value: `{"ended": ${code}}` }))])
    const started = { child, said: JSON.parse(String(line.value)) as Record<string, unknown>, ended }
    programs.push(started)
    return started
  }

  const clientOf = ({ said }: Program) =>
    createClient({ routes: contract, url: String(said.address), token, language: () => 'en' })
  const serve = () => start('serve', '--workers', '0', '--port', '0')

  /** An answer as one client reads it, with the places of its events. */
  function watch(stream: Promise<AsyncIterable<StreamedAnswer>>) {
    const events: StreamedAnswer[] = []
    const places: number[] = []
    const ended = (async () => {
      for await (const event of await stream) {
        events.push(event)
        const id = getEventMeta(event)?.id
        if (id !== undefined) places.push(Number(id))
      }
    })().catch((error: unknown) => error)
    const of = <T extends StreamedAnswer['type']>(type: T) =>
      events.filter((event): event is Extract<StreamedAnswer, { type: T }> => event.type === type)
    /** All but drafts, which the next event takes the place of. */
    const settled = () => events.filter(({ type }) => type !== 'draft')
    const last = () => events.at(-1)
    return { events, places, ended, of, settled, last }
  }

  async function begun(asked: ReturnType<typeof watch>, sentences: number) {
    const enough = () => asked.of('sentence').length >= sentences
    await expect.poll(enough, { timeout: 30_000, interval: 10 }).toBe(true)
    const [{ answerId, chatId }] = asked.of('started')
    return { answerId, chatId }
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
    await writeLongAnswers(path.join(folder, 'chat.gguf'))
    await administer(`create database ${name} template template0 encoding 'UTF8'`)
    // All at once, on an empty database.
    const [first, second] = await Promise.all([serve(), serve(), start('worker'), start('worker')])
    one = clientOf(first)
    other = clientOf(second)
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
    await expect.poll(() => heard.length).toBeGreaterThan(0)
    const [documentId] = await upload(one, file(rent, 'kaution.txt'))
    const states = () =>
      heard.flatMap(event =>
        event.type === 'document' && event.documentId === documentId ? event.document?.state : [],
      )
    await expect.poll(states, { timeout: 30_000 }).toContain('ready')
    const { passages } = await other.search({ projectId, query: 'Kaution', limit: 5, documents: undefined })
    expect(passages.map(({ documentId }) => documentId)).toEqual([documentId])

    const said: string[] = []
    let chatId = ''
    for await (const event of await one.answers.ask({ projectId, question })) {
      said.push(event.type)
      if (event.type === 'started') chatId = event.chatId
    }
    expect(said.at(-1)).toBe('finish')
    await expect.poll(() => heard).toContainEqual({ type: 'chat', projectId, chatId })
    const { messages } = await other.chats.get({ projectId, chatId })
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
    expect(messages[1]?.text).toContain('drei Monatsmieten')

    await one.projects.create({ name: 'Second' })
    await expect.poll(() => heard).toContainEqual({ type: 'projects' })
    control.abort()
  })

  it('goes on with an answer at the other, without a gap, and stops it there', { timeout: limit }, async () => {
    const leaving = new AbortController()
    const asked = watch(one.answers.ask({ projectId, question: longQuestion }, { signal: leaving.signal }))
    const { answerId, chatId } = await begun(asked, 3)
    const { answering } = await other.chats.get({ projectId, chatId })
    expect(answering).toEqual([{ answerId, question: longQuestion, questionId: null }])
    const tab = watch(other.answers.follow({ projectId, answerId }))
    await begun(tab, 3)
    // The connection breaks in the middle of it; its client comes back to the other server.
    leaving.abort()
    await asked.ended
    const lastEventId = String(asked.places.at(-1))
    const resumed = watch(other.answers.follow({ projectId, answerId }, { lastEventId }))
    const more = asked.of('sentence').length + 5
    await expect.poll(() => tab.of('sentence').length, { timeout: 30_000 }).toBeGreaterThan(more)

    const stopped = performance.now()
    expect(await other.answers.stop({ projectId, answerId })).toEqual({ stopped: true })
    await Promise.all([tab.ended, resumed.ended])
    // It is heard by an event; for a server that is silent others wait 5 s.
    expect(performance.now() - stopped).toBeLessThan(4000)
    expect(tab.places).toEqual(tab.places.map((_, at) => at))
    expect(resumed.places[0]).toBe(Number(lastEventId) + 1)
    expect([...asked.settled(), ...resumed.settled()]).toEqual(tab.settled())
    expect(tab.of('passages')[0].passages.map(({ text }) => text)).toEqual([rent])
    expect(tab.last()).toMatchObject({ type: 'interrupted', chatId, reason: { code: 'cancelled' } })
    const { messages, answering: after } = await other.chats.get({ projectId, chatId })
    expect(after).toEqual([])
    expect(messages).toHaveLength(2)
    const kept = tab.of('sentence').map(({ sentence }) => sentence)
    expect(messages[1].answer).toMatchObject({ mode: 'model', reason: { code: 'cancelled' } })
    expect(messages[1].answer?.sentences.slice(0, kept.length)).toEqual(kept)
    expect(messages[1].id).toBe(tab.of('interrupted')[0].messageId)
    // Late, at either.
    for (const client of [one, other]) {
      const late = watch(client.answers.follow({ projectId, answerId }, { lastEventId }))
      await late.ended
      expect(late.settled()).toEqual(resumed.settled())
    }
  })

  it('lets a question wait for the one before it in its chat', { timeout: limit }, async () => {
    const first = watch(one.answers.ask({ projectId, question: longQuestion }))
    const { answerId, chatId } = await begun(first, 1)
    const second = watch(other.answers.ask({ projectId, chatId, question, mode: 'quotes' }))
    const places = () => second.of('waiting').map(({ place }) => place)
    await expect.poll(places).toEqual([1])
    await other.answers.stop({ projectId, answerId })
    await Promise.all([first.ended, second.ended])
    expect(places()).toEqual([1, 0])
    expect(second.last()).toMatchObject({ type: 'finish', answer: { mode: 'quotes', text: rent } })
    const { messages } = await one.chats.get({ projectId, chatId })
    expect(messages.map(({ text }) => text.slice(0, rent.length))).toEqual([
      longQuestion.slice(0, rent.length),
      rent,
      question,
      rent,
    ])
  })

  it('keeps what a killed server had said, tells who reads along, and answers again', { timeout: limit }, async () => {
    const third = await serve()
    const asked = watch(clientOf(third).answers.ask({ projectId, question: longQuestion }))
    const { answerId, chatId } = await begun(asked, 3)
    const tab = watch(one.answers.follow({ projectId, answerId }))
    await begun(tab, 3)
    third.child.kill('SIGKILL')
    const killed = performance.now()
    await third.ended
    await tab.ended
    expect(performance.now() - killed).toBeLessThan(30_000)
    await asked.ended
    expect(tab.last()).toMatchObject({ type: 'interrupted', chatId, reason: { code: 'server-lost' } })
    const { messages, answering } = await other.chats.get({ projectId, chatId })
    expect(answering).toEqual([])
    expect(messages).toHaveLength(2)
    const [, kept] = messages
    expect(kept.id).toBe(tab.of('interrupted')[0].messageId)
    expect(kept.answer).toMatchObject({ mode: 'model', reason: { code: 'server-lost' } })
    const said = tab.of('sentence').map(({ sentence }) => sentence)
    expect(kept.answer?.sentences.slice(0, said.length)).toEqual(said)
    expect(kept.answer?.citations.map(({ quote }) => quote)).toEqual([rent])
    expect(kept.passages).toBe(1)

    const again = watch(other.answers.regenerate({ projectId, chatId }))
    const { answerId: anew } = await begun(again, 1)
    await one.answers.stop({ projectId, answerId: anew })
    await again.ended
    expect((await one.chats.get({ projectId, chatId })).messages.map(({ id }) => id)).toEqual(
      messages.map(({ id }) => id),
    )
    const next = watch(one.answers.ask({ projectId, chatId, question, mode: 'quotes' }))
    await next.ended
    expect(next.last()).toMatchObject({ type: 'finish', answer: { text: rent } })
  })

  it('adds, cancels, deletes and brings back documents at either', { timeout: limit }, async () => {
    const heard: ServerEvent[] = []
    const control = new AbortController()
    void (async () => {
      for await (const event of await other.jobs.events({}, { signal: control.signal })) heard.push(event)
    })().catch(() => {})
    await expect.poll(() => heard.length).toBeGreaterThan(0)
    const lines = Array.from({ length: 25_000 }, (_, at) => `Satz ${at} über Rosen, Nelken und Beet ${at}.`)
    const [documentId = ''] = await upload(one, file(lines.join('\n'), 'rosen.txt'))
    const listed = async (client: Client) =>
      (await client.documents.list({ projectId })).documents.map(({ id }) => id).includes(documentId)
    expect(await listed(other)).toBe(true)
    const progress = () =>
      heard.flatMap(event =>
        event.type === 'document' && event.documentId === documentId && event.document ? [event.document.indexed] : [],
      )
    await expect.poll(() => new Set(progress()).size, { timeout: 30_000, interval: 10 }).toBeGreaterThan(2)

    // A worker is at it; whoever is told first is neither of the two servers.
    const cancelled = await other.documents.cancel({ projectId, documentId })
    expect(cancelled.state).toBe('cancelled')
    expect((await one.documents.get({ projectId, documentId })).state).toBe('cancelled')
    const [after = ''] = await upload(other, file('Danach kommt der Garten.', 'danach.txt'))
    await expect.poll(() => stateOf(one, after), { timeout: 30_000 }).toBe('ready')
    expect(await one.documents.get({ projectId, documentId })).toMatchObject({
      state: 'cancelled',
      indexed: cancelled.indexed,
    })
    await one.documents.retry({ projectId, documentId })
    await expect.poll(() => stateOf(other, documentId), { timeout: 90_000, interval }).toBe('ready')

    const found = async (client: Client) =>
      (await client.search({ projectId, query: 'Nelken', limit: 1, documents: undefined })).passages.length
    expect([await found(one), await found(other)]).toEqual([1, 1])
    await one.documents.delete({ projectId, documentId })
    expect([await listed(other), await found(other)]).toEqual([false, 0])
    await other.documents.undo({ projectId, documentId })
    expect(await listed(one)).toBe(true)
    await expect.poll(() => found(one), { timeout: 60_000, interval }).toBe(1)
    await one.documents.delete({ projectId, documentId })
    await other.documents.purge({ projectId, documentId })
    await expect(one.documents.get({ projectId, documentId })).rejects.toMatchObject({ code: 'document-not-found' })
    const gone = () =>
      heard.some(event => event.type === 'document' && event.documentId === documentId && event.document === null)
    await expect.poll(gone).toBe(true)
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

  it('goes on soon with what a killed worker had in hand', { timeout: limit }, async () => {
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
    // After 15 s its work is taken for lost; a busy machine adds some.
    await expect.poll(far, { timeout: 60_000, interval }).toBe(true)
    expect(performance.now() - killed).toBeLessThan(60_000)
    await expect.poll(() => stateOf(one, documentId), { timeout: 90_000, interval }).toBe('ready')
  })

  it('ends in order when it is told to', { timeout: limit }, async () => {
    const living = programs.filter(({ child }) => child.exitCode === null && child.signalCode === null)
    expect(living).toHaveLength(3)
    for (const { child } of living) child.kill('SIGTERM')
    expect(await Promise.all(living.map(({ ended }) => ended))).toEqual([0, 0, 0])
  })
})
