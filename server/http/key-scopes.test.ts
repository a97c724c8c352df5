import { expect, test } from 'vitest'
import { contract } from '../../shared/api/index.ts'
import { scopeOfRequest } from './key-scopes.ts'

/** Every route there is, with what a key needs for it; one that is new must say so here. */
function routes(value: object): [method: string, path: string][] {
  if (!('~orpc' in value)) return (Object.values(value) as object[]).flatMap(routes)
  const { route } = value['~orpc'] as { route: { method?: string; path?: string } }
  return [[route.method ?? 'POST', route.path ?? '']]
}

const all = routes(contract).map(([method, path]) => {
  const asked = path.replace(/\{[^}]+\}/g, '01a2011f-7d22-749a-b610-485343da7673')
  return { method, path, scope: scopeOfRequest(method, asked) }
})
const of = (scope: string) => all.filter(one => one.scope === scope).map(({ method, path }) => `${method} ${path}`)

test('whatever changes something needs more than reading', () => {
  const changing = of('read').filter(one => !one.startsWith('GET'))
  expect(changing.filter(one => !/\/search$/.test(one))).toEqual([])
})

test('what asks a model needs `ask`', () => {
  expect(of('ask').sort()).toEqual(
    expect.arrayContaining([
      'POST /api/v1/chat',
      'POST /api/v1/generate',
      'POST /api/v1/generate/stream',
      'POST /api/v1/projects/{projectId}/answer',
      'POST /api/v1/projects/{projectId}/ask',
      'POST /api/v1/projects/{projectId}/chats/{chatId}/regenerate',
    ]),
  )
  expect(scopeOfRequest('POST', '/v1/chat/completions')).toBe('ask')
  expect(scopeOfRequest('GET', '/v1/models')).toBe('read')
})

test('the installation is looked after with `admin` alone', () => {
  const installation = all.filter(({ path }) => path.startsWith('/api/v1/admin/'))
  expect(installation.length).toBeGreaterThan(4)
  for (const { method, path, scope } of installation) expect([method, path, scope]).toEqual([method, path, 'admin'])
  for (const { method, path, scope } of all)
    if (/^\/api\/v1\/(models|downloads)/.test(path) && method !== 'GET') expect([path, scope]).toEqual([path, 'admin'])
})
