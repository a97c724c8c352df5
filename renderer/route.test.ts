import { describe, expect, it } from 'vitest'
import { createRouter, parseRoute } from './route.ts'

/** As much of a window as a router needs. */
function createWindow(hash = '') {
  const steps: { hash: string; state: unknown }[] = [{ hash, state: null }]
  const listeners: (() => void)[] = []
  const window = {
    location: {
      get hash() {
        return steps.at(-1)?.hash ?? ''
      },
    },
    history: {
      get state() {
        return steps.at(-1)?.state
      },
      pushState: (state: unknown, _: string, hash: string) => steps.push({ hash, state }),
      replaceState: (state: unknown, _: string, hash: string) => steps.splice(-1, 1, { hash, state }),
    },
    addEventListener: (_: string, listener: () => void) => listeners.push(listener),
  }
  const back = () => {
    steps.pop()
    for (const listener of listeners) listener()
  }
  return { window: window as unknown as Window, steps, back }
}

describe('routes', () => {
  it('reads addresses, and takes what it does not know for the beginning', () => {
    expect(parseRoute('', null).view).toBe('ask')
    expect(parseRoute('#/', null).view).toBe('ask')
    expect(parseRoute('#/chat/abc', null)).toMatchObject({ view: 'chat', id: 'abc', reading: null })
    expect(parseRoute('#/chat', null).view).toBe('ask')
    expect(parseRoute('#/nonsense/x', null).view).toBe('ask')
    expect(parseRoute('#/search?q=a%20b', null).query.get('q')).toBe('a b')
    expect(parseRoute('#/library?read=d1&page=-3&part=x&span=row-x', null).reading).toEqual({
      documentId: 'd1',
      page: null,
      part: null,
      mark: null,
    })
  })

  it('keeps the stretch of a document without pages in the address', () => {
    const { window } = createWindow('#/')
    const router = createRouter(window)
    const part = { segment: 4, span: { unit: 'row' as const, first: 7, last: 9 } }
    router.read({ documentId: 'd1', page: null, part, mark: null })
    expect(parseRoute(window.location.hash, null).reading).toEqual({ documentId: 'd1', page: null, part, mark: null })
  })

  it('opens a document beside a view, turns its pages in one step of the history, and closes it', () => {
    const { window, steps, back } = createWindow('#/search?q=rent')
    const router = createRouter(window)
    const mark = { kind: 'quote' as const, quote: 'Rent is due', rects: [] }
    router.read({ documentId: 'd1', page: 3, part: null, mark })
    expect(steps.at(-1)?.hash).toBe('#/search?q=rent&read=d1&page=3')
    expect(router.get()).toMatchObject({ view: 'search', reading: { documentId: 'd1', page: 3, mark } })
    router.read({ documentId: 'd1', page: 4, part: null, mark: null }, { replace: true })
    expect(steps).toHaveLength(2)
    expect(router.get().reading).toMatchObject({ page: 4, mark: null })
    router.close()
    expect(steps.at(-1)?.hash).toBe('#/search?q=rent')
    back()
    expect(router.get().reading?.page).toBe(4)
  })

  it('tells who listens', () => {
    const router = createRouter(createWindow().window)
    let heard = 0
    const stop = router.subscribe(() => {
      heard += 1
    })
    router.go('chat', { id: 'c 1' })
    expect(router.get()).toMatchObject({ view: 'chat', id: 'c 1' })
    stop()
    router.go('ask')
    expect(heard).toBe(1)
  })
})
