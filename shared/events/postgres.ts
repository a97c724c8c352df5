/** Events between all processes of an installation, by LISTEN and NOTIFY of their database. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { AppEvent, Events, Log } from '../ports.ts'
import { decode, encode, keyOf } from './events.ts'
import { createEvents } from './in-process.ts'

/** A connection that is told and tells; what `pg` gives, and PGlite in tests. */
export interface Notifier {
  listen(channel: string, heard: (payload: string) => void): Promise<void>
  /** In this order. */
  notify(channel: string, payloads: readonly string[]): Promise<void>
  /** Resolves when the connection is gone. */
  readonly lost: Promise<void>
  /** At once, whatever it is doing. */
  end(): void
}

/** Milliseconds. */
export interface EventTimes {
  /** What is said in so much time goes out together: a commit that notifies holds a lock of the whole server. */
  gather: number
  /** Between two looks whether the connection still carries what it should, and how long one may take. */
  beat: number
  beatAnswer: number
  /** The first and the longest pause before connecting again. */
  shortestPause: number
  longestPause: number
}

const usual: EventTimes = { gather: 25, beat: 20_000, beatAnswer: 5000, shortestPause: 100, longestPause: 10_000 }
/** Things whose event waits to be sent while there is no connection; past that, the others are told to look at everything. */
const mostWaiting = 1000
/** Milliseconds. */
const connectTime = 5000
const queryTime = 10_000

export interface PostgresEvents extends Events {
  /** What is not sent yet is sent first, if that is possible at once. */
  close(): Promise<void>
}

/**
 * Publishing never waits and never fails: here an event is heard at once, elsewhere when it has been sent. What is said
 * while the connection is lost is sent when it is back, and because others' events were lost meanwhile, subscribers here
 * then hear `missed`. Resolves when the first try to connect has ended, well or not; the next ones go on in the background.
 *
 * The connection must be one of its own: through a pooler that hands out connections by transaction, nothing is heard
 * (which is noticed, and told to the log).
 */
