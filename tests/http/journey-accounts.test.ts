/** The seventeen calls of whoever comes from another back end, from registering to cleaning up, with a real account. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noModels } from '../open-core.ts'
import { engines } from '../postgres.ts'
import { spokenModel } from '../red-team/spoken-model.ts'
import { until } from '../until.ts'
import { type AccountServer, goodPassword, openAccountServer } from './open-accounts.ts'

describe.each(engines)('the journey on $name', engine => {
  let server: AccountServer
  beforeAll(async () => {
    const model = spokenModel([['Guten Tag!']])
    const chat = { ...noModels, chat: async () => model }
    server = await openAccountServer({ engine, mail: false, chat })
  }, 60_000)
  afterAll(() => server?.stop())

  it('passes all of its seventeen calls', async () => {
    const { client } = server.browser()
    const email = 'wanda@cloister.test'
    expect((await client.health.summary()).state).toBe('ok')
    expect(await client.auth.register({ email, password: goodPassword })).toEqual({ state: 'registered' })
    expect(await client.auth.logIn({ email, password: goodPassword })).toMatchObject({ state: 'logged-in' })
    expect((await client.auth.me()).account).toMatchObject({ email, role: 'member' })
    expect(await client.models.list({})).toMatchObject({ models: [] })
    expect((await client.generate.text({ prompt: 'Grüße' })).text).toBe('Guten Tag!')
    const { id: projectId } = await client.projects.create({ name: 'Reise' })
    expect((await client.projects.list()).projects.map(({ name }) => name)).toContain('Reise')
    expect((await client.projects.get({ projectId })).name).toBe('Reise')
    expect((await client.projects.update({ projectId, name: 'Heimreise' })).name).toBe('Heimreise')
    const text = 'Der Zug nach Lübeck fährt um acht Uhr ab.'
    const { document } = await client.documents.addText({ projectId, name: 'Fahrplan', text, format: 'plain' })
    const one = { projectId, documentId: document.id }
    await until(async () => (await client.documents.get(one)).state === 'ready', 'ready')
    expect((await client.documents.list({ projectId })).documents.map(({ id }) => id)).toEqual([document.id])
    expect((await client.documents.segments({ ...one, from: 1 })).segments[0].blocks[0].text).toBe(text)
    const { passages } = await client.documents.search({ projectId, query: 'Zug nach Lübeck' })
    expect(passages[0]).toMatchObject({ documentId: document.id })
    await client.documents.delete(one)
    await client.projects.delete({ projectId })
    await client.auth.logOut()
    await expect(client.auth.me()).rejects.toMatchObject({ code: 'unauthorized' })
  })
})
