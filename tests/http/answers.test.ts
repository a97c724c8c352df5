import { afterEach, describe, expect, it } from 'vitest'
import { createRemoteCore } from '../../server/remote.ts'
import type { StreamedAnswer } from '../../shared/api/index.ts'
import { AppError } from '../../shared/errors.ts'
import { noModels } from '../open-core.ts'
import { type Said, type SpokenModel, spokenModel } from '../red-team/spoken-model.ts'
import { until } from '../until.ts'
import { collect, openTestServer, type TestServer, token } from './open-server.ts'

let server: TestServer
afterEach(() => server.stop())

const rent = 'Die Miete beträgt 850 Euro im Monat.'
const question = 'Wie hoch ist die Miete?'

/** With a promise that the model waits for before it goes on. */
async function openWith(answers: readonly (readonly Said[])[]): Promise<SpokenModel> {
  const model = spokenModel(answers)
  server = await openTestServer({ chat: { ...noModels, chat: async name => (name ? undefined : model) } })
  const { client, projectId } = server
  const { document } = await client.documents.addText({ projectId, name: 'Miete', text: rent, format: 'plain' })
  const state = async () => (await client.documents.get({ projectId, documentId: document.id })).state
  await until(async () => (await state()) === 'ready', 'ready')
  return model
}

function gate() {
  let open = () => {}
  const wait = new Promise<void>(resolve => {
    open = resolve
  })
  return { wait, open }
}

function watch(stream: AsyncIterable<StreamedAnswer>) {
  const events: StreamedAnswer[] = []
  const ended = (async () => {
    for await (const event of stream) events.push(event)
  })().catch((error: unknown) => error)
  const has = (type: StreamedAnswer['type']) => events.some(event => event.type === type)
  return { events, ended, has }
}

const get = (chatId: string) => server.client.chats.get({ projectId: server.projectId, chatId })

function chatOf([started]: readonly StreamedAnswer[]): { chatId: string; answerId: string } {
  if (started?.type !== 'started') throw new Error('not started')
  return started
}

describe('an answer that is being given', () => {
  it('that is stopped before its first word is kept as none, not as declined', async () => {
    await openWith([[{ wait: new Promise(() => {}) }]])
    const { client, projectId } = server
    const asked = watch(await client.answers.ask({ projectId, question }))
    await until(() => asked.has('passages'), 'passages')
    const { answerId, chatId } = chatOf(asked.events)
    await client.answers.stop({ projectId, answerId })
    await asked.ended
    const { messages } = await get(chatId)
    expect(asked.events.at(-1)).toMatchObject({ type: 'interrupted', messageId: messages[1].id })
    expect(messages[1]).toMatchObject({ text: '', answer: { mode: 'none', reason: { code: 'cancelled' } } })
  })

  it('is named by its chat, and read along with from its beginning', async () => {
    const { open, wait } = gate()
    await openWith([[`${rent} [1] `, 'Und ', { wait }, 'so weiter.']])
    const { client, projectId, socketClient } = server
    const first = watch(await client.answers.ask({ projectId, question }))
    await until(() => first.has('sentence'), 'a sentence')
    const { answerId, chatId } = chatOf(first.events)
    expect((await get(chatId)).answering).toEqual([{ answerId, question, questionId: null }])
    const second = watch(await socketClient.answers.follow({ projectId, answerId }))
    await until(() => second.has('sentence'), 'read along')
    open()
    await Promise.all([first.ended, second.ended])
    const settled = (events: readonly StreamedAnswer[]) => events.filter(({ type }) => type !== 'draft')
    expect(settled(second.events)).toEqual(settled(first.events))
    expect(second.events.at(-1)?.type).toBe('finish')
    expect((await get(chatId)).answering).toEqual([])
    // Whoever comes late still hears the end.
    expect(await collect(await client.answers.follow({ projectId, answerId }))).toEqual(settled(first.events))
    await expect(client.answers.follow({ projectId, answerId: chatId })).rejects.toMatchObject({
      code: 'answer-not-found',
      status: 404,
    })
  })

  it('goes on while its page is loaded again', async () => {
    const { open, wait } = gate()
    await openWith([[`${rent} [1] `, 'Das ', { wait }, 'ist alles.']])
    const { client, projectId } = server
    const leaving = new AbortController()
    const first = watch(await client.answers.ask({ projectId, question }, { signal: leaving.signal }))
    await until(() => first.has('sentence'), 'a sentence')
    leaving.abort(new Error('reload'))
    await first.ended
    const { answerId, chatId } = chatOf(first.events)
    const [running] = (await get(chatId)).answering
    const again = watch(await client.answers.follow({ projectId, answerId: running.answerId }))
    await until(() => again.has('sentence'), 'all of it')
    open()
    expect(await again.ended).toBeUndefined()
    expect(again.events.at(-1)).toMatchObject({ type: 'finish', answer: { chatId, reason: null } })
    expect(running.answerId).toBe(answerId)
  })

  it('of another project is nobody’s business', async () => {
    const { open, wait } = gate()
    await openWith([[{ wait }, `${rent} [1]`]])
    const { client, projectId } = server
    const { id: other } = await client.projects.create({ name: 'Anderes' })
    const first = watch(await client.answers.ask({ projectId, question }))
    await until(() => first.has('passages'), 'passages')
    const { answerId } = chatOf(first.events)
    await expect(client.answers.follow({ projectId: other, answerId })).rejects.toMatchObject({
      code: 'answer-not-found',
    })
    open()
    await first.ended
  })
})

