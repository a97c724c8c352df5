import { afterEach, describe, expect, it, vi } from 'vitest'
import { bytes, createLineParser, noModels, openTestCore, type TestCore } from '../../tests/open-core.ts'
import { inPieces, type Said, type SpokenModel, spokenModel } from '../../tests/red-team/spoken-model.ts'
import { AppError, reasonOf } from '../errors.ts'
import { createTranslate, explain } from '../messages/index.ts'
import type { AnswerEvent, ErrorCode } from '../model/index.ts'
import type { AskRequest } from './ask.ts'

let open: TestCore
afterEach(() => open?.close())

const lease = [
  'Die Kündigungsfrist für die Wohnung in der Lindenstraße beträgt drei Monate zum Monatsende.',
  'Die Kaution beträgt 1.950 Euro und ist in drei gleichen Raten zu zahlen.',
  'Haustiere sind nach vorheriger Zustimmung der Vermieterin erlaubt.',
].join('\n')
const good = 'Die Kaution beträgt 1.950 Euro. [1] Sie ist in drei gleichen Raten zu zahlen. [1]'

async function openWith(
  answers: readonly (readonly Said[])[] | (() => Promise<SpokenModel>),
  more: Parameters<typeof spokenModel>[1] = {},
): Promise<SpokenModel> {
  const model = Array.isArray(answers) ? spokenModel(answers, more) : spokenModel([['']], more)
  const chat = typeof answers === 'function' ? answers : async () => model
  open = await openTestCore(createLineParser(), { models: { ...noModels, chat } })
  open.core.start()
  await open.core.documents.add(open.scope, { name: 'mietvertrag.txt', open: () => bytes(lease) })
  await open.core.settled(open.scope)
  return model
}

async function ask(question: string, request: Partial<AskRequest> = {}, signal?: AbortSignal) {
  const events: AnswerEvent[] = []
  for await (const event of open.core.ask(open.scope, { question, ...request }, signal)) events.push(event)
  const last = events.at(-1)
  if (last?.type !== 'finish') throw new Error('no finish')
  return { events, kinds: [...new Set(events.map(event => event.type))], answer: last.answer }
}

const lastMessage = async () => {
  const [chat] = await open.core.chats.list(open.scope)
  return (await open.core.chats.messages(open.scope, chat.id)).at(-1)
}

describe('a model writes', () => {
  it('passages first, drafts and sentences, then the whole, and the chat keeps it', async () => {
    await openWith([inPieces(good, 4)])
    const { kinds, answer } = await ask('Wie hoch ist die Kaution?')
    expect(kinds).toEqual(['passages', 'waiting', 'draft', 'sentence', 'finish'])
    expect(answer).toMatchObject({ mode: 'model', model: 'spoken', reason: null, language: 'de' })
    expect(answer.text).toBe('Die Kaution beträgt 1.950 Euro. Sie ist in drei gleichen Raten zu zahlen.')
    expect(answer.sentences.map(sentence => sentence.supported)).toEqual([true, true])
    expect(answer.citations[0].quote).toContain('1.950 Euro')
    expect((await lastMessage())?.answer).toMatchObject({ mode: 'model', sentences: answer.sentences, model: 'spoken' })
  })
  it('in the language of the question, from sources that nothing in them can end', async () => {
    const model = await openWith([[good]])
    await ask('Wie hoch ist die Kaution?')
    const [system, user] = model.calls[0].prompt
    expect(system.content).toContain('auf Deutsch')
    const text = user.role === 'user' && user.content[0].type === 'text' ? user.content[0].text : ''
    expect(text).toMatch(/^<sources>\n\[1\] mietvertrag\.txt\n/)
    expect(text.match(/<\/?sources>/g)).toHaveLength(2)
    expect(text.endsWith('Frage: Wie hoch ist die Kaution?')).toBe(true)
  })
  it('not at all when quotes are wanted, or the evidence is weak', async () => {
    const model = await openWith([[good]])
    expect((await ask('Wie hoch ist die Kaution?', { mode: 'quotes' })).answer).toMatchObject({
      mode: 'quotes',
      reason: null,
      model: null,
    })
    expect((await ask('Wer wurde 1998 Weltmeister im Schach?')).answer).toMatchObject({
      mode: 'declined',
      reason: null,
    })
    expect(model.calls).toEqual([])
  })
  it('that the sources do not say: what speaks of it is quoted, and a word about it', async () => {
    await openWith([['Das steht nicht in den Quellen.']])
    const { answer, kinds } = await ask('Wie hoch ist die Kaution?')
    expect(answer).toMatchObject({ mode: 'quotes', sentences: [], model: null, reason: { code: 'model-declined' } })
    expect(answer.citations[0].quote).toContain('1.950 Euro')
    expect(kinds).not.toContain('sentence')
  })
  it('nothing that can be proven: quotes, and a word about it', async () => {
    await openWith([['Die Kaution beträgt 9.999 Euro. [1]']])
    const { answer } = await ask('Wie hoch ist die Kaution?')
    expect(answer).toMatchObject({ mode: 'quotes', reason: { code: 'model-unproven' }, sentences: [], model: null })
    expect(answer.citations.length).toBeGreaterThan(0)
  })
})

