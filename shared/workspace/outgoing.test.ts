import { expect, test } from 'vitest'
import type { EgressRequest } from '../ports.ts'
import { createPolicy } from './outgoing.ts'

const request = (purpose: EgressRequest['purpose'], access: EgressRequest['access']): EgressRequest => ({
  purpose,
  access,
  trust: 'operator',
})
const secret = { userId: 'alice', projectId: 'secret' }
const open = { userId: 'alice', projectId: 'open' }
const isLocalOnly = async ({ projectId }: { projectId: string }) => projectId === 'secret'

test('a project that is local only keeps its models to this machine, and nothing else', async () => {
  const policy = createPolicy({ isLocalOnly })
  expect(await policy(request('model', secret))).toBe('local-only')
  expect(await policy(request('model', open))).toBeUndefined()
  expect(await policy(request('model', { userId: 'alice' }))).toBeUndefined()
  expect(await policy(request('model', 'internal'))).toBeUndefined()
  expect(await policy(request('crawl', secret))).toBeUndefined()
})

test.each([
  [{ offline: true }, 'offline'],
  [{ temporary: true }, 'unrecorded'],
  [{ offline: true, temporary: true }, 'offline'],
] as const)('%o: everything is kept to this machine', async (settings, why) => {
  const policy = createPolicy({ ...settings, isLocalOnly })
  for (const purpose of ['model', 'download', 'mail', 'crawl', 'sync', 'update'] as const)
    for (const access of [secret, open, 'internal'] as const) expect(await policy(request(purpose, access))).toBe(why)
})

test('who does not know what a project says lets nothing out', async () => {
  const policy = createPolicy({ isLocalOnly: () => Promise.reject(new Error('the database is away')) })
  await expect(policy(request('model', open))).rejects.toThrow('away')
})
