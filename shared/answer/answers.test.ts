/** Two servers over one database, without HTTP and without a model: what they answer is said by the test, word for word. */
import { setTimeout as pause } from 'node:timers/promises'
import { v7 } from 'uuid'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestStore, silent } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import type { StreamedAnswer } from '../api/index.ts'
import { AppError, toAppError } from '../errors.ts'
import { createEvents } from '../events/in-process.ts'
import type { Answer, AnswerEvent, AnswerSentence } from '../model/index.ts'
import type { Events } from '../ports.ts'
import type { Store } from '../store/index.ts'
import { type Answers, createAnswers } from './answers.ts'
import type { WitnessedAsk } from './ask.ts'
import { createConversations } from './conversation.ts'
import { settle } from './settle.ts'
import type { Said } from './spool.ts'
import { nothingWritten } from './write.ts'

/** One answer, as the test gives it. */
interface Line {
  say(...events: AnswerEvent[]): void
  finish(): void
  fail(error: AppError): void
  /** Its question is in the chat. */
  asked: boolean
}

const sentence = (text: string): AnswerEvent => {
  const one: AnswerSentence = { text, lead: ' ', citations: [], supported: true }
  return { type: 'sentence', sentence: one, citations: [] }
}
const draft = (text: string): AnswerEvent => ({ type: 'draft', text })

