import { randomUUID } from 'node:crypto'
import { withEventMeta } from '@orpc/server'
import type { ServerEvent } from '../../shared/api/index.ts'
import type { Core } from '../../shared/core.ts'
import { reasonOf, toAppError } from '../../shared/errors.ts'
import type { Downloads } from '../../shared/models/download.ts'
import type { AppEvent, Log } from '../../shared/ports.ts'
import type { Identity } from './identity.ts'
import { toApiDocument } from './shapes.ts'

/**
 * What happens, here and in other processes, for every tab of those whom it concerns; remembered by thing, so that whoever comes
 * back hears the latest of each.
 */
export interface EventHub {
  /** What concerns the clients of this server alone, all of them; all else is announced in the core. */
  publish(event: ServerEvent): void
  /** After the event with this id, as far as it is remembered; otherwise `reset` first. Ends with the signal, or the hub. */
  subscribe(who: Identity, lastEventId: string | undefined, signal: AbortSignal): AsyncGenerator<ServerEvent>
  close(): void
}

/** Things whose latest event is remembered: some 2 MB. */
const remembered = 2000
/** Milliseconds between two looks whether the work stands still. */
const lookTime = 1000

/** Whom something concerns: everybody, those who look after the installation, a user, or whoever may read a project. */
type Audience = 'all' | 'administrators' | { userId: string } | { projectId: string }

interface Entry {
  number: number
  event: ServerEvent
  audience: Audience
}

export function createEventHub({
  core,
  downloads,
  log,
}: {
  core: Pick<Core, 'watch' | 'trouble' | 'documents' | 'members'>
  downloads: Pick<Downloads, 'get'>
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

  function publish(event: ServerEvent, audience: Audience = 'all'): void {
    const key =
      typeof audience === 'object' && 'userId' in audience ? `${audience.userId} ${keyOf(event)}` : keyOf(event)
    const entry = { number: ++last, event, audience }
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
      await tell(event)
    }
  }

  async function tell(event: AppEvent): Promise<void> {
    switch (event.type) {
      case 'document': {
        const { type, projectId, documentId } = event
        const [userId] = await core.members.audience(projectId)
        if (userId === undefined) return
        const document = await core.documents.get({ userId, projectId }, documentId).catch(error => {
          if (toAppError(error).code !== 'document-not-found') throw error
          return null
        })
        return publish({ type, projectId, documentId, document: document && toApiDocument(document) }, { projectId })
      }
      case 'chat': {
        const { type, userId, projectId, chatId } = event
        return publish({ type, projectId, chatId }, { userId })
      }
      case 'assistants': {
        const { type, projectId } = event
        return publish({ type, projectId }, { projectId })
      }
      case 'folders': {
        const { type, projectId } = event
        return publish({ type, projectId }, { projectId })
      }
      case 'projects':
      case 'settings':
      case 'models':
        return publish({ type: event.type }, { userId: event.userId })
      case 'download': {
        const { type, name } = event
        const download = (await downloads.get(name)) ?? null
        // It has most likely become one.
        if (download === null) publish({ type: 'models' })
        return publish({ type, name, download }, 'administrators')
      }
      case 'missed':
        return publish({ type: 'reset' })
      case 'access':
      case 'purged':
      case 'answer':
      case 'password':
        return undefined
    }
  }

  /** Asked when it is handed over: whoever was taken out of a project hears nothing more of it. */
  async function concerns({ audience }: Entry, { userId, role }: Identity): Promise<boolean> {
    if (audience === 'all') return true
    if (audience === 'administrators') return role !== 'member'
    if ('userId' in audience) return audience.userId === userId
    return (await core.members.audience(audience.projectId)).has(userId)
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
    publish: event => publish(event),
    async *subscribe(who, lastEventId, signal) {
      const ending = AbortSignal.any([signal, closing.signal])
      const pending = new Map<string, Entry>()
      let wake = () => {}
      const deliver = (key: string, entry: Entry) => {
        const { audience } = entry
        if (typeof audience === 'object' && 'userId' in audience && audience.userId !== who.userId) return
        pending.delete(key)
        pending.set(key, entry)
        wake()
      }
      const end = () => wake()
      const place = placeOf(lastEventId)
      if (place === undefined) pending.set('reset', { number: last, event: { type: 'reset' }, audience: 'all' })
      else for (const [key, entry] of latest) if (entry.number > place) deliver(key, entry)
      subscribers.add(deliver)
      ending.addEventListener('abort', end, { once: true })
      try {
        while (!ending.aborted) {
          const [next] = pending
          if (next) {
            pending.delete(next[0])
            if (await concerns(next[1], who)) yield named(next[1])
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
  if (event.type === 'folders') return `folders ${event.projectId}`
  if (event.type === 'download') return `download ${event.name}`
  return event.type
}
