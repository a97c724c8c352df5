import { contract } from '../../shared/api/index.ts'

interface Route {
  method: string
  /** As the contract writes it. */
  path: string
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

/** The path as the contract writes it, without what stands for somebody's own; a few words for everything else. */
export function routeOf(method: string, path: string): string {
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path
  const asked = method === 'HEAD' ? 'GET' : method
  const matching = routes.filter(route => route.method === asked && route.pattern.test(plain))
  const [first] = matching.sort((a, b) => a.open - b.open)
  if (first) return first.path
  const [, beginning = ''] = plain.split('/')
  return ['api', 'health', 'v1', 'mcp', 'docs', 'openapi.json'].includes(beginning) ? `/${beginning}` : 'page'
}

const routes: readonly Route[] = collect(contract)

function collect(value: object): Route[] {
  if (!('~orpc' in value)) return (Object.values(value) as object[]).flatMap(collect)
  const { route } = value['~orpc'] as { route: { method?: string; path?: string } }
  const path = route.path ?? ''
  const pattern = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')
  const open = path.split('{').length - 1
  return [{ method: route.method ?? 'POST', path, pattern: new RegExp(`^${pattern}$`), open }]
}
