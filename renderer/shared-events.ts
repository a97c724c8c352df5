import { getEventMeta } from '@orpc/client'
import { type Client, follow } from '../shared/api/client.ts'
import type { ServerEvent } from '../shared/api/index.ts'

/** Of the lock and of the channel; both belong to this server alone, as its address does. */
const name = 'cloister-events'

type Message =
  | { type: 'hello' }
  | { type: 'state'; connected: boolean; id: string | undefined }
  | { type: 'event'; event: ServerEvent; id: string | undefined }

/**
 * The server's events, by one stream for all windows of a browser: it has six connections to a server, and with one held
 * by each window the sixth stopped them all. Whoever holds the lock reads and tells the others; when that window goes, the
 * browser gives the lock to the next, which reads on behind the last event it heard of.
 *
 * Ends with the signal; throws what the server refuses for good.
 */
export async function shareEvents({
  client,
  signal,
  hear,
  connected,
}: {
  client: Client
  signal: AbortSignal
  hear(event: ServerEvent): void
  connected(now: boolean): void
}): Promise<void> {
  const channel = new BroadcastChannel(name)
  const tell = (message: Message) => channel.postMessage(message)
  let lastEventId: string | undefined
  let reading = false
  let joined = false
  let up = true

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.type === 'hello') {
      if (reading) tell({ type: 'state', connected: up, id: lastEventId })
      return
    }
    lastEventId = data.id ?? lastEventId
    // What happened before somebody could tell us, nobody will.
    if (!joined && !(data.type === 'event' && data.event.type === 'reset')) hear({ type: 'reset' })
    joined = true
    if (data.type === 'event') hear(data.event)
    else connected(data.connected)
  }

  async function read(): Promise<void> {
    reading = true
    const open = (options: { lastEventId?: string; signal: AbortSignal }) =>
      client.jobs.events(undefined, { ...(lastEventId !== undefined && { lastEventId }), ...options })
    const change = (now: boolean) => {
      if (signal.aborted) return
      up = now
      connected(now)
      tell({ type: 'state', connected: now, id: lastEventId })
    }
    for await (const event of follow(open, { signal, connected: change })) {
      if (signal.aborted) return
      joined = true
      lastEventId = getEventMeta(event)?.id ?? lastEventId
      // A copy: events with an id are proxies, which cannot be sent.
      tell({ type: 'event', event: { ...event }, id: lastEventId })
      hear(event)
    }
  }

  try {
    tell({ type: 'hello' })
    await navigator.locks.request(name, { signal }, read)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    channel.close()
  }
}
