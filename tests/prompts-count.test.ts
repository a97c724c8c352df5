/** A prompt without documents is a question of the day like any other. */
import { expect, test } from 'vitest'
import { AppError } from '../shared/errors.ts'
import { createLineParser, noModels, openTestCore } from './open-core.ts'
import { engines } from './postgres.ts'
import { spokenModel } from './red-team/spoken-model.ts'

const limits = { fileSize: 1000, files: null, bytes: null }
const all = async (events: AsyncIterable<unknown>) => {
  for await (const _ of events) {
    // To its end.
  }
}
const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'x' }] }]

test.each(engines)('what is asked of a plain model counts for whoever asks, on $name', async engine => {
  const models = { ...noModels, chat: async () => spokenModel([['Ja.']]) }
  const settings = { limits, questionsADay: 2 }
  const { core, close } = await openTestCore(createLineParser(), { engine, models, settings })
  try {
    const prompt = () => all(core.generate({ userId: 'local' }, { prompt: 'x' }))
    const whole = () => all(core.complete({ userId: 'local' }, { messages }))
    await prompt()
    await whole()
    expect((await core.quotas.get('local')).used.questions).toBe(2)
    // One token read and one written, each time.
    await expect.poll(() => core.quotas.usage(0, 'local')).toMatchObject([{ questions: 2, tokens: 4 }])
    await expect(prompt()).rejects.toMatchObject({ code: 'quota-questions' })
    await expect(whole()).rejects.toMatchObject({ code: 'quota-questions' })
  } finally {
    await close()
  }
})

test.each(engines)('what is refused before it is answered does not, on $name', async engine => {
  const settings = { limits, questionsADay: 1 }
  const { core, scope, close } = await openTestCore(createLineParser(), { engine, settings })
  try {
    const used = async () => (await core.quotas.get('local')).used.questions
    await expect(all(core.generate({ userId: 'local' }, { prompt: 'x' }))).rejects.toMatchObject({ code: 'no-model' })
    const ask = (question: string, chatId?: string) => all(core.ask(scope, { question, ...(chatId && { chatId }) }))
    await expect(ask(' ')).rejects.toMatchObject({ code: 'question-empty' })
    await expect(ask('Was?', '01900000-0000-7000-8000-000000000000')).rejects.toMatchObject({ code: 'chat-not-found' })
    expect(await used()).toBe(0)
    await ask('Was?')
    expect(await used()).toBe(1)
    const chats = (await core.chats.list(scope)).length
    await expect(ask('Was noch?')).rejects.toMatchObject({ code: 'quota-questions' })
    expect((await core.chats.list(scope)).length).toBe(chats)
  } finally {
    await close()
  }
})

test.each(engines)('of those that are asked at once no two share the last one of the day, on $name', async engine => {
  const model = spokenModel([['Ja.']])
  const models = { ...noModels, chat: async () => model }
  const settings = { limits, questionsADay: 1 }
  const { core, scope, close } = await openTestCore(createLineParser(), { engine, models, settings })
  try {
    const asked = Array.from({ length: 8 }, (_, at) =>
      at % 4 === 3 ? all(core.ask(scope, { question: 'Was?' })) : all(core.complete({ userId: 'local' }, { messages })),
    )
    const refused = (await Promise.allSettled(asked)).flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
    expect(refused).toEqual(Array(7).fill(expect.objectContaining({ code: 'quota-questions' })))
    expect((await core.quotas.get('local')).used.questions).toBe(1)
    // Nobody made a model work, or has a chat, for what was refused.
    expect(model.calls.length + (await core.chats.list(scope)).length).toBe(1)
  } finally {
    await close()
  }
})

test.each(engines)('a model that fails before its first word gives the question back, on $name', async engine => {
  const model = spokenModel([[new AppError('model-crashed', { name: 'spoken' })], ['Ja.']])
  const models = { ...noModels, chat: async () => model }
  const settings = { limits, questionsADay: 1 }
  const { core, close } = await openTestCore(createLineParser(), { engine, models, settings })
  try {
    const prompt = () => all(core.complete({ userId: 'local' }, { messages }))
    await expect(prompt()).rejects.toMatchObject({ code: 'model-crashed' })
    expect((await core.quotas.get('local')).used.questions).toBe(0)
    await prompt()
    await expect(prompt()).rejects.toMatchObject({ code: 'quota-questions' })
    expect((await core.quotas.get('local')).used.questions).toBe(1)
  } finally {
    await close()
  }
})

test.each(engines)('work in one piece counts before, and not where it fails, on $name', async engine => {
  const { core, close } = await openTestCore(createLineParser(), { engine, settings: { limits, questionsADay: 1 } })
  try {
    const failing = () => core.quotas.countedWhole('local', async () => Promise.reject(new AppError('model-crashed')))
    await expect(failing()).rejects.toMatchObject({ code: 'model-crashed' })
    const whole = () => core.quotas.countedWhole('local', async () => 'done')
    const both = await Promise.allSettled([whole(), whole()])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const left = AbortSignal.abort()
    await expect(core.quotas.countedWhole('local', failing, left)).rejects.toMatchObject({ code: 'quota-questions' })
    expect((await core.quotas.get('local')).used.questions).toBe(1)
  } finally {
    await close()
  }
})

test.each(engines)('what was used is forgotten after twelve months, on $name', async engine => {
  let now = Date.now()
  const clock = { now: () => now }
  const { core, close } = await openTestCore(createLineParser(), { engine, settings: { limits, ...{ clock } } })
  try {
    await core.quotas.countedWhole('local', async () => {})
    now += 365 * 86_400_000
    await core.quotas.countedWhole('local', async () => {})
    await core.quotas.tidy()
    expect(await core.quotas.usage(0, 'local')).toHaveLength(2)
    now += 2 * 86_400_000
    await core.quotas.tidy()
    expect(await core.quotas.usage(0, 'local')).toHaveLength(1)
  } finally {
    await close()
  }
})