describe('a model fails', () => {
  it.each([
    ['before it said anything', [new AppError('model-crashed')], 'model-crashed'],
    ['in the middle', ['Die Kaution beträgt 1.950 Euro. [1] Sie', new AppError('model-timeout')], 'model-timeout'],
    ['by something unknown', ['Die ', new Error('boom')], 'internal'],
    ['by saying nothing', [''], 'model-unproven'],
  ] as const)('%s: quotes follow, the chat is unharmed', async (_, said, code) => {
    await openWith([said, [good]])
    const first = await ask('Wie hoch ist die Kaution?')
    expect(first.answer).toMatchObject({ mode: 'quotes', reason: { code }, sentences: [] })
    expect(first.events.some(event => event.type === 'quote')).toBe(true)
    const again = await ask('Wie hoch ist die Kaution?', { chatId: first.answer.chatId })
    expect(again.answer.mode).toBe('model')
  })
  const values: Record<Extract<ErrorCode, `model-${string}`>, Record<string, string | number>> = {
    'model-missing': { file: 'x.gguf' },
    'model-invalid': { name: 'x', detail: 'load' },
    'model-unsupported': { name: 'x', detail: 'template' },
    'model-memory': { name: 'x', needed: 900, free: 400 },
    'model-input': { name: 'x', tokens: 900, limit: 400 },
    'model-context': { name: 'x', size: 256 },
    'model-crashed': { name: 'x' },
    'model-timeout': { name: 'x' },
    'model-unavailable': { name: 'x', seconds: 9 },
    'model-unproven': {},
    'model-declined': {},
    'model-not-found': { name: 'x' },
    'model-cannot': { name: 'x', what: 'tools' },
    'model-replaced': { name: 'x.gguf', other: 'y', why: 'model-crashed' },
    'model-other': { name: 'x', other: 'y' },
    'model-exists': { name: 'x' },
    'model-too-large': { name: 'x', limit: 9 },
  }
  it('and why is told with all that its text needs', async () => {
    const codes = Object.keys(values) as (keyof typeof values)[]
    // Its sources are read with less and less, and then it is the context that is too small.
    const thrown = codes.filter(code => code !== 'model-input')
    await openWith(thrown.map(code => [new AppError(code, values[code])]))
    for (const code of thrown) {
      const { reason } = (await ask('Wie hoch ist die Kaution?')).answer
      expect(reason).toEqual(reasonOf(new AppError(code, values[code])))
    }
    for (const code of codes)
      for (const language of ['de', 'en'] as const)
        expect(explain(createTranslate(language), { code, values: values[code] })).not.toMatch(/\{\{|^error\./)
  })
  it('because its context is too small: that is said', async () => {
    await openWith([[new AppError('model-input', values['model-input'])]], { contextSize: 256 })
    const { answer } = await ask('Wie hoch ist die Kaution?')
    expect(answer).toMatchObject({
      mode: 'quotes',
      reason: { code: 'model-context', values: { name: 'spoken', size: 256 } },
    })
  })
  it('to be there', async () => {
    await openWith(async () => {
      throw new AppError('model-missing', { file: 'x.gguf' })
    })
    expect((await ask('Wie hoch ist die Kaution?')).answer).toMatchObject({
      mode: 'quotes',
      reason: { code: 'model-missing' },
    })
  })
})

describe('several at once', () => {
  it('in one chat are answered one after the other', async () => {
    await openWith([[good]])
    const { answer } = await ask('Wie hoch ist die Kaution?')
    const { chatId } = answer
    await Promise.all([
      ask('Wie hoch ist die Kaution?', { chatId }),
      ask('Sind Haustiere erlaubt?', { chatId, mode: 'quotes' }),
      ask('Wie lang ist die Kündigungsfrist?', { chatId, mode: 'quotes' }),
    ])
    const messages = await open.core.chats.messages(open.scope, chatId)
    expect(messages.map(message => message.role).join(' ')).toBe(Array(4).fill('user assistant').join(' '))
  })
  it('whoever stops waiting for an earlier one leaves the rest as it is', async () => {
    const model = await openWith([[good], ['Die ', { wait: new Promise(() => {}) }], [good]])
    const { chatId } = (await ask('Wie hoch ist die Kaution?')).answer
    const [hanging, waiting] = [new AbortController(), new AbortController()]
    const first = ask('Wie hoch ist die Kaution?', { chatId }, hanging.signal)
    // Of those that are asked in the same moment, any may be the first.
    await vi.waitFor(() => expect(model.calls).toHaveLength(2), 30_000)
    const second = ask('Wie hoch ist die Kaution?', { chatId }, waiting.signal)
    const third = ask('Wie hoch ist die Kaution?', { chatId })
    waiting.abort()
    await expect(second).rejects.toMatchObject({ code: 'cancelled' })
    hanging.abort()
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    expect((await third).answer.mode).toBe('model')
  })
  it('a reader who stalls does not keep the model from others', async () => {
    await openWith([inPieces(good, 4), [good]])
    const slow = open.core.ask(open.scope, { question: 'Wie hoch ist die Kaution?' })[Symbol.asyncIterator]()
    expect((await slow.next()).value).toMatchObject({ type: 'passages' })
    expect((await ask('Wie hoch ist die Kaution?')).answer.mode).toBe('model')
    const rest: AnswerEvent[] = []
    for (;;) {
      const { done, value } = await slow.next()
      if (done) break
      rest.push(value)
    }
    expect(rest.filter(event => event.type === 'sentence')).toHaveLength(2)
    expect(rest.at(-1)).toMatchObject({ type: 'finish', answer: { mode: 'model' } })
  })
  it('a reader who leaves at a draft has it in the chat', async () => {
    await openWith([['Und sie ist ', { wait: new Promise(() => {}) }]])
    for await (const event of open.core.ask(open.scope, { question: 'Wie hoch ist die Kaution?' }))
      if (event.type === 'draft') break
    expect(await lastMessage()).toMatchObject({ text: 'Und sie ist …', answer: { reason: { code: 'cancelled' } } })
  })
})

describe('a stop', () => {
  it('keeps what was written so far', async () => {
    await openWith([['Die Kaution beträgt 1.950 Euro. [1] Und sie ist ', { wait: new Promise(() => {}) }]])
    const stop = new AbortController()
    const seen: AnswerEvent[] = []
    await expect(
      (async () => {
        for await (const event of open.core.ask(open.scope, { question: 'Wie hoch ist die Kaution?' }, stop.signal)) {
          seen.push(event)
          if (event.type === 'draft' && event.text.startsWith('Und')) stop.abort()
        }
      })(),
    ).rejects.toMatchObject({ code: 'cancelled' })
    const kept = await lastMessage()
    expect(kept?.answer).toMatchObject({ mode: 'model', reason: { code: 'cancelled' } })
    expect(kept?.answer?.sentences.map(sentence => [sentence.text, sentence.supported])).toEqual([
      ['Die Kaution beträgt 1.950 Euro.', true],
      ['Und sie ist …', false],
    ])
  })
  it('before the first word says nothing of the documents, and nothing refers back to it', async () => {
    const model = await openWith([[{ wait: new Promise(() => {}) }]])
    const stop = new AbortController()
    const stopped = ask('Wie hoch ist die Kaution?', {}, stop.signal)
    await vi.waitFor(() => expect(model.calls).toHaveLength(1), 30_000)
    stop.abort()
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
    const kept = await lastMessage()
    expect(kept).toMatchObject({ role: 'assistant', text: '', answer: { mode: 'none', reason: { code: 'cancelled' } } })
    const next = await ask('Was kostet das?', { chatId: kept!.chatId, mode: 'quotes' })
    expect(next.events[0]).toMatchObject({ type: 'passages', question: 'Was kostet das?' })
  })
  it('and a reader who leaves give the turn back', async () => {
    await openWith([['Die Kaution beträgt 1.950 Euro. [1] Und sie ist ', { wait: new Promise(() => {}) }], [good]])
    for await (const event of open.core.ask(open.scope, { question: 'Wie hoch ist die Kaution?' }))
      if (event.type === 'sentence') break
    expect((await lastMessage())?.answer).toMatchObject({ mode: 'model', reason: { code: 'cancelled' } })
    expect((await ask('Wie hoch ist die Kaution?')).answer.mode).toBe('model')
  })
})

describe('two questions at once', () => {
  it('the second hears that it waits, and is answered', async () => {
    let release = () => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const model = await openWith([[{ wait: gate }, good], [good]])
    const first = ask('Wie hoch ist die Kaution?')
    await vi.waitUntil(() => model.calls.length === 1, 30_000)
    const places: number[] = []
    const second = (async () => {
      for await (const event of open.core.ask(open.scope, { question: 'Sind Haustiere erlaubt?' })) {
        if (event.type === 'waiting') places.push(event.place)
        if (event.type === 'waiting' && event.place === 1) release()
      }
    })()
    await second
    expect((await first).answer.mode).toBe('model')
    expect(places).toEqual([1, 0])
  })
})

describe('a chat', () => {
  const promptText = (model: SpokenModel, call: number) =>
    model.calls[call].prompt
      .map(message =>
        typeof message.content === 'string'
          ? message.content
          : message.content.map(part => (part.type === 'text' ? part.text : '')).join(''),
      )
      .join('\n---\n')
  it('follows on the same sources: the prompt begins with the same letters', async () => {
    const model = await openWith([[good], ['Die Kaution ist in drei gleichen Raten zu zahlen. [1]']])
    const first = await ask('Wie hoch ist die Kaution?')
    await ask('Und in wie vielen Raten ist sie zu zahlen?', { chatId: first.answer.chatId })
    const [one, two] = [promptText(model, 0), promptText(model, 1)]
    const prefix = one.slice(0, one.indexOf('</sources>') + 10)
    expect(two.startsWith(prefix)).toBe(true)
    expect(two).toContain('Die Kaution beträgt 1.950 Euro. [1]')
    expect(two.indexOf('Wie hoch ist die Kaution?')).toBeLessThan(two.indexOf('Und in wie vielen Raten'))
  })
  it('takes over from the last question that was answered, not from one that was declined', async () => {
    await openWith([['']])
    const completed = async (question: string, chatId?: string) => {
      const { events, answer } = await ask(question, { mode: 'quotes', ...(chatId && { chatId }) })
      const [passages] = events
      return { ...answer, searched: passages.type === 'passages' ? passages.question : '' }
    }
    const nonsense = await completed('asdf qwer')
    expect(nonsense.mode).toBe('declined')
    expect((await completed('Was kostet das?', nonsense.chatId)).searched).toBe('Was kostet das?')
    const { chatId } = await completed('Wie hoch ist die Kaution?')
    expect((await completed('asdf qwer', chatId)).mode).toBe('declined')
    expect((await completed('Und wann ist sie zu zahlen?', chatId)).searched).toContain(' — Kaution')
  })
  describe('a question the rule is unsure of', () => {
    const long =
      'Welche Kündigungsfrist gilt laut Vertrag seit Jahren für Mieter der Wohnung in der Lindenstraße zum Monatsende?'
    const answer = ['Die Kündigungsfrist beträgt drei Monate. [1]']
    const follow = async (said: readonly Said[]) => {
      const model = await openWith([answer, said, answer])
      const first = await ask(long)
      const second = await ask('Und wie lange gilt sie?', { chatId: first.answer.chatId })
      const [passages] = second.events
      return { model, understood: passages.type === 'passages' ? passages.question : '', second }
    }
    it('is completed by the model, in a sequence of its own', async () => {
      const { model, understood, second } = await follow(['Wie lange gilt die Kündigungsfrist für die Wohnung?'])
      expect(understood).toBe('Wie lange gilt die Kündigungsfrist für die Wohnung?')
      expect(model.calls.map(call => call.providerOptions?.cloister)).toEqual([
        undefined,
        { sequence: 'rewrite' },
        undefined,
      ])
      expect(model.calls[1]).toMatchObject({ temperature: 0, maxOutputTokens: 60 })
      expect(second.answer.mode).toBe('model')
    })
    it.each([
      ['words of its own', ['Wie lange gilt der Mietvertrag von Petra Schulz?']],
      ['a number of its own', ['Wie lange gilt die Kündigungsfrist von 30 Tagen?']],
      ['no question', ['Die Kündigungsfrist gilt drei Monate.']],
      ['a failure', [new AppError('model-crashed')]],
    ] as const)('keeps the rule for %s', async (_, said) => {
      const { understood } = await follow(said)
      expect(understood).toMatch(/^Und wie lange gilt sie\? — \P{Lu}*Kündigungsfrist/u)
    })
  })
  it('only the documents asked for are in the prompt, whatever the last answer was written from', async () => {
    const model = await openWith([[good]])
    const { document } = await open.core.documents.add(open.scope, {
      name: 'neu.txt',
      open: () => bytes('Die Kaution beträgt 1.950 Euro laut Nachtrag und ist in Raten zu zahlen.'),
    })
    await open.core.settled(open.scope)
    const first = await ask('Wie hoch ist die Kaution?')
    expect(promptText(model, 0)).toContain('mietvertrag.txt')
    await ask('Wie hoch ist die Kaution?', { chatId: first.answer.chatId, documents: [document.id] })
    expect(promptText(model, 1)).toContain('neu.txt')
    expect(promptText(model, 1)).not.toContain('mietvertrag.txt')
  })
  it('what only other documents speak of is no evidence in those asked for', async () => {
    await openWith([['']])
    const [lease] = await open.core.documents.list(open.scope)
    const strange = 'Welche Festplatte braucht die Kündigungsfrist?'
    const alone = (await ask(strange, { mode: 'quotes' })).answer.evidence
    const manual = Array.from({ length: 40 }, (_, at) => `Schritt ${at}: Die Festplatte ${at} wird eingebaut.`).join(
      '\n',
    )
    await open.core.documents.add(open.scope, { name: 'handbuch.txt', open: () => bytes(manual) })
    await open.core.settled(open.scope)
    const within = (await ask(strange, { mode: 'quotes', documents: [lease.id] })).answer.evidence
    expect(within).toBeLessThan(alone + 0.03)
    const { answer } = await ask('Wie hoch ist die Kaution?', { mode: 'quotes', documents: [lease.id] })
    expect(answer.citations[0].quote).toContain('1.950 Euro')
  })
  it('a document that was deleted since is in no prompt', async () => {
    const model = await openWith([[good], ['Haustiere sind nach vorheriger Zustimmung der Vermieterin erlaubt. [1]']])
    const first = await ask('Wie hoch ist die Kaution?')
    const { document } = await open.core.documents.add(open.scope, {
      name: 'neu.txt',
      open: () => bytes('Die Kaution beträgt 1.950 Euro laut Nachtrag.'),
    })
    await open.core.settled(open.scope)
    const [old] = (await open.core.documents.list(open.scope)).filter(({ id }) => id !== document.id)
    await open.core.documents.delete(open.scope, old.id)
    await ask('Wie hoch ist die Kaution?', { chatId: first.answer.chatId })
    expect(promptText(model, 1)).toContain('Nachtrag')
    // What it proved is not told either.
    expect(promptText(model, 1)).not.toContain('drei gleichen Raten')
    expect(promptText(model, 1)).not.toContain('mietvertrag.txt')
  })
})
