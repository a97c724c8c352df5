import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { aborted, createLineParser } from '../open-core.ts'
import { openTestServer, type TestServer } from './open-server.ts'

let open: TestServer
/** Those that are being read, and wait to be let go. */
let held: (() => void)[]

beforeEach(async () => {
  held = []
  const parsers = createLineParser(async (_page, request, signal) => {
    if (request.name === 'geheim.txt' && request.password !== 'Zwiebel')
      throw new AppError(request.password === undefined ? 'password-protected' : 'password-wrong')
    if (request.name.startsWith('lang'))
      await Promise.race([new Promise<void>(resolve => held.push(resolve)), aborted(signal)])
  })
  open = await openTestServer({ parsers })
})
afterEach(() => open.stop())

async function add(name: string) {
  const form = new FormData()
  form.append('files', new File([`Ein Satz in ${name}.`], name))
  const answer = await open.fetch(`/api/v1/projects/${open.projectId}/documents`, { method: 'POST', body: form })
  const { results } = (await answer.json()) as { results: { document: { id: string } }[] }
  return { projectId: open.projectId, documentId: results[0]!.document.id }
}

const stateOf = async (one: { projectId: string; documentId: string }) => {
  const { state, reason } = await open.client.documents.get(one)
  return [state, reason?.code]
}

test('a protected document is read with its password, and never without', async () => {
  const one = await add('geheim.txt')
  await expect.poll(() => stateOf(one)).toEqual(['failed', 'password-protected'])
  await open.client.documents.unlock({ ...one, password: 'falsch' })
  await expect.poll(() => stateOf(one)).toEqual(['failed', 'password-wrong'])
  const shown = await open.client.documents.unlock({ ...one, password: 'Zwiebel' })
  expect(JSON.stringify(shown)).not.toContain('Zwiebel')
  await expect.poll(() => stateOf(one)).toEqual(['ready', 'read-with-password'])
  await expect(open.client.documents.unlock({ ...one, password: '' })).rejects.toMatchObject({ code: 'input-invalid' })
})

test('what is refused as a password does not come back in the problem', async () => {
  const one = await add('geheim.txt')
  const body = JSON.stringify({ password: 'Zwiebel'.repeat(200) })
  const headers = { 'content-type': 'application/json' }
  const path = `/api/v1/projects/${one.projectId}/documents/${one.documentId}/unlock`
  const answer = await open.fetch(path, { method: 'POST', body, headers })
  expect(answer.status).toBe(400)
  expect(await answer.text()).not.toContain('Zwiebel')
})

test('all documents of a project are held, and go on', async () => {
  const all = await Promise.all(['lang1.txt', 'lang2.txt', 'lang3.txt'].map(add))
  await expect.poll(() => held.length).toBeGreaterThan(0)
  const { projectId } = open
  expect(await open.client.documents.pauseAll({ projectId })).toEqual({ count: 3 })
  expect(await open.client.documents.pauseAll({ projectId })).toEqual({ count: 0 })
  for (const one of all) expect((await stateOf(one))[0]).toBe('paused')
  held = []
  expect(await open.client.documents.resumeAll({ projectId })).toEqual({ count: 3 })
  const letGo = () => {
    for (const go of held.splice(0)) go()
    return Promise.all(all.map(async one => (await stateOf(one))[0]))
  }
  await expect.poll(letGo, { timeout: 30_000 }).toEqual(['ready', 'ready', 'ready'])
}, 120_000)
