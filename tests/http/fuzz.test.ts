import { expect, it, onTestFinished } from 'vitest'
import { createFuzz, createKnown, type Description } from './fuzz-requests.ts'
import { runFuzz } from './fuzz-run.ts'
import { goodPassword, openAccountServer } from './open-accounts.ts'

const api: Description = {
  paths: {
    '/a/{aId}': {
      get: { parameters: [{ name: 'aId', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }] },
    },
    '/b': {
      post: {
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['n'],
                properties: { n: { type: 'integer', minimum: 3, maximum: 5 } },
              },
            },
          },
        },
      },
    },
  },
  components: { schemas: {} },
}

it('asks by the description, with ids that it was told, and the same for the same seed', () => {
  const known = createKnown()
  known.hear({ a: { id: 'told-before' } })
  const many = (seed: number) => Array.from({ length: 400 }, createFuzz(api, known, seed))
  const all = many(1)
  expect(many(1)).toEqual(all)
  expect(many(2)).not.toEqual(all)
  expect(all.filter(({ path }) => path === '/a/told-before').length).toBeGreaterThan(50)
  const numbers = all.flatMap(({ path, body }) => {
    const value =
      path === '/b' && typeof body === 'string' && /^\{"n":\d+\}$/.test(body) ? JSON.parse(body).n : undefined
    return typeof value === 'number' ? [value] : []
  })
  expect(numbers.filter(value => value >= 3 && value <= 5).length).toBeGreaterThan(50)
  expect(all.some(({ body }) => typeof body === 'string' && /^[{["]$|\[\[/.test(body))).toBe(true)
})

it('500 requests, good and bad, get an answer that says what it is', { timeout: 240_000 }, async () => {
  const server = await openAccountServer()
  onTestFinished(() => server.stop())
  const email = 'owner@cloister.test'
  const owner = await server.setUp(email)
  const { port, host } = new URL(server.url)
  const target = {
    port: Number(port),
    host,
    cookie: () => [...owner.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    logIn: () => owner.client.auth.logIn({ email, password: goodPassword }).catch(() => {}),
  }
  const { requests, faults, statuses, reached, routes } = await runFuzz({ target, count: 500, seed: 1 })
  const short = faults.map(({ request: { method, path, body }, status, text }) => [
    status,
    method,
    path.slice(0, 200),
    String(body).slice(0, 200),
    text,
  ])
  expect(short).toEqual([])
  expect(requests).toBe(500)
  expect(statuses.get(200)).toBeGreaterThan(50)
  // Enough gets through for it to say anything.
  expect(reached).toBeGreaterThan(routes / 6)
})
