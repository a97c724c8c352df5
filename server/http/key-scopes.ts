/** What each request needs an API key for: the one place that says it, by method and path. */
import type { KeyScope } from '../../shared/api/account.ts'
import { AppError } from '../../shared/errors.ts'
import type { Identity } from './identity.ts'

const reading = new Set(['GET', 'HEAD'])

/** The first that fits holds; what changes something and is not here needs `write`. */
const rules: readonly [path: RegExp, changing: KeyScope, looking?: KeyScope][] = [
  // Also where it is only looked at.
  [/^\/api\/v1\/admin(?:\/|$)/, 'admin', 'admin'],
  [/^\/api\/v1\/(?:models|downloads)(?:\/|$)/, 'admin'],
  // What is read from the machine's own disks.
  [/^\/api\/v1\/projects\/[^/]+\/folders(?:\/|$)/, 'admin'],
  [/^\/api\/v1\/(?:jobs|auth)(?:\/|$)/, 'admin'],
  [/^\/api\/v1\/(?:chat|generate)(?:\/|$)/, 'ask'],
  [/^\/api\/v1\/(?:[^/]+\/)*(?:ask|answers?|regenerate)(?:\/|$)/, 'ask'],
  [/^\/api\/v1\/(?:[^/]+\/)*search\/?$/, 'read'],
  [/^\/v1(?:\/|$)/, 'ask'],
  // Its tools search, read and ask.
  [/^\/mcp(?:\/|$)/, 'ask', 'ask'],
]

/** Exported for the test, which asks it for every route there is. */
export function scopeOfRequest(method: string, path: string): KeyScope {
  const rule = rules.find(([pattern]) => pattern.test(path))
  return reading.has(method) ? (rule?.[2] ?? 'read') : (rule?.[1] ?? 'write')
}

/** Throws `key-scope`. Sessions and the token of this machine may do all that their user may. */
export function demandScope({ scopes }: Identity, method: string, path: string): void {
  if (!scopes) return
  const scope = scopeOfRequest(method, path)
  if (!scopes.includes(scope)) throw new AppError('key-scope', { scope })
}
