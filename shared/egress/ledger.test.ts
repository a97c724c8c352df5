/** The lines that requests leave in the ledger of a real library. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import path from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { silent } from '../../tests/open-store.ts'
import { engines, sqlite } from '../../tests/postgres.ts'
import { AppError } from '../errors.ts'
import { governOutgoing } from '../workspace/outgoing.ts'
import { openGate, openStore, serveHttp, serveTcp } from './fixture.ts'

describe.each(engines)('on $name', engine => {
  test('stand there before the first byte leaves, also of each step of a redirect', async () => {
    const { store } = await openStore(engine)
    const { fetchAs, entries } = await openGate({ store })
    /** What stood there at each connection that came, before anything was said over it. */
    const found: Promise<unknown>[] = []
    const look = async (port: number) => {
      const { entries } = await store.ledger.page('local', { installation: true, limit: 10 })
      return entries.filter(entry => entry.port === port).map(({ outcome, sent, host }) => [host, outcome, sent])
    }
    // Once that was looked at: its end may stand there soon after.
    const answer = (socket: Socket, port: number, text: string) => {
      const looked = look(port)
      found.push(looked)
      socket.on('data', () => void looked.finally(() => socket.end(text)))
    }
    const target = await serveTcp(socket => {
      answer(socket, target.port, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
    })
    const first = await serveTcp(socket => {
      const head = `HTTP/1.1 307 Go\r\nLocation: ${target.url}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
      answer(socket, first.port, head)
    })
    const fetch = fetchAs({ purpose: 'download', access: 'internal' })
    expect(await (await fetch(first.url, { method: 'POST', body: 'x' })).text()).toBe('ok')
    expect(await Promise.all(found)).toEqual([[['127.0.0.1', 'open', 0]], [['127.0.0.1', 'open', 0]]])
    const written = await entries()
    expect(written.map(({ port, outcome }) => [port, outcome])).toEqual([
      [first.port, 'done'],
      [target.port, 'done'],
    ])
    expect(written[0]).toMatchObject({ userId: null, projectId: null, purpose: 'download' })
  })

  test('are lists and sums of the user and of the installation', async () => {
    const { store, scope, clock } = await openStore(engine)
    const server = await serveHttp((_, res) => void res.end('hello'))
    const { fetchAs, fetchContent, entries } = await openGate({ store })
    for (const [purpose, access] of [
      ['model', scope],
      ['model', { userId: 'local' }],
      ['download', 'internal'],
      ['mail', { userId: 'somebody else' }],
    ] as const)
      await (await fetchAs({ purpose, access })(server.url)).text()
    await expect(fetchContent(server.url)).rejects.toMatchObject({ code: 'egress-refused' })
    const all = await entries()
    expect(all.map(({ purpose }) => purpose)).toEqual(['model', 'model', 'download', 'crawl'])
    const list = async (filter: object) =>
      (await store.ledger.page('local', { installation: true, limit: 10, ...filter })).entries.map(
        ({ purpose }) => purpose,
      )
    expect(await list({ projectId: scope.projectId })).toEqual(['model'])
    expect(await list({ purposes: ['download', 'crawl'] })).toEqual(['crawl', 'download'])
    expect(await list({ purposes: [] })).toEqual([])
    expect(await list({ outcomes: ['refused'] })).toEqual(['crawl'])
    expect(await list({ host: '127.0' })).toHaveLength(4)
    expect(await list({ host: '128' })).toEqual([])
    const [first, second] = all
    expect(await list({ from: second!.startedAt, to: all.at(-1)!.startedAt + 1 })).toHaveLength(
      all.filter(({ startedAt }) => startedAt >= second!.startedAt).length,
    )
    expect(await list({ to: first!.startedAt })).toEqual([])
    const pages: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await store.ledger.page('local', { installation: true, limit: 1, ...(after && { after }) })
      pages.push(...page.entries.map(({ id }) => id))
      if (page.next === null) break
      after = page.next
    }
    expect(pages).toEqual(all.map(({ id }) => id).reverse())
    await expect(store.ledger.page('local', { installation: true, limit: 1, after: 'x' })).rejects.toMatchObject({
      code: 'input-invalid',
    })
    const one = all[0]!
    expect(await store.ledger.sums('local', { installation: true })).toMatchObject([
      { host: '127.0.0.1', purpose: 'model', requests: 2, refused: 0, sent: one.sent * 2, received: one.received * 2 },
      { purpose: 'download', requests: 1, sent: one.sent },
      { purpose: 'crawl', requests: 1, refused: 1, sent: 0, received: 0 },
    ])
    expect(await store.ledger.sums('local', { installation: true, outcomes: ['refused'] })).toHaveLength(1)
    await store.ledger.forget(clock.now())
    expect(await store.ledger.page('local', { installation: true, limit: 10 })).toMatchObject({
      entries: all.slice().reverse(),
    })
    await store.ledger.forget(Date.now() + 1000)
    expect(await entries()).toEqual([])
  })

  test('name the database and the store of files once a day', async () => {
    const { store, clock } = await openStore(engine)
    const connections = [
      { purpose: 'database' as const, host: 'db.example', port: 5432 },
      { purpose: 'blob-store' as const, host: 's3.example', port: 443 },
    ]
    const [deps, found] = [
      { egress: undefined, store, clock, log: silent, isLocalOnly: async () => false },
      [] as number[],
    ]
    for (const hours of [0, 1, 23, 25, 26]) {
      clock.time = Date.UTC(2026, 0, 1, hours)
      await (await governOutgoing({ ...deps, connections })).close()
      found.push((await store.ledger.page('local', { installation: true, limit: 10 })).entries.length)
    }
    expect(found).toEqual([2, 2, 2, 4, 4])
    expect(
      (await store.ledger.page('local', { installation: true, limit: 10, purposes: ['database'] })).entries,
    ).toMatchObject([
      { userId: null, host: 'db.example', port: 5432, outcome: 'done', sent: 0, address: null },
      { host: 'db.example' },
    ])
  })
})

test('no request leaves that cannot be noted', async () => {
  const server = await serveHttp((_, res) => void res.end())
  const { store } = await openStore()
  const broken = { ...store, ledger: { ...store.ledger, write: () => Promise.reject(new AppError('disk-full')) } }
  const { fetch, fetchContent } = await openGate({ store: broken })
  await expect(fetch(server.url)).rejects.toMatchObject({ code: 'disk-full' })
  await expect(fetchContent(server.url)).rejects.toMatchObject({ code: 'disk-full' })
  expect(server.connections()).toBe(0)
})

test('of a process that was killed in the midst of it, a request has failed when the next one starts', async () => {
  const { store, folder } = await openStore(sqlite)
  const server = await serveHttp((_, res) => {
    res.writeHead(200, { 'content-length': 1000 })
    res.write('some')
  })
  const file = path.join(folder, 'cloister.db')
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'fixture-killed.ts'), file, server.url])
  let said = ''
  child.stderr.on('data', data => (said += data))
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => Promise.reject(new Error(said)))])
  child.kill('SIGKILL')
  await once(child, 'exit')
  const now = async () => (await store.ledger.page('local', { installation: true, limit: 10 })).entries
  expect(await now()).toMatchObject([{ outcome: 'open', endedAt: null }])
  const start = async (later: number) => {
    const clock = { now: () => Date.now() + later }
    const outgoing = await governOutgoing({
      egress: undefined,
      store,
      clock,
      log: silent,
      isLocalOnly: async () => false,
    })
    onTestFinished(() => outgoing.close())
  }
  // It may live: it has only just begun.
  await start(0)
  expect(await now()).toMatchObject([{ outcome: 'open' }])
  await start(30_000)
  expect(await now()).toMatchObject([{ outcome: 'failed', why: 'interrupted', purpose: 'download' }])
  expect((await now())[0]?.endedAt).toBeGreaterThan(0)
})

test('of a process that is killed as soon as it connects, the request stands there', async () => {
  const { store, folder } = await openStore(sqlite)
  let connected = () => {}
  const connection = new Promise<void>(resolve => (connected = resolve))
  const server = await serveTcp(() => connected())
  const file = path.join(folder, 'cloister.db')
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'fixture-killed.ts'), file, server.url])
  let said = ''
  child.stderr.on('data', data => (said += data))
  const exit = once(child, 'exit')
  await Promise.race([connection, exit.then(() => Promise.reject(new Error(said)))])
  child.kill('SIGKILL')
  await exit
  const { entries } = await store.ledger.page('local', { installation: true, limit: 10 })
  expect(entries).toMatchObject([{ outcome: 'open', port: server.port, purpose: 'download' }])
})

test('hold nothing of what was asked, nor does the log', async () => {
  const { store, folder } = await openStore(sqlite)
  const mark = 'Geheimzeichen'
  const server = await serveHttp((req, res) => {
    req.resume()
    if (req.url?.includes('again')) res.destroy()
    else res.writeHead(200, { 'x-answer': mark, 'set-cookie': `a=${mark}` }).end(mark)
  })
  const { fetch, fetchContent, entries, logged } = await openGate({ store })
  const headers = { authorization: `Bearer ${mark}`, 'x-api-key': mark, cookie: mark }
  await (await fetch(`${server.url}/${mark}?key=${mark}#${mark}`, { method: 'POST', headers, body: mark })).text()
  await expect(fetch(`${server.url}/again/${mark}`, { headers })).rejects.toThrow()
  await expect(fetch(`http://${mark}:${mark}@127.0.0.1/${mark}`)).rejects.toThrow()
  await expect(fetchContent(`${server.url}/${mark}`)).rejects.toThrow()
  await expect(fetchContent(`file:///${mark}`)).rejects.toThrow()
  expect(await entries()).toHaveLength(5)
  for (const name of await readdir(folder)) expect((await readFile(path.join(folder, name))).includes(mark)).toBe(false)
  expect(new Database(path.join(folder, 'cloister.db')).prepare('select count(*) from egress').pluck().get()).toBe(5)
  expect(JSON.stringify(logged)).not.toContain(mark)
})
