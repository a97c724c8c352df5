import { randomUUID } from 'node:crypto'
import { withEventMeta } from '@orpc/server'
import type { ServerEvent } from '../../shared/api/index.ts'
import type { Core } from '../../shared/core.ts'
import { reasonOf, toAppError } from '../../shared/errors.ts'
import type { Downloads } from '../../shared/models/download.ts'
import type { AppEvent, Log } from '../../shared/ports.ts'
import { toApiDocument } from './shapes.ts'

/**
 * What happens, here and in other processes, for every tab; remembered by thing, so that whoever comes back hears the latest
 * of each.
 */
export interface EventHub {
  /** What concerns the clients of this server alone; all else is announced in the core. */
  publish(event: ServerEvent): void
  /** After the event with this id, as far as it is remembered; otherwise `reset` first. Ends with the signal, or the hub. */
  subscribe(lastEventId: string | undefined, signal: AbortSignal): AsyncGenerator<ServerEvent>
  close(): void
}

/** Things whose latest event is remembered: some 2 MB. */
const remembered = 2000
/** Milliseconds between two looks whether the work stands still. */
const lookTime = 1000

interface Entry {
  number: number
  event: ServerEvent
}

export function createEventHub({
  core,
  downloads,
  userId,
  log,
}: {
  core: Core
  downloads: Pick<Downloads, 'get'>
  userId: string
  log: Log
}): EventHub {
  // Numbers begin anew with every server: an id of another one is no place to go on from.
  const instance = randomUUID()
  const latest = new Map<string, Entry>()
  const subscribers = new Set<(key: string, entry: Entry) => void>()
  const closing = new AbortController()
  let last = 0
  /** Up to this number, something was forgotten. */
  let forgotten = 0
  let trouble = ''

  function publish(event: ServerEvent): void {
    const key = keyOf(event)
    const entry = { number: ++last, event }
    latest.delete(key)
    latest.set(key, entry)
    if (latest.size > remembered) {
      const [oldest] = latest
      latest.delete(oldest[0])
      forgotten = oldest[1].number
    }
    for (const deliver of subscribers) deliver(key, entry)
  }

  async function listen(): Promise<void> {
    for await (const event of core.watch(closing.signal)) {
      const said = await serverEvent(event)
      if (said) publish(said)
    }
  }

  async function serverEvent(event: AppEvent): Promise<ServerEvent | undefined> {
    if ('userId' in event && event.userId !== userId) return undefined
    switch (event.type) {
      case 'document': {
        const { type, projectId, documentId } = event
        const document = await core.documents.get({ userId, projectId }, documentId).catch(error => {
          if (toAppError(error).code !== 'document-not-found') throw error
          return null
        })
        return { type, projectId, documentId, document: document && toApiDocument(document) }
      }
      case 'chat':
        return { type: 'chat', projectId: event.projectId, chatId: event.chatId }
      case 'assistants':
        return { type: 'assistants', projectId: event.projectId }
      case 'projects':
      case 'settings':
        return { type: event.type }
      case 'download': {
        const { type, name } = event
        const download = (await downloads.get(name)) ?? null
        // It has most likely become one.
        if (download === null) publish({ type: 'models' })
        return { type, name, download }
      }
      case 'missed':
        return { type: 'reset' }
      case 'answer':
      case 'password':
        return undefined
    }
  }

  async function listenOn(): Promise<void> {
    while (!closing.signal.aborted)
      await listen().catch(error => log.error('an event could not be told', { error: toAppError(error) }))
  }
  void listenOn()

  const looking = setInterval(() => {
    const error = core.trouble()
    const reason = error ? reasonOf(error) : null
    if (JSON.stringify(reason) === trouble) return
    const first = trouble === ''
    trouble = JSON.stringify(reason)
    if (!first || reason) publish({ type: 'trouble', reason })
  }, lookTime)
  looking.unref()

  function placeOf(id: string | undefined): number | undefined {
    const [, from, number] = /^(.*)-(\d+)$/.exec(id ?? '') ?? []
    const place = Number(number)
    return from === instance && place >= forgotten && place <= last ? place : undefined
  }

  const named = ({ number, event }: Entry) => withEventMeta({ ...event }, { id: `${instance}-${number}`, retry: 1000 })

  return {
    publish,
    async *subscribe(lastEventId, signal) {
      const ending = AbortSignal.any([signal, closing.signal])
      const pending = new Map<string, Entry>()
      let wake = () => {}
      const deliver = (key: string, entry: Entry) => {
        pending.delete(key)
        pending.set(key, entry)
        wake()
      }
      const end = () => wake()
      const place = placeOf(lastEventId)
      if (place === undefined) pending.set('reset', { number: last, event: { type: 'reset' } })
      else for (const [key, entry] of latest) if (entry.number > place) pending.set(key, entry)
      subscribers.add(deliver)
      ending.addEventListener('abort', end, { once: true })
      try {
        while (!ending.aborted) {
          const [next] = pending
          if (next) {
            pending.delete(next[0])
            yield named(next[1])
          } else
            await new Promise<void>(resolve => {
              wake = resolve
            })
        }
      } finally {
        subscribers.delete(deliver)
        ending.removeEventListener('abort', end)
      }
    },
    close() {
      clearInterval(looking)
      closing.abort()
    },
  }
}

function keyOf(event: ServerEvent): string {
  if (event.type === 'document') return `document ${event.documentId}`
  if (event.type === 'chat') return `chat ${event.chatId}`
  if (event.type === 'assistants') return `assistants ${event.projectId}`
  if (event.type === 'download') return `download ${event.name}`
  return event.type
}
