/** Whoever may ask nothing more today gets no chat for it either, whichever way they ask. */
import { expect, it, onTestFinished } from 'vitest'
import { openTestServer } from './open-server.ts'

it('makes no chat for a question that is not answered', async () => {
  const limits = { fileSize: 1000, files: null, bytes: null }
  const server = await openTestServer({ settings: { limits, questionsADay: 0 } })
  onTestFinished(() => server.stop())
  const { projects } = await server.client.projects.list({})
  const send = async (path: string, body: object) => {
    const response = await server.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return [response.status, await response.text()] as const
  }
  const [project] = projects
  const model = `cloister/${project.id}`
  const messages = [{ role: 'user', content: 'Was?' }]
  for (const [path, body] of [
    ['/api/v1/chat', { message: 'Was?' }],
    ['/v1/chat/completions', { model, messages, store: true }],
    [`/api/v1/projects/${project.id}/ask`, { question: 'Was?' }],
  ] as const) {
    const [status, text] = await send(path, body)
    expect([path, status, text]).toEqual([path, 429, expect.stringContaining('quota-questions')])
  }
  expect((await server.client.chats.list({ projectId: project.id })).chats).toEqual([])
})

it('gives the chat to the one of several questions that has the last one of the day', async () => {
  const limits = { fileSize: 1000, files: null, bytes: null }
  const server = await openTestServer({ settings: { limits, questionsADay: 1 } })
  onTestFinished(() => server.stop())
  const [{ id: projectId }] = (await server.client.projects.list({})).projects
  const ask = async (question: string) => {
    for await (const event of await server.client.answers.ask({ projectId, question })) void event
    return question
  }
  const asked = await Promise.allSettled(['Was?', 'Wer?', 'Wann?', 'Wo?'].map(ask))
  const answered = asked.flatMap(one => (one.status === 'fulfilled' ? one.value : []))
  expect(answered).toHaveLength(1)
  const { chats } = await server.client.chats.list({ projectId })
  expect(chats.map(({ title }) => title)).toEqual(answered)
})
