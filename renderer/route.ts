import { useSyncExternalStore } from 'react'
import type { Citation, Span, Unit } from '../shared/model/index.ts'

/**
 * Where the user is: everything stands behind the `#`, so that the server has one page only and the same bundle runs in a
 * window without a server's paths. What is open beside it travels along as `read`, `page`, `part`, `span`.
 */
export interface Route {
  view: View
  /** Of a chat. */
  id: string | null
  query: URLSearchParams
  /** What is open beside it. */
  reading: Reading | null
}

export type View =
  | 'ask'
  | 'chat'
  | 'library'
  | 'trash'
  | 'folders'
  | 'search'
  | 'models'
  | 'ledger'
  | 'settings'
  | 'account'
  | 'administration'

/** A place in a document, with what is to be marked there. */
export interface Reading {
  documentId: string
  page: number | null
  /** Where there are no pages. */
  part: { segment: number; span: Span | null } | null
  /** Kept in the history's state: it survives a reload, but not a copied address. */
  mark: Mark | null
}

export interface Mark {
  /** A passage is long, and marked more softly. */
  kind: 'quote' | 'passage'
  quote: string
  /** Of a citation; a passage has none and is found by its text. */
  rects: Citation['rects']
}

const views: readonly string[] = [
  'chat',
  'library',
  'trash',
  'folders',
  'search',
  'models',
  'ledger',
  'settings',
  'account',
  'administration',
]

export function parseRoute(hash: string, state: unknown): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?')
  const [view = '', id = ''] = path.split('/')
  const query = new URLSearchParams(search)
  const documentId = query.get('read')
  const segment = Number.parseInt(query.get('part') ?? '', 10)
  const page = Number.parseInt(query.get('page') ?? '', 10)
  return {
    view: views.includes(view) && (view !== 'chat' || id !== '') ? (view as View) : 'ask',
    id: id === '' ? null : decodeURIComponent(id),
    query,
    reading: documentId
      ? {
          documentId,
          page: page > 0 ? page : null,
          part: segment > 0 ? { segment, span: spanOf(query.get('span')) } : null,
          mark: markOf(state),
        }
      : null,
  }
}

function spanOf(text: string | null): Span | null {
  const [, unit, first, last] = /^(line|paragraph|row|slide)-(\d+)-(\d+)$/.exec(text ?? '') ?? []
  return unit ? { unit: unit as Unit, first: Number(first), last: Number(last) } : null
}

function markOf(state: unknown): Mark | null {
  if (typeof state !== 'object' || state === null || !('mark' in state)) return null
  return state.mark as Mark
}

export function hashOf(view: View, id: string | null, query = new URLSearchParams()): string {
  const path = view === 'ask' ? '' : id ? `${view}/${encodeURIComponent(id)}` : view
  const search = query.toString()
  return `#/${path}${search ? `?${search}` : ''}`
}

export interface Router {
  get(): Route
  subscribe(listener: () => void): () => void
  /** Closes what is open beside it. */
  go(view: View, options?: { id?: string; query?: Record<string, string>; replace?: boolean }): void
  /** The same view with a document beside it. Turning pages replaces the step of the history. */
  read(reading: Reading, options?: { replace?: boolean }): void
  close(): void
}

export function createRouter(window: Window): Router {
  const now = () => parseRoute(window.location.hash, window.history.state)
  let route = now()
  const listeners = new Set<() => void>()
  const changed = () => {
    route = now()
    for (const listener of [...listeners]) listener()
  }
  window.addEventListener('popstate', changed)
  const move = (hash: string, state: unknown, replace: boolean) => {
    window.history[replace ? 'replaceState' : 'pushState'](state, '', hash)
    changed()
  }
  return {
    get: () => route,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    go(view, { id, query = {}, replace = false } = {}) {
      move(hashOf(view, id ?? null, new URLSearchParams(query)), null, replace)
    },
    read({ documentId, page, part, mark }, { replace = false } = {}) {
      const query = withoutReading(route.query)
      query.set('read', documentId)
      if (page !== null) query.set('page', String(page))
      if (part !== null) query.set('part', String(part.segment))
      if (part?.span) query.set('span', `${part.span.unit}-${part.span.first}-${part.span.last}`)
      move(hashOf(route.view, route.id, query), mark ? { mark } : null, replace)
    },
    close() {
      if (route.reading) move(hashOf(route.view, route.id, withoutReading(route.query)), null, false)
    },
  }
}

function withoutReading(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query)
  for (const name of ['read', 'page', 'part', 'span']) rest.delete(name)
  return rest
}

export function useRoute(router: Router): Route {
  return useSyncExternalStore(router.subscribe, router.get)
}
