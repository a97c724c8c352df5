import type { QueryClient } from '@tanstack/react-query'
import type { Client } from '../shared/api/client.ts'
import type { ServerEvent } from '../shared/api/index.ts'
import type { Status } from './app-context.ts'
import { place, placeDownload } from './queries.ts'
import { shareEvents } from './shared-events.ts'
import type { Store } from './store.ts'

/** Milliseconds between two readings of the same list while documents change all the time. */
const breath = 1500

/**
 * Keeps what is shown as the server has it, until the returned function is called. While nobody looks at a window it neither hears nor reads for the others;
 * looking again reads everything anew.
 */
export function followEvents({
  client,
  queries,
  status,
  page,
  settings,
  connected,
  refused,
}: {
  client: Client
  queries: QueryClient
  status: Store<Status>
  page: Document
  /** They were changed, here or in another tab. */
  settings(): void
  /** The server is there, for the first time or again. */
  connected(): void
  /** The server no longer knows this browser. */
  refused(): void
}): () => void {
  let control: AbortController | undefined
  const refresh = createRefresh(queries)

  const act = (event: ServerEvent) => {
    if (event.type === 'reset') void queries.invalidateQueries()
    else if (event.type === 'document') {
      if (event.document) place(queries, event.document)
      refresh(['documents', event.projectId])
      if (!event.document || event.document.deletedAt !== null) refresh(['trash', event.projectId])
      if (!event.document) refresh(['document', event.projectId, event.documentId])
      if (event.document?.state === 'ready') refresh(['receipt', event.projectId, event.documentId])
    } else if (event.type === 'chat') {
      refresh(['chats', event.projectId])
      refresh(['chat', event.projectId, event.chatId])
    } else if (event.type === 'folders') refresh(['folders', event.projectId])
    else if (event.type === 'assistants') refresh(['assistants', event.projectId])
    else if (event.type === 'trouble') status.change(now => ({ ...now, trouble: event.reason }))
    else if (event.type === 'settings') settings()
    else if (event.type === 'download') {
      placeDownload(queries, event.name, event.download)
      if (!event.download) refresh(['downloads'])
    } else if (event.type === 'models') for (const name of ['models', 'catalog', 'providers', 'index']) refresh([name])
    else if (event.type === 'projects') for (const name of ['projects', 'models']) refresh([name])
  }

  const open = async () => {
    control = new AbortController()
    const { signal } = control
    const tell = (now: boolean) => {
      if (signal.aborted) return
      status.change(before => ({ ...before, connected: now }))
      if (now) connected()
    }
    try {
      await shareEvents({ client, signal, hear: act, connected: tell })
    } catch {
      if (!signal.aborted) refused()
    }
  }
  const look = () => {
    if (page.visibilityState === 'hidden') {
      control?.abort()
      control = undefined
    } else if (!control) void open()
  }
  page.addEventListener('visibilitychange', look)
  look()
  return () => {
    page.removeEventListener('visibilitychange', look)
    control?.abort()
  }
}

/** Reads a list again at once, and then at most once in a breath. */
function createRefresh(queries: QueryClient): (key: readonly string[]) => void {
  const resting = new Map<string, { again: boolean }>()
  return function refresh(key) {
    const name = key.join(' ')
    const rest = resting.get(name)
    if (rest) {
      rest.again = true
      return
    }
    const mine = { again: false }
    resting.set(name, mine)
    void queries.invalidateQueries({ queryKey: [...key] })
    setTimeout(() => {
      resting.delete(name)
      if (mine.again) refresh(key)
    }, breath)
  }
}
