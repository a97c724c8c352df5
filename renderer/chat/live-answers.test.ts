import { QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../../shared/api/api-error.ts'
import type { Client } from '../../shared/api/client.ts'
import type { StreamedAnswer } from '../../shared/api/index.ts'
import type { Answer, Citation, Passage } from '../../shared/model/index.ts'
import { createLiveAnswers, isRunning } from './live-answers.ts'

const citation = {
  documentId: 'd',
  chunkId: 1,
  file: 'a.md',
  quote: 'Rent is due.',
  rects: [],
  page: 1,
  where: null,
} satisfies Citation
const passage = { ...citation, text: 'Rent is due.', headings: [], before: null, after: null, score: 1 } as Passage
const answer: Answer = {
  mode: 'model',
  language: 'en',
  text: 'Rent is due.',
  sentences: [{ text: 'Rent is due.', lead: '', citations: [0], supported: true }],
  citations: [citation],
  model: 'm',
  reason: null,
  evidence: 1,
  chatId: 'c',
  messageId: 'm2',
}

function setUp(
  events: (StreamedAnswer | Error)[],
  messages: { id: string; role?: string; text?: string }[] = [],
  answering: { answerId: string; question: string; questionId: null }[] = [],
) {
  const stopped: unknown[] = []
  const client = {
    answers: {
      follow: async () => client.answers.ask({ projectId: 'p', question: '' }),
      regenerate: async () => client.answers.ask({ projectId: 'p', question: '' }),
      ask: async () =>
        (async function* () {
          for (const event of events) {
            if (event instanceof Error) throw event
            yield event
          }
        })(),
      stop: async (input: unknown) => {
        stopped.push(input)
        return { stopped: true }
      },
    },
    chats: { get: async () => ({ chat: {}, messages, answering }) },
  } as unknown as Client
  const queries = new QueryClient()
  const answers = createLiveAnswers({ client, queries, frame: run => queueMicrotask(run) })
  const started: string[] = []
  const ask = () =>
    answers.ask({
      projectId: 'p',
      question: 'When is rent due?',
      chatId: null,
      assistantId: null,
      from: 0,
      started: id => started.push(id),
    })
  return { answers, ask, queries, started, stopped }
}

const start: StreamedAnswer = { type: 'started', answerId: 'a', chatId: 'c' }

describe('an answer on its way', () => {
  it('gathers what is streamed, and gives way to what the chat keeps', async () => {
    const events: StreamedAnswer[] = [
      start,
      { type: 'passages', question: 'When is rent due?', passages: [passage] },
      { type: 'waiting', place: 1 },
      { type: 'waiting', place: 0 },
      { type: 'draft', text: 'Rent is' },
      { type: 'sentence', sentence: answer.sentences[0]!, citations: [citation] },
      { type: 'finish', answer },
    ]
    const { answers, ask, queries, started } = setUp(events, [{ id: 'm1' }, { id: 'm2' }])
    const states: string[] = []
    answers.list.subscribe(() => states.push(answers.list.get()[0]?.state ?? 'gone'))
    ask()
    await expect.poll(() => answers.list.get()).toEqual([])
    expect(started).toEqual(['c'])
    expect(states.at(-2)).toBe('finished')
    expect(queries.getQueryData(['passages', 'p', 'c', 'm2'])).toEqual({ passages: [passage], missing: 0 })
  })

  it('stays when the chat does not hold it yet', async () => {
    const { answers, ask } = setUp([start, { type: 'finish', answer }])
    ask()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('finished')
    expect(answers.list.get()[0]).toMatchObject({ chatId: 'c', messageId: 'm2', answer })
  })

  it('says why it failed, with the server’s words', async () => {
    const refused = new ApiError({ code: 'question-empty', status: 422, detail: 'The question is empty.' })
    const { answers, ask } = setUp([refused])
    ask()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('failed')
    expect(answers.list.get()[0]?.problem).toMatchObject({
      text: 'The question is empty.',
      reason: { code: 'question-empty' },
    })
  })

  it('takes a stream that ends too early for a lost connection', async () => {
    const { answers, ask } = setUp([start, { type: 'draft', text: 'Rent' }])
    ask()
    await expect.poll(() => answers.list.get()[0]?.problem?.reason.code).toBe('server-unreachable')
    expect(answers.list.get().some(isRunning)).toBe(false)
  })

  it('gives way to what the chat kept when the server is there again', async () => {
    const { answers, ask } = setUp(
      [start, { type: 'draft', text: 'Rent' }],
      [{ id: 'm1', role: 'user', text: 'When is rent due?' }],
    )
    ask()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('failed')
    answers.reconnected()
    await expect.poll(() => answers.list.get()).toEqual([])
  })

  it('gives way to the server also where the question waits for its turn there and is not kept yet', async () => {
    const answering = { answerId: 'a', question: 'When is rent due?', questionId: null }
    const { answers, ask } = setUp([start], [], [answering])
    ask()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('failed')
    answers.reconnected()
    await expect.poll(() => answers.list.get()).toEqual([])
    answers.follow({ projectId: 'p', chatId: 'c', answering, from: 0 })
    expect(answers.list.get()).toHaveLength(1)
  })

  it('stays to be asked again where the server never had the question', async () => {
    const { answers, ask } = setUp([new ApiError({ code: 'server-unreachable', status: 0 })])
    ask()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('failed')
    answers.reconnected()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('interrupted')
    expect(answers.list.get()[0]).toMatchObject({ question: 'When is rent due?', problem: null })
  })

  it('stays to be asked again where the chat has another question in its place', async () => {
    // Asked before the chat was read: nobody knew yet what stands in it.
    const messages = [
      { id: 'm1', role: 'user', text: 'Who pays?' },
      { id: 'm2', role: 'assistant', text: 'You.' },
    ]
    const { answers } = setUp([new ApiError({ code: 'server-unreachable', status: 0 })], messages)
    const question = 'When is rent due?'
    answers.ask({ projectId: 'p', question, chatId: 'c', assistantId: null, from: 0, started() {} })
    await expect.poll(() => answers.list.get()[0]?.state).toBe('failed')
    answers.reconnected()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('interrupted')
    expect(answers.list.get()[0]).toMatchObject({ question })
  })

  it('goes on saying what else went wrong when the server is there again', async () => {
    const { answers, ask } = setUp([new ApiError({ code: 'model-crashed', status: 503 })])
    ask()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('failed')
    answers.reconnected()
    await new Promise(resolve => setTimeout(resolve))
    expect(answers.list.get()[0]?.state).toBe('failed')
  })

  it('reads along with one that another page asked for, once', async () => {
    const { answers } = setUp([start, { type: 'waiting', place: 1 }, { type: 'finish', answer }], [{ id: 'm2' }])
    const states: unknown[] = []
    answers.list.subscribe(() => states.push(answers.list.get().map(({ question, again }) => [question, again])))
    const answering = { answerId: 'a', question: 'When is rent due?', questionId: 'm1' }
    answers.follow({ projectId: 'p', chatId: 'c', answering, from: 0 })
    expect(answers.list.get()).toMatchObject([{ question: 'When is rent due?', again: true, state: 'searching' }])
    await expect.poll(() => answers.list.get()).toEqual([])
    const shown = states.length
    answers.follow({ projectId: 'p', chatId: 'c', answering, from: 0 })
    expect(states).toHaveLength(shown)
  })

  it('does not read along with one that was asked for here and has ended, whatever the chat says of it', async () => {
    const { answers, ask } = setUp([start, { type: 'finish', answer }], [{ id: 'm2' }])
    ask()
    await expect.poll(() => answers.list.get()).toEqual([])
    // Read before it ended, with messages that were read behind that: the kept answer and another one would stand there.
    const answering = { answerId: 'a', question: 'When is rent due?', questionId: null }
    answers.follow({ projectId: 'p', chatId: 'c', answering, from: 2 })
    expect(answers.list.get()).toEqual([])
  })

  it('reads along again when the connection is back', async () => {
    const { answers } = setUp(
      [start, new ApiError({ code: 'server-unreachable', status: 0 })],
      [{ id: 'm', role: 'user', text: 'When is rent due?' }],
    )
    const answering = { answerId: 'a', question: 'When is rent due?', questionId: null }
    answers.follow({ projectId: 'p', chatId: 'c', answering, from: 0 })
    await expect.poll(() => answers.list.get()[0]?.state).toBe('failed')
    answers.reconnected()
    await expect.poll(() => answers.list.get()).toEqual([])
    answers.follow({ projectId: 'p', chatId: 'c', answering, from: 0 })
    expect(answers.list.get()).toHaveLength(1)
  })

  it('forgets one that had ended when it was to be read along with', async () => {
    const { answers } = setUp([new ApiError({ code: 'answer-not-found', status: 404 })])
    const answering = { answerId: 'b', question: 'When?', questionId: null }
    answers.follow({ projectId: 'p', chatId: 'c', answering, from: 0 })
    expect(answers.list.get()).toHaveLength(1)
    await expect.poll(() => answers.list.get()).toEqual([])
  })

  it('says why a question could not be answered again, and lets it be', async () => {
    const { answers } = setUp([start, new ApiError({ code: 'model-crashed', status: 503, detail: 'It stopped.' })])
    answers.regenerate({ projectId: 'p', chatId: 'c', messageId: 'm1', question: 'When?', from: 0 })
    await expect.poll(() => answers.list.get()[0]?.state).toBe('failed')
    expect(answers.list.get()[0]).toMatchObject({ again: true, problem: { text: 'It stopped.' } })
  })

  it('keeps what was written when it is interrupted', async () => {
    const { answers, ask } = setUp([
      start,
      { type: 'sentence', sentence: answer.sentences[0]!, citations: [citation] },
      { type: 'interrupted', chatId: 'c', messageId: null, reason: { code: 'cancelled' } },
    ])
    ask()
    await expect.poll(() => answers.list.get()[0]?.state).toBe('interrupted')
    expect(answers.list.get()[0]?.sentences).toHaveLength(1)
  })
})
