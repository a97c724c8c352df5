/** Where the page may lead: nowhere but within itself. */
import { isOwnOrigin, isOwnPage } from '../page/origin.ts'
import { decideExternal } from './external.ts'

export type Decision = 'allow' | 'deny'

/** Of the window itself, or of a frame in it; there are to be none. Redirects are judged by where they lead. */
export function decideNavigation({ url, isMainFrame }: { url: string; isMainFrame: boolean }): Decision {
  return isMainFrame && isOwnPage(url) ? 'allow' : 'deny'
}

/** Never another window. `external`: what may be offered to the system's browser instead. */
export function decideWindowOpen(url: string): { action: 'deny'; external: string | null } {
  const verdict = decideExternal(url)
  return { action: 'deny', external: verdict.allowed ? verdict.url : null }
}

/** Whatever the page, its workers or Chromium itself would load. Content of one's own making has no address that leads anywhere. */
export function decideRequest(url: string, { devTools = false }: { devTools?: boolean } = {}): Decision {
  if (isOwnOrigin(url) || url.startsWith('data:') || isOwnBlob(url)) return 'allow'
  return devTools && url.startsWith('devtools://') ? 'allow' : 'deny'
}

const blob = 'blob:'

export const isOwnBlob = (url: string): boolean => url.startsWith(blob) && isOwnOrigin(url.slice(blob.length))
