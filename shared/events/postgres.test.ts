import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AppEvent, Log } from '../ports.ts'
import { chat, document, eventsContract, listen } from './contract.ts'
import { connectPostgres, createPostgresEvents, type EventTimes, type Notifier, tell } from './postgres.ts'

const url = process.env.TEST_DATABASE_URL
const needsServer = '(needs connections that can be lost, which PGlite does not have: set TEST_DATABASE_URL)'
const missed: AppEvent = { type: 'missed' }
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const quick: Partial<EventTimes> = { beat: 200, beatAnswer: 500, shortestPause: 20, longestPause: 200 }
const aChannel = () => `test_${randomUUID().slice(0, 8)}`

let pglite: PGlite | undefined
beforeAll(async () => {
  if (!url) pglite = await PGlite.create()
})
afterAll(() => pglite?.close())

/** All share the one connection there is: what is heard of another process went through the database all the same. */
function viaPglite(database: PGlite): () => Promise<Notifier> {
  return async () => {
    const leave: (() => Promise<void>)[] = []
    return {
      async listen(channel, heard) {
        leave.push(await database.listen(channel, heard))
      },
      async notify(channel, payloads) {
        await database.query(tell, [channel, payloads])
      },
      lost: new Promise(() => {}),
      end() {
        for (const each of leave.splice(0)) void each().catch(() => {})
      },
    }
  }
}

const connection = () => (pglite ? viaPglite(pglite) : connectPostgres({ connectionString: url }))

eventsContract(url ? 'Postgres' : 'PGlite', {
  async open() {
    const channel = aChannel()
    const one = () => createPostgresEvents({ connect: connection(), log: silent, channel })
    const [here, there] = await Promise.all([one(), one()])
    return {
      here,
      there,
      async close() {
        await Promise.all([here.close(), there.close()])
      },
    }
  },
})

it('takes no name for a channel that would have to be escaped', async () => {
  for (const channel of ['', 'a"b', 'A', 'x'.repeat(31)])
    await expect(createPostgresEvents({ connect: connection(), log: silent, channel })).rejects.toThrow('channel')
})

