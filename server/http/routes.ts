import { contract } from '../../shared/api/index.ts'

interface Route {
  method: string
  pattern: RegExp
}

/** The methods that the contract knows for a path, as Express does with or without a slash at its end; none for another. */
export function allowedMethods(path: string): string[] {
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path
  return [...new Set(routes.filter(({ pattern }) => pattern.test(plain)).map(({ method }) => method))]
}

const routes: readonly Route[] = collect(contract)

function collect(value: object): Route[] {
  if (!('~orpc' in value)) return (Object.values(value) as object[]).flatMap(collect)
  const { route } = value['~orpc'] as { route: { method?: string; path?: string } }
  const pattern = (route.path ?? '').replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')
  return [{ method: route.method ?? 'POST', pattern: new RegExp(`^${pattern}$`) }]
}
