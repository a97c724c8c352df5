/**
 * Whether a link is opened in the browser that asked for it: a secret in a cookie, whose hash the link has. A browser keeps its secret
 * while it lasts, so that the first of two links that one asked for is as good as the second.
 */
import { newSecret } from './secrets.ts'
import type { Visit } from './visit.ts'

export interface SameBrowser {
  /** The secret for a new link; the cookie with it goes along with the answer. `age`: milliseconds. */
  mark(visit: Visit, age: number): string
  secretOf(visit: Visit): string | undefined
  forget(visit: Visit): void
}

/** `name`: of the cookie. */
export function createSameBrowser({ name, publicUrl }: { name: string; publicUrl: string }): SameBrowser {
  const attributes = `Path=/; HttpOnly${publicUrl.startsWith('https:') ? '; Secure' : ''}; SameSite=Lax`
  const set = (visit: Visit, value: string, seconds: number) =>
    visit.setCookies([`${name}=${value}; Max-Age=${seconds}; ${attributes}`])

  function secretOf({ cookie }: Visit): string | undefined {
    const pair = (cookie ?? '').split(/;\s*/).find(one => one.startsWith(`${name}=`))
    const secret = pair?.slice(name.length + 1)
    return secret !== undefined && /^[\w-]{43}$/.test(secret) ? secret : undefined
  }

  return {
    secretOf,
    mark(visit, age) {
      const secret = secretOf(visit) ?? newSecret()
      set(visit, secret, Math.round(age / 1000))
      return secret
    },
    forget: visit => set(visit, '', 0),
  }
}