/** What `ask` does with a chat, without search and model. */
function scripted(store: Store): { ask: WitnessedAsk; lines: Line[] } {
  const lines: Line[] = []
  const chats = createConversations(store, 0)
  const ask: WitnessedAsk = async function* (scope, { question = '', chatId: given, begins, again }, signal, witness) {
    const chatId = given ?? begins?.id ?? ''
    const steps: (AnswerEvent | 'end' | AppError)[] = []
    let wake = () => {}
    const add = (...more: typeof steps) => {
      steps.push(...more)
      wake()
    }
    const line: Line = { say: add, finish: () => add('end'), fail: error => add(error), asked: false }
    lines.push(line)
    signal?.addEventListener('abort', () => wake())
    const earlier = again && (await chats.goBack(scope, chatId, again.messageId)).earlier
    if (question === '' && !earlier) throw new AppError('question-empty')
    if (!earlier) await chats.keepQuestion(scope, begins ?? chatId, question, null)
    if (begins) await witness?.begun()
    line.asked = true
    const written = nothingWritten()
    const result: Omit<Answer, 'messageId'> = {
      mode: 'none',
      language: 'de',
      text: '',
      sentences: [],
      citations: [],
      model: 'script',
      reason: null,
      evidence: 1,
      chatId,
    }
    let messageId = ''
    let complete = false
    try {
      witness?.found([])
      witness?.writes('script')
      yield { type: 'passages', question, passages: [] }
      for (;;) {
        if (signal?.aborted) throw new AppError('cancelled')
        const step = steps.shift()
        if (step === 'end') break
        if (step instanceof AppError) throw step
        if (step?.type === 'sentence') written.sentences.push(step.sentence)
        if (step) yield step
        else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
      complete = true
    } finally {
      if (!complete) result.reason = { code: 'cancelled' }
      settle(result, [], written)
      if (complete || !earlier?.answer || written.sentences.length > 0) {
        const keeping = chats.keepAnswer(scope, result, [], earlier, witness?.keep)
        messageId = (await (complete ? keeping : keeping.catch(() => undefined))) ?? ''
        if (messageId !== '') witness?.kept(messageId)
      }
    }
    yield { type: 'finish', answer: { ...result, messageId } }
  }
  return { ask, lines }
}

/** A store that can be cut off, as for a process that is held up or killed. */
function interruptible(store: Store) {
  let open = () => {}
  let gate: Promise<void> | undefined
  const through = async () => {
    await gate
  }
  const answers = Object.fromEntries(
    Object.entries(store.answers).map(([name, run]: [string, unknown]) => [
      name,
      async (...given: unknown[]) => {
        await through()
        return (run as (...given: unknown[]) => unknown)(...given)
      },
    ]),
  ) as unknown as Store['answers']
  const held: Store = {
    ...store,
    answers,
    async transaction(access, run) {
      await through()
      return store.transaction(access, run)
    },
  }
  return {
    store: held,
    stop() {
      gate = new Promise(resolve => {
        open = resolve
      })
    },
    goOn() {
      gate = undefined
      open()
    },
  }
}

interface Server {
  answers: Answers
  lines: Line[]
  hold(): void
  goOn(): void
}

const until = (condition: () => unknown) => expect.poll(condition, { interval: 5 })

describe.each(engines)('answers of several servers on $name', engine => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  let chatId: string
  let servers: Server[]

  beforeEach(async () => {
    open = await openTestStore(engine)
    servers = []
    const { store, scope } = open
    chatId = (await store.transaction(scope, tx => store.chats.insert(tx, scope, 'Chat'))).id
  }, 60_000)
  afterEach(async () => {
    for (const { answers, goOn } of servers) {
      goOn()
      await answers.stopAll()
      await answers.close()
    }
    await open.close()
  })

  function serve(events?: Events): Server {
    const { store, stop, goOn } = interruptible(open.store)
    const { ask, lines } = scripted(store)
    const answers = createAnswers({
      store,
      ask,
      recall: async () => [],
      changed: () => {},
      clock: open.clock,
      ids: { next: () => v7() },
      log: silent,
      ...(events && { events }),
      times: { look: 50, lease: 2500 },
    })
    answers.start()
    const server = { answers, lines, hold: stop, goOn }
    servers.push(server)
    return server
  }

  function two(events = createEvents()): [Server, Server] {
    return [serve(events), serve(events)]
  }

  function watch(stream: AsyncIterable<Said>) {
    const said: Said[] = []
    const ended = (async () => {
      for await (const one of stream) said.push(one)
    })().catch((error: unknown) => toAppError(error))
    const events = () => said.map(({ event }) => event)
    const text = () =>
      events()
        .map(event => (event.type === 'sentence' ? event.sentence.text : event.type === 'draft' ? event.text : ''))
        .join('')
    return { said, ended, events, text, last: () => said.at(-1)?.event }
  }

  function ask({ answers }: Server, text = 'Wie hoch?', signal = new AbortController().signal) {
    const request = { question: text }
    return watch(answers.run(open.scope, { chatId, text, questionId: null, request }, signal))
  }

  async function follow({ answers }: Server, answerId: string, { from = 0, signal = never } = {}) {
    return watch(await answers.follow(open.scope, answerId, signal, from))
  }

  const never = new AbortController().signal
  const idOf = async ({ events }: { events(): StreamedAnswer[] }) => {
    await until(() => events().length).toBeGreaterThan(0)
    const [started] = events()
    if (started.type !== 'started') throw new Error('not started')
    return started.answerId
  }
  const lineOf = async ({ lines }: Server, at = 0) => {
    await until(() => lines[at]?.asked).toBe(true)
    return lines[at]
  }
  const messages = () => open.store.chats.messages(open.scope, chatId)
  const settled = (said: readonly Said[]) => said.filter(({ number }) => number !== undefined)

  it('is read along elsewhere from its beginning, and from any place on', async () => {
    const [one, other] = two()
    const first = ask(one)
    const answerId = await idOf(first)
    const line = await lineOf(one)
    expect(await other.answers.of(open.scope, chatId)).toEqual([{ answerId, question: 'Wie hoch?', questionId: null }])
    line.say(sentence('Eins.'), draft('Zw'))
    const second = await follow(other, answerId)
    const third = await follow(other, answerId)
    for (const reader of [second, third]) await until(reader.text).toBe('Eins.Zw')
    line.say(draft('Zwei ist'))
    await until(second.text).toContain('Zwei ist')
    // What is in the database already is not what comes.
    const late = await follow(other, answerId, { from: 2 })
    await until(late.text).toContain('Eins.')
    line.say(sentence('Zwei.'), sentence('Drei.'))
    line.finish()
    await Promise.all([first, second, third, late].map(({ ended }) => ended))
    expect(first.events().map(({ type }) => type)).toEqual(expect.arrayContaining(['started', 'passages', 'finish']))
    for (const reader of [second, third]) expect(settled(reader.said)).toEqual(settled(first.said))
    expect(settled(late.said)).toEqual(settled(first.said).slice(2))
    expect(settled(first.said).map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5])

    // Behind its end, at both.
    for (const server of [one, other]) {
      const after = await follow(server, answerId, { from: 4 })
      await after.ended
      expect(after.said).toEqual(settled(first.said).slice(4))
      expect(await server.answers.of(open.scope, chatId)).toEqual([])
      expect(await server.answers.stop(open.scope, answerId)).toBe(false)
    }
    await expect(follow(other, v7())).rejects.toMatchObject({ code: 'answer-not-found' })
    const foreign = { ...open.scope, userId: 'mallory' }
    await expect(other.answers.follow(foreign, answerId, never)).rejects.toMatchObject({ code: 'answer-not-found' })
  })

  it('comes whole and in order to a reader who changes servers all the time', async () => {
    const [one, other] = two()
    const first = ask(one)
    const answerId = await idOf(first)
    const line = await lineOf(one)
    const count = 60
    const telling = (async () => {
      for (let number = 0; number < count; number++) {
        line.say(draft(`Satz ${number}`), sentence(`Satz ${number}.`))
        await pause(20)
      }
      line.finish()
    })()
    const seen: StreamedAnswer[] = []
    let from = 0
    let hops = 0
    while (seen.at(-1)?.type !== 'finish') {
      const { answers } = [one, other][hops % 2]
      hops += 1
      let left = hops % 3
      for await (const { event, number } of await answers.follow(open.scope, answerId, never, from)) {
        if (number === undefined) continue
        expect(number).toBe(from)
        from += 1
        seen.push(event)
        if (left-- === 0) break
      }
    }
    await Promise.all([telling, first.ended])
    expect(hops).toBeGreaterThan(10)
    expect(seen).toHaveLength(count + 3)
    expect(seen).toEqual(settled(first.said).map(({ event }) => event))
  })

  it('is read along also where no hint arrives', async () => {
    const [one, other] = [serve(createEvents()), serve(createEvents())]
    const first = ask(one)
    const answerId = await idOf(first)
    const line = await lineOf(one)
    const second = await follow(other, answerId)
    line.say(sentence('Eins.'))
    await until(second.text).toBe('Eins.')
    expect(await other.answers.stop(open.scope, answerId)).toBe(true)
    await Promise.all([first.ended, second.ended])
    for (const reader of [first, second])
      expect(reader.last()).toMatchObject({ type: 'interrupted', reason: { code: 'cancelled' } })
  })

  it('is stopped from elsewhere at once', async () => {
    const [one, other] = two()
    const first = ask(one)
    const answerId = await idOf(first)
    const line = await lineOf(one)
    line.say(sentence('Eins.'))
    const second = await follow(other, answerId)
    await until(second.text).toBe('Eins.')
    const foreign = { ...open.scope, userId: 'mallory' }
    expect(await other.answers.stop(foreign, answerId)).toBe(false)
    const stopped = performance.now()
    expect(await other.answers.stop(open.scope, answerId)).toBe(true)
    await Promise.all([first.ended, second.ended])
    expect(performance.now() - stopped).toBeLessThan(10_000)
    const [, kept] = await messages()
    expect(kept).toMatchObject({ text: 'Eins.', answer: { reason: { code: 'cancelled' } } })
    for (const reader of [first, second])
      expect(reader.last()).toEqual({ type: 'interrupted', chatId, messageId: kept.id, reason: { code: 'cancelled' } })
  })

  it('makes its chat with its question, and none where that is refused', async () => {
    const [one, other] = two()
    const begin = (question: string) => {
      const begins = { id: v7(), title: 'Neu', assistantId: null }
      const asked = { chatId: begins.id, text: question, questionId: null, request: { question, begins } }
      return { id: begins.id, ...watch(one.answers.run(open.scope, asked, never)) }
    }
    const refused = ['', '', ''].map(begin)
    const asked = begin('Wie hoch?')
    for (const { ended, events } of refused) {
      expect(await ended).toMatchObject({ code: 'question-empty' })
      expect(events()).toEqual([])
    }
    // Whoever hears of it finds it, wherever they ask.
    const answerId = await idOf(asked)
    expect(await open.store.chats.messages(open.scope, asked.id)).toMatchObject([{ text: 'Wie hoch?' }])
    const along = await follow(other, answerId)
    ;(await lineOf(one, 3)).finish()
    await Promise.all([asked.ended, along.ended])
    expect(along.last()).toMatchObject({ type: 'finish', answer: { chatId: asked.id } })
    const chats = (await open.store.chats.list(open.scope)).map(({ id }) => id)
    expect(chats.sort()).toEqual([asked.id, chatId].sort())
  })

  it('fails for all who read it', async () => {
    const [one, other] = two()
    const first = ask(one)
    const second = await follow(other, await idOf(first))
    ;(await lineOf(one)).fail(new AppError('model-other', { name: 'a', other: 'b' }))
    for (const { ended } of [first, second])
      expect(await ended).toMatchObject({ code: 'model-other', values: { name: 'a', other: 'b' } })
  })

  it('goes on while somebody reads it elsewhere', async () => {
    const [one, other] = two()
    const leaving = new AbortController()
    const first = ask(one, 'Wie hoch?', leaving.signal)
    const answerId = await idOf(first)
    const line = await lineOf(one)
    leaving.abort()
    const second = await follow(other, answerId)
    // Twice as long as one that nobody reads.
    await pause(6000)
    line.say(sentence('Noch da.'))
    line.finish()
    await second.ended
    expect(second.last()).toMatchObject({ type: 'finish', answer: { text: 'Noch da.' } })
  })

  it('waits for the one before it in its chat, at whichever server that is', async () => {
    const [one, other] = two()
    const first = ask(one, 'Erste?')
    await idOf(first)
    const second = ask(other, 'Zweite?')
    const secondId = await idOf(second)
    const third = ask(one, 'Dritte?')
    const places = (reader: typeof first) =>
      reader.events().flatMap(event => (event.type === 'waiting' ? event.place : []))
    await until(() => places(third)).toEqual([2])
    expect(places(second)).toEqual([1])
    const along = await follow(one, secondId)
    await until(() => places(along)).toEqual([1])
    expect((await one.answers.of(open.scope, chatId)).map(({ question }) => question).sort()).toEqual([
      'Dritte?',
      'Erste?',
      'Zweite?',
    ])
    const [line] = one.lines
    line.say(sentence('Eins.'))
    line.finish()
    await first.ended
    const next = await lineOf(other)
    next.say(sentence('Zwei.'))
    next.finish()
    await second.ended
    const last = await lineOf(one, 1)
    last.say(sentence('Drei.'))
    last.finish()
    await Promise.all([third.ended, along.ended])
    expect(places(third)).toEqual([2, 1, 0])
    expect(places(along)).toEqual([1, 0])
    expect((await messages()).map(({ text }) => text)).toEqual([
      'Erste?',
      'Eins.',
      'Zweite?',
      'Zwei.',
      'Dritte?',
      'Drei.',
    ])
  })

  it('stopped while it waits, it leaves nothing', async () => {
    const [one, other] = two()
    const first = ask(one, 'Erste?')
    await idOf(first)
    const second = ask(other, 'Zweite?')
    const answerId = await idOf(second)
    await one.answers.stop(open.scope, answerId)
    await second.ended
    expect(second.last()).toEqual({ type: 'interrupted', chatId, messageId: null, reason: { code: 'cancelled' } })
    const line = await lineOf(one)
    line.finish()
    await first.ended
    expect(await messages()).toHaveLength(2)
  })

  it('is ended by another server where its own dies, and kept as far as it went', async () => {
    const [one, other] = two()
    const first = ask(one, 'Erste?')
    const line = await lineOf(one)
    const waiting = ask(one, 'Zweite?')
    await idOf(waiting)
    line.say(sentence('Eins.'), draft('Zwei ist'))
    const second = await follow(other, await idOf(first))
    const third = ask(other, 'Dritte?')
    await until(second.text).toBe('Eins.Zwei ist')
    one.hold()
    const killed = performance.now()
    await second.ended
    const took = performance.now() - killed
    expect(took).toBeGreaterThan(1000)
    expect(took).toBeLessThan(30_000)
    const [question, answer] = await messages()
    expect(second.last()).toEqual({
      type: 'interrupted',
      chatId,
      messageId: answer.id,
      reason: { code: 'server-lost' },
    })
    expect(question.text).toBe('Erste?')
    expect(answer).toMatchObject({
      text: 'Eins. Zwei ist …',
      answer: { mode: 'model', model: 'script', reason: { code: 'server-lost' } },
    })
    // What waited for it there was kept with its question, and is to be asked again; what waits here goes on.
    const next = await lineOf(other)
    next.say(sentence('Drei.'))
    next.finish()
    await third.ended
    const texts = (await messages()).map(({ text, answer }) => (answer ? `${answer.mode} ${text}` : text))
    expect(texts).toEqual(['Erste?', 'model Eins. Zwei ist …', 'Zweite?', 'none ', 'Dritte?', 'model Drei.'])
    expect(await other.answers.of(open.scope, chatId)).toEqual([])

    const again = watch(
      other.answers.run(
        open.scope,
        {
          chatId,
          text: 'Erste?',
          questionId: question.id,
          request: { again: { messageId: question.id } },
        },
        never,
      ),
    )
    const anew = await lineOf(other, 1)
    anew.say(sentence('Alles.'))
    anew.finish()
    await again.ended
    expect((await messages())[1]).toMatchObject({ id: answer.id, text: 'Alles.', answer: { reason: null } })
  })

  it('is kept once where its server was only held up', async () => {
    const [one, other] = two()
    const first = ask(one)
    const answerId = await idOf(first)
    const line = await lineOf(one)
    line.say(sentence('Eins.'))
    const second = await follow(other, answerId)
    await until(second.text).toBe('Eins.')
    one.hold()
    line.say(sentence('Zwei.'))
    line.finish()
    await second.ended
    one.goOn()
    await first.ended
    const all = await messages()
    expect(all).toHaveLength(2)
    for (const reader of [first, second])
      expect(reader.last()).toMatchObject({
        type: 'interrupted',
        messageId: all[1].id,
        reason: { code: 'server-lost' },
      })
    expect(all[1].text).toBe('Eins.')
  })

  it('leaves the answer before it where its server died before a word was shown', async () => {
    const [one, other] = two()
    const first = ask(one)
    const line = await lineOf(one)
    line.say(sentence('Alt.'))
    line.finish()
    await first.ended
    const before = await messages()
    const request = { again: { messageId: before[0].id } }
    const asked = { chatId, text: 'Wie hoch?', questionId: before[0].id, request }
    const again = watch(one.answers.run(open.scope, asked, never))
    const second = await follow(other, await idOf(again))
    await until(() => second.events().length).toBe(2)
    one.hold()
    await second.ended
    expect(second.last()).toMatchObject({ type: 'interrupted', messageId: before[1].id })
    expect(await messages()).toEqual(before)
  })

  it('is named to everybody as long as it waits for the server that is dead', async () => {
    const [one, other] = two()
    const first = ask(one)
    const answerId = await idOf(first)
    await lineOf(one)
    one.hold()
    expect(await other.answers.of(open.scope, chatId)).toHaveLength(1)
    expect(await other.answers.stop(open.scope, answerId)).toBe(true)
    await expect.poll(() => other.answers.of(open.scope, chatId)).toEqual([])
    expect((await messages()).map(({ answer }) => answer?.mode)).toEqual([undefined, 'none'])
  })

  it('is kept at the next start where there is one server alone', async () => {
    const one = serve()
    const first = ask(one)
    const answerId = await idOf(first)
    const line = await lineOf(one)
    line.say(sentence('Eins.'), draft('Zwei'))
    const written = async () => (await open.store.answers.get(open.scope, answerId))?.draft
    await expect.poll(written).toBe('Zwei')
    one.hold()
    const next = serve()
    await expect.poll(async () => (await messages())[1]?.text).toBe('Eins. Zwei …')
    const after = await follow(next, answerId)
    await after.ended
    expect(after.last()).toMatchObject({ type: 'interrupted', reason: { code: 'server-lost' } })
  })

  it('that a server alone gave in no time can be read behind its end, too', async () => {
    const one = serve()
    const first = ask(one)
    const answerId = await idOf(first)
    const line = await lineOf(one)
    line.say(sentence('Eins.'))
    line.finish()
    await first.ended
    expect(await open.store.answers.get(open.scope, answerId)).toMatchObject({ endedAt: null })
    const ended = async () => (await open.store.answers.get(open.scope, answerId))?.endedAt
    for (let round = 0; round < 2; round++) {
      const after = await follow(one, answerId, { from: 1 })
      await after.ended
      expect(after.said).toEqual(settled(first.said).slice(1))
      await expect.poll(ended).toBeTypeOf('number')
    }
  })
})