describe('answering again', () => {
  it('names the question while it goes on; stopped, it leaves the answer', async () => {
    await openWith([[`${rent} [1]`], [{ wait: new Promise(() => {}) }]])
    const { client, projectId } = server
    const { chatId } = chatOf(await collect(await client.answers.ask({ projectId, question })))
    const { messages } = await get(chatId)
    const again = watch(await client.answers.regenerate({ projectId, chatId, messageId: messages[1].id }))
    await until(() => again.has('passages'), 'passages')
    const { answerId } = chatOf(again.events)
    expect((await get(chatId)).answering).toEqual([{ answerId, question, questionId: messages[0].id }])
    await client.answers.stop({ projectId, answerId })
    await again.ended
    expect(again.events.at(-1)).toMatchObject({ type: 'interrupted', messageId: messages[1].id })
    expect((await get(chatId)).messages).toEqual(messages)
  })

  it('fails with the model’s own reason, and leaves the answer', async () => {
    await openWith([[`${rent} [1]`], ['Die ', new AppError('model-timeout')]])
    const { client, projectId } = server
    const { chatId } = chatOf(await collect(await client.answers.ask({ projectId, question })))
    const { messages } = await get(chatId)
    const again = watch(await client.answers.regenerate({ projectId, chatId }))
    expect(await again.ended).toMatchObject({ code: 'model-timeout' })
    expect((await get(chatId)).messages).toEqual(messages)
    await expect(client.answers.regenerate({ projectId, chatId, messageId: chatId })).rejects.toMatchObject({
      code: 'message-not-found',
      status: 404,
    })
  })
})

