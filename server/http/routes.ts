import { contract } from '../../shared/api/index.ts'

interface Route {
  method: string
  pattern: RegExp
  /** Parts of its path that may be anything. */
  open: number
}

/**
 * The methods that the contract knows for a path, as Express does with or without a slash at its end; none for another.
 * `…/documents/search` is that, and no document with such an id.
 */
export function allowedMethods(path: string): string[] {
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path
  const matching = routes.filter(({ pattern }) => pattern.test(plain))
  const least = Math.min(...matching.map(({ open }) => open))
  return [...new Set(matching.filter(({ open }) => open === least).map(({ method }) => method))]
}

const routes: readonly Route[] = collect(contract)

function collect(value: object): Route[] {
  if (!('~orpc' in value)) return (Object.values(value) as object[]).flatMap(collect)
  const { route } = value['~orpc'] as { route: { method?: string; path?: string } }
  const path = route.path ?? ''
  const pattern = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')
  const open = path.split('{').length - 1
  return [{ method: route.method ?? 'POST', pattern: new RegExp(`^${pattern}$`), open }]
}
