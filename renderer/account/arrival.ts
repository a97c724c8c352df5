/** What the address that led here carries behind its `#`: something that opens a door once, and is to be seen nowhere. */
export interface Arrival {
  /** `token`: of this machine's own address; the others come by mail, from an administrator or from the server's log. */
  kind: (typeof kinds)[number]
  token: string
}

const kinds = ['token', 'setup', 'invitation', 'verify', 'reset', 'login'] as const

/** Null for a view of the screen, which begins with a slash. */
export function arrivalOf(hash: string): Arrival | null {
  const carried = hash.replace(/^#/, '')
  if (carried.startsWith('/')) return null
  const values = new URLSearchParams(carried)
  const kind = kinds.find(one => values.has(one))
  return kind ? { kind, token: values.get(kind)?.trim() ?? '' } : null
}

/** It leaves the address bar, and the history, before anything else happens. */
export function takeArrival(window: Pick<Window, 'location' | 'history'>): Arrival | null {
  const found = arrivalOf(window.location.hash)
  if (found) window.history.replaceState(null, '', `${window.location.pathname}#/`)
  return found
}

/** Why GitHub, or better-auth behind it, sent a browser back without having let it in: a word of theirs. */
export function takeGitHubRefusal(window: Pick<Window, 'location' | 'history'>): string | null {
  const { search, pathname, hash } = window.location
  const said = new URLSearchParams(search).get('error')
  if (said !== null) window.history.replaceState(null, '', `${pathname}${hash}`)
  return said
}
