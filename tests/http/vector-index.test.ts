import { expect, it } from 'vitest'
import { openTestServer } from './open-server.ts'

it('tells that there is no index of vectors where there is no model, and knows no project but its own', async () => {
  const { client, projectId, stop } = await openTestServer()
  try {
    expect(await client.vectorIndexes.get({ projectId })).toEqual({ searched: null, building: null, trouble: null })
    await expect(client.vectorIndexes.get({ projectId: '019a0000-0000-7000-8000-000000000000' })).rejects.toMatchObject(
      { code: 'project-not-found', status: 404 },
    )
  } finally {
    await stop()
  }
})