export async function createPostgresEvents({
  connect,
  log,
  channel = 'cloister_events',
  times = {},
}: {
  connect: () => Promise<Notifier>
  log: Log
  /** Lower-case letters, digits and `_`; installations in one database must differ. */
  channel?: string
  times?: Partial<EventTimes>
}): Promise<PostgresEvents> {
  if (!/^[a-z_][a-z0-9_]{0,29}$/.test(channel)) throw new Error(`not a name for a channel: ${channel}`)
  const { gather, beat, beatAnswer, shortestPause, longestPause } = { ...usual, ...times }
  const self = randomUUID()
  /** For beats, which are nobody else's business. */
  const own = `${channel}_${self.replaceAll('-', '')}`
  const local = createEvents()
  const closing = new AbortController()
  /** What waits to be sent goes at once. */
  const hurrying = new AbortController()
  const waiting = new Map<string, AppEvent>()
  let current: Notifier | undefined
  let sending: Promise<void> | undefined
  let sentAt = Number.NEGATIVE_INFINITY
  let answered = () => {}

  function hear(payload: string): void {
    const said = decode(payload)
    if (!said || said.from === self) return
    for (const event of said.events) local.publish(event)
  }

  /** Whether what is said here comes back: also finds connections that ended without a word, and poolers. */
  async function check(connection: Notifier): Promise<void> {
    const back = new Promise<void>(resolve => {
      answered = resolve
    })
    const late = pause(beatAnswer, 'late', { ref: false })
    const told = connection.notify(own, ['']).then(() => back)
    if ((await Promise.race([told, connection.lost, late])) === 'late') throw new Error('notifications do not arrive')
  }

  async function serve(connection: Notifier): Promise<void> {
    await connection.listen(own, () => answered())
    await connection.listen(channel, hear)
    await check(connection)
    // Now everything is heard; what was said before was not.
    local.publish({ type: 'missed' })
    current = connection
    sendSoon()
  }

  async function watch(connection: Notifier): Promise<void> {
    for (;;) {
      const woken = pause(beat, 'beat', { ref: false, signal: closing.signal }).catch(() => 'closed')
      if ((await Promise.race([connection.lost, woken])) !== 'beat') return
      await check(connection)
    }
  }

  async function live(tried: () => void): Promise<void> {
    let down = false
    let failures = 0
    while (!closing.signal.aborted) {
      const began = performance.now()
      let connection: Notifier | undefined
      try {
        connection = await connect()
        await serve(connection)
        if (down) log.info('events of other processes are heard again')
        down = false
        tried()
        await watch(connection)
        if (closing.signal.aborted) return
        throw new Error('the connection was lost')
      } catch (error) {
        if (!down) log.warn('events of other processes are not heard', { error: wordOf(error) })
        down = true
      } finally {
        current = undefined
        connection?.end()
      }
      tried()
      // One that is lost again and again is waited for like one that cannot be had.
      if (performance.now() - began > longestPause) failures = 0
      const time = Math.min(longestPause, shortestPause * 2 ** Math.min(failures++, 20))
      await pause(time * (0.5 + Math.random() / 2), undefined, { ref: false, signal: closing.signal }).catch(() => {})
    }
  }

  function sendSoon(): void {
    if (sending || !current || waiting.size === 0) return
    sending = send().finally(() => {
      sending = undefined
      sendSoon()
    })
  }

  async function send(): Promise<void> {
    const rest = sentAt + gather - performance.now()
    if (rest > 0) await pause(rest, undefined, { signal: hurrying.signal }).catch(() => {})
    const connection = current
    if (!connection) return
    const batch = [...waiting]
    waiting.clear()
    sentAt = performance.now()
    try {
      await connection.notify(
        channel,
        encode(
          self,
          batch.map(([, event]) => event),
        ),
      )
    } catch {
      // It may have arrived or not: said twice is said once.
      const newer = [...waiting]
      waiting.clear()
      for (const [, event] of [...batch, ...newer]) keep(event)
      if (current === connection) current = undefined
      connection.end()
    }
  }

  function keep(event: AppEvent): void {
    const all = waiting.size >= mostWaiting || waiting.has('missed') || event.type === 'missed'
    if (all) waiting.clear()
    const latest: AppEvent = all ? { type: 'missed' } : event
    waiting.delete(keyOf(latest))
    waiting.set(keyOf(latest), latest)
  }

  let living: Promise<void> = Promise.resolve()
  await new Promise<void>(resolve => {
    living = live(resolve)
  })

  return {
    publish(event) {
      local.publish(event)
      if (hurrying.signal.aborted) return
      keep(event)
      sendSoon()
    },
    subscribe: signal => local.subscribe(signal),
    async close() {
      hurrying.abort()
      while (sending) await sending
      closing.abort()
      await living
    },
  }
}

/** Connections by `pg`; with its settings, TLS among them. */
export function connectPostgres(settings: pg.ClientConfig): () => Promise<Notifier> {
  return notifiers(async () => {
    const client = new pg.Client({
      application_name: 'cloister events',
      ...settings,
      keepAlive: true,
      connectionTimeoutMillis: connectTime,
      query_timeout: queryTime,
    })
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    return client
  })
}

/** Of connections that are opened elsewhere, each for this alone. */
export function notifiers(open: () => Promise<pg.Client>): () => Promise<Notifier> {
  return async () => {
    const client = await open()
    const lost = new Promise<void>(resolve => {
      client.on('error', () => resolve())
      client.on('end', () => resolve())
    })
    const end = () => void client.end().catch(() => {})
    return {
      async listen(channel, heard) {
        client.on('notification', ({ channel: on, payload }) => {
          if (on === channel) heard(payload ?? '')
        })
        await client.query(`listen ${client.escapeIdentifier(channel)}`)
      },
      async notify(channel, payloads) {
        await client.query(tell, [channel, payloads])
      },
      lost,
      end,
    }
  }
}

/** Notifications of one transaction arrive in the order they were made in; the same text twice arrives once. */
export const tell =
  'select pg_notify($1, payload) from (select payload from unnest($2::text[]) with ordinality as said(payload, n) order by n) as said'

/** Without what an error may repeat of the settings. */
function wordOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : 'unknown'
}