describe.skipIf(!url)(`connections that are lost ${needsServer}`, () => {
  let channel: string
  let wire: Awaited<ReturnType<typeof startWire>>
  let control: AbortController
  let said: string[]
  const opened: { close(): Promise<void> }[] = []
  const log: Log = {
    ...silent,
    warn: (text, fields) => said.push(`${text} ${JSON.stringify(fields)}`),
    info: text => said.push(text),
  }

  beforeEach(async () => {
    said = []
    channel = aChannel()
    control = new AbortController()
    wire = await startWire(new URL(url as string))
  })
  afterEach(async () => {
    control.abort()
    await Promise.all(opened.splice(0).map(each => each.close()))
    await wire.close()
  })

  async function open(connect = connectPostgres({ connectionString: url })) {
    const events = await createPostgresEvents({ connect, log, channel, times: quick })
    opened.push(events)
    return events
  }
  const overWire = () => connectPostgres({ connectionString: wire.url })

  it('are made anew; what was said meanwhile arrives, and what was not heard is told as missed', async () => {
    const here = await open(overWire())
    const there = await open()
    const [ours, theirs] = [listen(here, control.signal), listen(there, control.signal)]
    wire.stop()
    here.publish(document('a'))
    there.publish(document('lost'))
    here.publish(chat('b'))
    here.publish(document('a'))
    await expect.poll(() => said.length).toBe(1)
    wire.goOn()
    await expect.poll(() => ours.at(-1)).toEqual(missed)
    await expect.poll(() => theirs).toEqual([document('lost'), chat('b'), document('a')])
    expect(ours).toEqual([chat('b'), document('a'), missed])
    there.publish(document('c'))
    await expect.poll(() => ours.at(-1)).toEqual(document('c'))
    expect(said).toEqual([expect.stringContaining('not heard'), expect.stringContaining('heard again')])
  })

  it('are made anew when the server ends them', async () => {
    const here = await open(connectPostgres({ connectionString: url, application_name: channel }))
    const there = await open()
    const heard = listen(here, control.signal)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const ended = await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
      [channel],
    )
    expect(ended.rowCount).toBe(1)
    await client.end()
    await expect.poll(() => heard.at(-1)).toEqual(missed)
    await expect
      .poll(
        () => {
          there.publish(document('after'))
          return heard.at(-1)
        },
        { timeout: 5000 },
      )
      .toEqual(document('after'))
  })

  it('are noticed when they end without a word', async () => {
    const here = await open(overWire())
    const there = await open()
    const heard = listen(here, control.signal)
    wire.hang()
    there.publish(document('lost'))
    await expect.poll(() => said.length).toBeGreaterThan(0)
    wire.goOn()
    await expect.poll(() => heard.at(-1)).toEqual(missed)
    expect(heard).toEqual([missed])
    there.publish(document('b'))
    await expect.poll(() => heard.at(-1)).toEqual(document('b'))
  })

  it('may be missing at the start', async () => {
    wire.stop()
    const here = await open(overWire())
    const heard = listen(here, control.signal)
    here.publish(document('a'))
    await expect.poll(() => heard).toEqual([document('a')])
    wire.goOn()
    await expect.poll(() => heard).toEqual([document('a'), missed])
  })

  it('lose nothing for good that does not fit into what waits: the others look at everything', async () => {
    const here = await open(overWire())
    const there = await open()
    const theirs = listen(there, control.signal)
    wire.stop()
    for (let count = 0; count < 5000; count++) here.publish(document(String(count)))
    wire.goOn()
    await expect.poll(() => theirs.at(-1)).toEqual(missed)
  })

  it('never keep anybody who publishes waiting, and tell nobody the password', async () => {
    wire.hang()
    const secret = new URL(wire.url)
    secret.password = 'a-very-secret-word'
    const here = await createPostgresEvents({
      connect: connectPostgres({ connectionString: `${secret.href.replace(secret.port, '1')}` }),
      log,
      channel,
      times: quick,
    })
    opened.push(here)
    const began = performance.now()
    for (let count = 0; count < 10_000; count++) here.publish(document(String(count)))
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(said.join()).toContain('ECONNREFUSED')
    expect(said.join()).not.toContain('a-very-secret-word')
  })

  it('gather what is said in a burst', async () => {
    const texts: number[] = []
    const connect = connectPostgres({ connectionString: url })
    const here = await open(async () => {
      const real = await connect()
      return {
        ...real,
        async notify(on, payloads) {
          if (on === channel) texts.push(payloads.length)
          await real.notify(on, payloads)
        },
      }
    })
    const there = await open()
    const theirs = listen(there, control.signal)
    for (let round = 0; round < 100; round++) {
      for (let count = 0; count < 50; count++) here.publish(document(String(count)))
      await new Promise(resolve => setImmediate(resolve))
    }
    here.publish(chat('last'))
    await expect.poll(() => theirs.at(-1)).toEqual(chat('last'))
    expect(texts.length).toBeLessThan(20)
  })
})

/** A wire to the database that can be cut, or carry nothing without being cut. */
async function startWire(to: URL) {
  const sockets = new Set<Socket>()
  let state: 'open' | 'stopped' | 'hanging' = 'open'
  const server = createServer(client => {
    if (state === 'stopped') return client.destroy()
    const upstream = connect(Number(to.port || 5432), to.hostname)
    for (const [from, onto] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', chunk => {
        if (state === 'open') onto.write(chunk)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        onto.destroy()
      })
    }
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = new URL(to)
  at.hostname = '127.0.0.1'
  at.port = String((server.address() as AddressInfo).port)
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: at.href,
    stop() {
      state = 'stopped'
      cut()
    },
    hang() {
      state = 'hanging'
    },
    goOn() {
      if (state === 'hanging') cut()
      state = 'open'
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
