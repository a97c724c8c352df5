import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestServer, type TestServer } from './open-server.ts'

let server: TestServer
let api: {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}
interface Operation {
  operationId: string
  parameters?: { name: string; in: string; required?: boolean }[]
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
  security?: object[]
}
beforeAll(async () => {
  server = await openTestServer()
  api = (await (await fetch(`${server.url}/openapi.json`)).json()) as typeof api
})
afterAll(() => server.stop())

it('is sound: every reference leads somewhere, every path parameter is described, every operation has a name of its own', () => {
  expect(api.openapi).toMatch(/^3\.1\./)
  const names = new Set<string>()
  const references = [...JSON.stringify(api).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  )
  expect(references.length).toBeGreaterThan(50)
  for (const name of references) expect(Object.keys(api.components.schemas)).toContain(name)
  for (const [path, item] of Object.entries(api.paths))
    for (const operation of Object.values(item)) {
      expect(names).not.toContain(operation.operationId)
      names.add(operation.operationId)
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const described = (operation.parameters ?? []).filter(parameter => parameter.in === 'path')
      expect(described.map(({ name }) => name).sort()).toEqual(inPath.sort())
      for (const { required } of described) expect(required).toBe(true)
      expect(operation.responses.default.content?.['application/problem+json']).toBeDefined()
      const success = Object.keys(operation.responses).filter(status => /^2\d\d$/.test(status))
      expect([operation.operationId, success.length]).toEqual([operation.operationId, 1])
      if (success[0] === '204') expect(operation.responses[204].content).toBeUndefined()
    }
  expect(names.size).toBeGreaterThan(40)
})

it('lists every code of a problem', () => {
  const { properties } = api.components.schemas.Problem as { properties: { code: { enum: string[] } } }
  expect(properties.code.enum).toEqual(expect.arrayContaining(['unauthorized', 'disk-full', 'pages-without-text']))
})

it('describes what is there: every route of it answers, with what it promises or a problem of its own', async () => {
  for (const [path, item] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(item)) {
      const target = path
        .replace('{projectId}', server.projectId)
        .replace(/\{\w+Id\}/g, '019a0000-0000-7000-8000-000000000000')
        .replace('{number}', '1')
        .replace('{name}', 'none')
      const control = new AbortController()
      const init = { method: method.toUpperCase(), signal: control.signal }
      const answer = await server.fetch(target, init)
      const where = `${method} ${path}: ${answer.status}`
      const type = answer.headers.get('content-type')?.split(';')[0]
      if (answer.ok) expect(operation.responses[answer.status], where).toBeDefined()
      else expect(type, where).toBe('application/problem+json')
      if (type?.includes('json')) {
        const body = (await answer.json()) as { code?: string }
        if (!answer.ok) expect(['route-not-found', 'method-not-allowed', 'internal'], where).not.toContain(body.code)
      }
      control.abort()
    }
})

it('can be read as a page that loads nothing and runs nothing', async () => {
  const answer = await fetch(`${server.url}/docs`)
  const page = await answer.text()
  for (const path of Object.keys(api.paths)) expect(page).toContain(path)
  expect(page).not.toMatch(/<script|src=|https?:/)
  const moved = await fetch(`${server.url}/redoc`, { redirect: 'manual' })
  expect([moved.status, moved.headers.get('location')]).toEqual([308, '/docs'])
})
