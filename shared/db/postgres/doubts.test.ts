import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { needsServer, pglite, postgres } from '../../../tests/postgres.ts'
import { toAppError } from '../../errors.ts'
import { statement } from './batch.ts'
import { createDoubts } from './doubts.ts'
import { isPassing } from './failure.ts'
import { addressOf, start, url } from './fixture.ts'
import { clientConfig, createPool } from './pool.ts'
import { readTarget } from './settings.ts'

describe.skipIf(postgres === pglite)(`a network that falls silent (${needsServer})`, () => {
  async function open() {
    const { name } = await start()
    const network = await startNetwork()
    const target = await readTarget({ url: addressOf(name, address => Object.assign(address, { port: network.port })) })
    const config = clientConfig(target, false)
    const peer = { address: 'there', user: target.user, database: name }
    const doubts = createDoubts(config, 200)
    const pool = createPool(config, { size: 2, peer, waitLimit: 1000, named: true, doubts, writes: true })
    onTestFinished(() => pool.close(100))
    const ask = async (sql: string) => {
      const loan = await pool.borrow()
      try {
        return (await loan.send([statement(sql)]))[0].rows
      } finally {
        loan.release()
      }
    }
    return { network, pool, ask }
  }

  it('is noticed by whoever waits, and nobody is lent what else was open', async () => {
    const { network, ask } = await open()
    await Promise.all([ask('select pg_sleep(0.1)'), ask('select pg_sleep(0.1)')])
    expect(network.fallSilent()).toBe(2)
    const error = await ask('select 1 as n').then(
      () => expect.fail('nobody can have answered'),
      thrown => thrown,
    )
    expect([toAppError(error).code, isPassing(error)]).toEqual(['database-unreachable', true])
    // The second one is as silent, but nobody has to find that out.
    expect(await ask('select 1 as n')).toEqual([{ n: 1 }])
    expect(network.asked()).toBe(1)
  })

  it('is noticed by libraries that send SQL of their own', async () => {
    const { network, pool } = await open()
    const loan = await pool.borrow()
    await loan.query('select 1')
    network.fallSilent()
    await expect(loan.query('select 2')).rejects.toMatchObject({ code: 'database-unreachable' })
    loan.release()
  })

  it('is told from a server that takes long, and from a lock that is waited for', async () => {
    const { pool, ask } = await open()
    expect(await ask('select 7 as n, pg_sleep(2)')).toMatchObject([{ n: 7 }])
    const holder = await pool.borrow()
    await holder.send([statement('begin'), statement('select pg_advisory_xact_lock(1)')])
    const waiting = ask('select pg_advisory_xact_lock(1), 8 as n')
    await new Promise(resolve => setTimeout(resolve, 2000))
    await holder.rollback()
    holder.release()
    expect(await waiting).toMatchObject([{ n: 8 }])
  })
})

/** The first byte with which a client of Postgres takes its leave. */
const leave = 0x58

/** A way to the server. */
async function startNetwork() {
  const pairs = new Set<[Socket, Socket]>()
  const silent = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connect(Number(new URL(url).port || 5432), new URL(url).hostname)
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    client.pipe(upstream).pipe(client)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        for (const each of pair) each.destroy()
        pairs.delete(pair)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  return {
    port: String((server.address() as AddressInfo).port),
    /** All that is open carries nothing any more, and nobody is told. New connections do. */
    fallSilent() {
      for (const [client, upstream] of pairs) {
        client.unpipe().resume()
        client.on('data', data => {
          if (data[0] !== leave) silent.add(client)
        })
        upstream.unpipe().pause()
      }
      return pairs.size
    },
    /** Of how many something was wanted since. */
    asked: () => silent.size,
  }
}
