import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { AppError } from '../../errors.ts'
import { type OnOutcome, type Outcome, type Statement, sendBatch, statement } from './batch.ts'
import type { Doubts } from './doubts.ts'
import { type Peer, type Sent, toFailure } from './failure.ts'
import { createNaming, Names } from './named.ts'
import type { Target } from './settings.ts'
import { busy, createTurns } from './turns.ts'

export interface SendOptions {
  limit?: number
  commit?: boolean
  each?: OnOutcome
}

/** A connection lent to one caller. */
export interface Loan {
  /**
   * In one message; what each did. `limit`: milliseconds after which the connection is given up, for networks that fall
   * silent. `commit`: the message holds one. `each` hears of every statement as soon as it is done.
   */
  send(statements: readonly Statement[], options?: SendOptions): Promise<Outcome[]>
  /** Several statements without parameters, or one with them, by the means of `pg`: its types of values. */
  query(sql: string, parameters?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
  /** Never throws: what cannot be rolled back is gone with its connection. */
  rollback(): Promise<void>
  /** Whether the server said, with its last complete answer, that no transaction is open. */
  readonly outside: boolean
  /** Takes another connection in place of one that is lost. */
  renew(): Promise<void>
  release(): void
}

export interface Pool {
  /** In order of asking. Throws `database-busy`, `database-unreachable` and what else opening a connection does. */
  borrow(): Promise<Loan>
  /** Lets what was asked for finish, for `patience` milliseconds at most; gives the rest up. */
  close(patience: number): Promise<void>
}

/** Milliseconds to wait for a server that has no connection left. */
const roomTime = 5000
/** Milliseconds that a connection to a server is kept which takes no changes. */
const standbyTime = 5000

/** What `pg` takes to connect. Everything is said, so that no variable of the environment decides. */
export function clientConfig(target: Target, encrypted: boolean): pg.ClientConfig {
  const { host, port, user, password, database, applicationName, connectTimeout, ssl, stream } = target
  return {
    ...{ host, port, user, password, database },
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeout,
    ssl: encrypted && ssl,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(encrypted && target.channelBinding && { enableChannelBinding: true }),
    // `pg` calls it; its type knows the result only.
    ...(stream && { stream: stream as unknown as pg.ClientConfig['stream'] }),
  }
}

export function createPool(
  config: pg.ClientConfig,
  {
    size,
    peer,
    waitLimit,
    named,
    doubts,
    writes,
  }: { size: number; peer: Peer; waitLimit: number; named: boolean; doubts: Doubts | undefined; writes: boolean },
): Pool {
  // The turns queue, so `pg` never does: its own queue shares its time limit with connecting.
  const pool = new pg.Pool({ ...config, max: size, allowExitOnIdle: true, idleTimeoutMillis: 60_000 })
  const lost = new WeakMap<pg.ClientBase, Error>()
  const lent = new Set<pg.PoolClient>()
  const opened = new WeakMap<pg.ClientBase, number>()
  /** Connections from before are not lent any more. */
  let trusted = Number.NEGATIVE_INFINITY
  const naming = createNaming(named)
  const names = new WeakMap<pg.ClientBase, Names>()
  let drained = () => {}
  const turns = createTurns(size, () => drained())
  let closing: Promise<void> | undefined

  // A server that ends a connection says so at any moment; an error nobody listens to would end this process.
  pool.on('error', () => {})
  pool.on('connect', client => {
    names.set(client, new Names(naming))
    opened.set(client, performance.now())
    client.on('error', error => {
      if (!lost.has(client)) lost.set(client, error)
    })
  })

  async function connect(): Promise<pg.PoolClient> {
    try {
      const end = performance.now() + roomTime
      for (;;) {
        const client = await pool.connect().catch(async error => {
          // The server has no room for another: one of ours may be free by then, or somebody else's.
          if (error.code !== '53300' || performance.now() > end) throw error
          await pause(100 * (0.5 + Math.random()))
        })
        if (!client) continue
        if ((opened.get(client) ?? 0) >= trusted) {
          lent.add(client)
          return client
        }
        client.release(true)
      }
    } catch (error) {
      throw toFailure(error, peer)
    }
  }

  /** Cuts the connection where nothing comes of it any more; the others are of the same network. */
  function watch(client: pg.PoolClient): () => void {
    const watched = doubts?.watch(client, () => {
      trusted = performance.now()
      void (client as pg.PoolClient & pg.Client).end()
    })
    return watched ?? (() => {})
  }

  function failed(error: unknown, sent: Sent): Error {
    const failure = toFailure(error, peer, writes ? sent : 'reads')
    // After a failover, what is open still leads to what is a standby now; the address may lead elsewhere.
    if (failure instanceof AppError && failure.code === 'database-read-only')
      trusted = Math.max(trusted, performance.now() - standbyTime)
    return failure
  }

  function giveBack(client: pg.PoolClient, destroy: boolean): void {
    lent.delete(client)
    client.release(destroy)
  }

  return {
    async borrow() {
      if (closing) throw busy('the database is closed')
      const done = await turns.take(waitLimit)
      let client: pg.PoolClient | undefined
      try {
        client = await connect()
      } catch (error) {
        done()
        throw error
      }

      async function send(statements: readonly Statement[], { limit, commit, each }: SendOptions = {}) {
        if (!client) throw busy('the connection was given back')
        const one = client
        // With something under way, this cuts the connection.
        const timer = limit === undefined ? undefined : setTimeout(() => void one.end(), limit)
        const unwatch = watch(one)
        try {
          return await sendBatch(one, statements, { names: names.get(one), each })
        } catch (error) {
          // The first word on why the connection went says more than the last.
          const why = error instanceof Error && 'severity' in error ? error : (lost.get(one) ?? error)
          throw failed(why, commit ? 'commit' : 'work')
        } finally {
          unwatch()
          clearTimeout(timer)
        }
      }

      return {
        send,
        async query(sql, parameters) {
          if (!client) throw busy('the connection was given back')
          const unwatch = watch(client)
          try {
            const result: pg.QueryResult | pg.QueryResult[] = await client.query(sql, parameters)
            return { rows: Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows }
          } catch (error) {
            throw failed(lost.get(client) ?? error, 'commit')
          } finally {
            unwatch()
          }
        },
        async rollback() {
          await send([statement('rollback', [], false)]).catch(() => {})
        },
        get outside() {
          return client?.getTransactionStatus() === 'I'
        },
        async renew() {
          if (client) giveBack(client, true)
          client = undefined
          client = await connect()
        },
        release() {
          if (client) giveBack(client, lost.has(client) || client.getTransactionStatus() !== 'I')
          client = undefined
          done()
        },
      }
    },
    close(patience) {
      closing ??= (async () => {
        let timer: NodeJS.Timeout | undefined
        if (!turns.idle)
          await new Promise<void>(resolve => {
            drained = resolve
            timer = setTimeout(resolve, patience)
          })
        clearTimeout(timer)
        turns.end()
        for (const client of lent) {
          lost.set(client, closed())
          void (client as pg.PoolClient & pg.Client).end()
        }
        // A connection into a network that fell silent takes its leave from nobody, for ever.
        const late = new Promise<void>(resolve => {
          timer = setTimeout(resolve, lent.size === 0 ? patience : 0)
        })
        await Promise.race([pool.end(), late])
        clearTimeout(timer)
      })()
      return closing
    },
  }
}

function closed(): AppError {
  return busy('the database is closed')
}