describe('an assistant', () => {
  it('has its instructions, language and temperature with the model; what is asked for goes before', async () => {
    const model = await openWith([['850 Euro. [1]'], ['850 Euro. [1]'], [`${rent} [1]`]])
    const { client, projectId } = server
    const { id: assistantId } = await client.assistants.create({
      projectId,
      name: 'Kurz',
      instructions: 'Antworte knapp.',
      language: 'en',
      temperature: 0.9,
      model: 'gone.gguf',
    })
    const events = await collect(await client.answers.ask({ projectId, question, assistantId }))
    expect(events.at(-1)).toMatchObject({ type: 'finish', answer: { language: 'en' } })
    const { chatId } = chatOf(events)
    await collect(await client.answers.regenerate({ projectId, chatId }))
    for (const call of model.calls) {
      expect(call.prompt[0].content).toMatch(/in English[\s\S]*Antworte knapp\./)
      expect(call.temperature).toBe(0.9)
    }
    const german = await collect(
      await client.answers.ask({ projectId, question, chatId, language: 'de', instructions: '', temperature: 0 }),
    )
    expect(german.at(-1)).toMatchObject({
      type: 'finish',
      answer: { mode: 'model', reason: { code: 'model-other', values: { name: 'gone.gguf', other: 'spoken' } } },
    })
    const [prompt, temperature] = [model.calls[2].prompt[0].content, model.calls[2].temperature]
    expect([prompt, temperature]).toEqual([expect.not.stringContaining('knapp'), 0])
    expect(prompt).toContain('auf Deutsch')
  })
})

describe('commands through a server', () => {
  const remote = () => {
    const owner = { host: 'test', pid: process.pid, instance: 'test' }
    return createRemoteCore({ owner, pid: process.pid, address: server.url, socket: null, token }, 'en')
  }

  it('hand over what is wished, and answer again', async () => {
    const model = await openWith([[`${rent} [1]`], ['850 Euro. [1]']])
    const core = remote()
    const first = await collect(core.ask(server.scope, { question, instructions: 'Kurz.', temperature: 0.2 }))
    expect(model.calls[0].prompt[0].content).toContain('Kurz.')
    expect(model.calls[0].temperature).toBe(0.2)
    const last = first.at(-1)
    if (last?.type !== 'finish') throw new Error('no finish')
    const { chatId, messageId } = last.answer
    const again = await collect(core.ask(server.scope, { chatId, again: { messageId } }))
    expect(again.at(-1)).toMatchObject({ type: 'finish', answer: { messageId, text: '850 Euro.' } })
    expect((await get(chatId)).messages).toHaveLength(2)
  })

  it('stop an answer at once: the next question of the chat does not wait for a reader', async () => {
    const model = await openWith([[`${rent} [1] `, 'Und ', { wait: new Promise(() => {}) }]])
    const stop = new AbortController()
    const asked = watch(remote().ask(server.scope, { question }, stop.signal) as AsyncIterable<StreamedAnswer>)
    await until(() => asked.has('sentence'), 'a sentence')
    const { client, projectId } = server
    const [chat] = (await client.chats.list({ projectId })).chats
    // Somebody else reads on: leaving alone would not stop it.
    const { answerId } = (await get(chat.id)).answering[0]
    const other = watch(await client.answers.follow({ projectId, answerId }))
    await until(() => other.has('sentence'), 'read along')
    stop.abort()
    expect(await asked.ended).toBeInstanceOf(Error)
    await other.ended
    expect(other.events.at(-1)).toMatchObject({ type: 'interrupted', reason: { code: 'cancelled' } })
    expect(model.calls[0].abortSignal?.aborted).toBe(true)
  })
})

describe('a question', () => {
  it('waits for the one before it in its chat, and says so', async () => {
    const { open, wait } = gate()
    await openWith([[{ wait }, `${rent} [1]`], [`${rent} [1]`]])
    const { client, projectId } = server
    const first = watch(await client.answers.ask({ projectId, question }))
    await until(() => first.has('passages'), 'passages')
    const { chatId } = chatOf(first.events)
    const second = watch(await client.answers.ask({ projectId, question, chatId }))
    await until(() => second.has('waiting'), 'waiting')
    expect(second.events.map(event => (event.type === 'waiting' ? event.place : event.type))).toEqual(['started', 1])
    expect((await get(chatId)).answering).toHaveLength(2)
    open()
    await Promise.all([first.ended, second.ended])
    expect(second.events.at(-1)?.type).toBe('finish')
    expect((await get(chatId)).messages.map(({ role }) => role).join(' ')).toBe('user assistant user assistant')
  })
})
