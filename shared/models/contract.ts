/** What every model that writes keeps, wherever it runs: ours in its own process, and those of servers. */
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../errors.ts'

/** A word of the question, and what the model says to it. */
export const says = {
  GREET: 'Guten Tag, alle miteinander – 日本語 😀.',
  RESULT: 'Dort sind es vier Grad.',
  JSON: '{"title": "Ada", "pages": 36}',
} as const
/** Says this before `answer`. */
export const thinks = { word: 'THINK', thought: 'Hm, mal sehen.', answer: 'Ja.' } as const
/** Never ends. */
export const endless = { word: 'FOREVER', text: 'eins zwei drei' } as const
/** Never ends; what it runs on is ended at the first word, or ends by itself. */
export const breaking = { word: 'BREAK', text: 'vier fünf sechs' } as const
/** Calls the tool `weather`. */
export const calls = { word: 'WEATHER', input: '{"place": "Bonn"}' } as const
/** More than it can read. */
export const tooLong = 'TOOLONG '.repeat(4_000)

export interface ModelUnderTest {
  model: LanguageModelV4
  /** Ends what it runs on in the middle of an answer, where `breaking` does not do so by itself. */
  breakOff?(): void
  /** Codes that may tell of it. */
  broken: readonly string[]
  close(): Promise<void>
}

const tools: LanguageModelV4FunctionTool[] = [
  {
    type: 'function',
    name: 'weather',
    inputSchema: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
  },
]
const ask = (text: string): LanguageModelV4Prompt => [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'text', text }] },
]
/** Milliseconds. */
const soon = 1_000

export function contract(name: string, open: () => Promise<ModelUnderTest>): void {
  describe(name, () => {
    let opened: ModelUnderTest
    beforeAll(async () => {
      opened = await open()
    }, 60_000)
    afterAll(() => opened.close())

    async function read(
      options: LanguageModelV4CallOptions,
      seen: (part: LanguageModelV4StreamPart) => void = () => {},
    ) {
      const parts: LanguageModelV4StreamPart[] = []
      let error: unknown
      try {
        const { stream } = await opened.model.doStream(options)
        for await (const part of stream) {
          parts.push(part)
          seen(part)
        }
      } catch (thrown) {
        error = thrown
      }
      const last = parts.at(-1)
      return {
        parts,
        error,
        code: error instanceof AppError ? error.code : error,
        finish: last?.type === 'finish' ? last : undefined,
        text: parts.map(part => (part.type === 'text-delta' ? part.delta : '')).join(''),
        reasoning: parts.map(part => (part.type === 'reasoning-delta' ? part.delta : '')).join(''),
      }
    }

    test('streams what it says, opened and closed, with what it cost', async () => {
      const { parts, text, finish, error } = await read({ prompt: ask('GREET') })
      expect([error, text]).toEqual([undefined, says.GREET])
      expect(parts[0]).toEqual({ type: 'stream-start', warnings: [] })
      const open = new Set<string>()
      for (const part of parts) {
        if (part.type === 'text-start') open.add(part.id)
        if (part.type === 'text-delta') expect(open.has(part.id)).toBe(true)
        if (part.type === 'text-end') expect(open.delete(part.id)).toBe(true)
      }
      expect([...open]).toEqual([])
      expect(finish?.finishReason.unified).toBe('stop')
      const { inputTokens, outputTokens } = finish!.usage
      expect(inputTokens.total).toBeGreaterThan(0)
      expect(outputTokens.total).toBeGreaterThan(0)
      expect(inputTokens.cacheRead ?? 0).toBeLessThanOrEqual(inputTokens.total!)
      if (inputTokens.cacheRead !== undefined)
        expect(inputTokens.noCache! + inputTokens.cacheRead).toBe(inputTokens.total)
    })

    test('gives the same in one piece', async () => {
      const { content, finishReason, usage } = await opened.model.doGenerate({ prompt: ask('GREET') })
      expect(content).toMatchObject([{ type: 'text', text: says.GREET }])
      expect(finishReason.unified).toBe('stop')
      expect(usage.outputTokens.total).toBeGreaterThan(0)
    })

    test('keeps what it thinks apart', async () => {
      const { text, reasoning } = await read({ prompt: ask(thinks.word), reasoning: 'medium' })
      expect([text, reasoning.trim()]).toEqual([thinks.answer, thinks.thought])
    })

    test('answers several at once, each its own', async () => {
      const words = ['GREET', 'RESULT', 'GREET'] as const
      const answers = await Promise.all(words.map(word => read({ prompt: ask(word) })))
      expect(answers.map(({ text }) => text)).toEqual(words.map(word => says[word]))
    })

    test('is stopped by signal within a second, keeps what came, and goes on', async () => {
      const stop = new AbortController()
      let stopped = 0
      const { text, code } = await read({ prompt: ask(endless.word), abortSignal: stop.signal }, part => {
        if (part.type !== 'text-delta' || stopped > 0) return
        stopped = performance.now()
        stop.abort()
      })
      expect(performance.now() - stopped).toBeLessThan(soon)
      expect(code).toBe('cancelled')
      expect(text).toMatch(/^eins/)
      expect((await read({ prompt: ask('GREET') })).text).toBe(says.GREET)
    })

    test('is stopped before it begins, and while it says all at once', async () => {
      const prompt = ask(endless.word)
      expect((await read({ prompt, abortSignal: AbortSignal.abort() })).code).toBe('cancelled')
      const stop = new AbortController()
      const whole = opened.model.doGenerate({ prompt, abortSignal: stop.signal })
      const began = performance.now()
      stop.abort()
      await expect(whole).rejects.toMatchObject({ code: 'cancelled' })
      expect(performance.now() - began).toBeLessThan(soon)
    })

    test('is stopped by who leaves the stream', async () => {
      const { stream } = await opened.model.doStream({ prompt: ask(endless.word) })
      for await (const part of stream) if (part.type === 'text-delta') break
      const began = performance.now()
      expect((await read({ prompt: ask('GREET') })).text).toBe(says.GREET)
      expect(performance.now() - began).toBeLessThan(soon)
    })

    test('writes JSON of a schema', async () => {
      const schema = {
        type: 'object' as const,
        properties: { title: { type: 'string' as const }, pages: { type: 'integer' as const } },
        required: ['title', 'pages'],
        additionalProperties: false,
      }
      const { text, parts } = await read({ prompt: ask('JSON'), responseFormat: { type: 'json', schema } })
      expect(parts[0]).toEqual({ type: 'stream-start', warnings: [] })
      expect(JSON.parse(text)).toEqual(JSON.parse(says.JSON))
    })

    test('calls a tool, and goes on with what it gave back', async () => {
      const prompt = ask(calls.word)
      const { parts, finish } = await read({ prompt, tools })
      const called = parts.find(part => part.type === 'tool-call')!
      expect([called.toolName, JSON.parse(called.input)]).toEqual(['weather', JSON.parse(calls.input)])
      const started = parts.filter(part => part.type === 'tool-input-start')
      expect(started.map(({ id, toolName }) => [id, toolName])).toEqual([[called.toolCallId, 'weather']])
      expect(parts.map(part => (part.type === 'tool-input-delta' ? part.delta : '')).join('')).toBe(called.input)
      expect(parts.filter(part => part.type === 'tool-input-end')).toHaveLength(1)
      expect(finish?.finishReason.unified).toBe('tool-calls')

      const { toolCallId, toolName, input } = called
      const output = { type: 'json' as const, value: { RESULT: 4 } }
      const back = await read({
        prompt: [
          ...ask('Wetter?'),
          { role: 'assistant', content: [{ type: 'tool-call', toolCallId, toolName, input: JSON.parse(input) }] },
          { role: 'tool', content: [{ type: 'tool-result', toolCallId, toolName, output }] },
        ],
        tools,
      })
      expect([back.text, back.finish?.finishReason.unified]).toEqual([says.RESULT, 'stop'])
    })

    test('gives a call in one piece too', async () => {
      const { content, finishReason } = await opened.model.doGenerate({ prompt: ask(calls.word), tools })
      expect(content.filter(({ type }) => type === 'tool-call')).toMatchObject([{ toolName: 'weather' }])
      expect(finishReason.unified).toBe('tool-calls')
    })

    test('refuses what is longer than it can read', async () => {
      const { code } = await read({ prompt: ask(tooLong) })
      expect(code).toBe('model-input')
      await expect(opened.model.doGenerate({ prompt: ask(tooLong) })).rejects.toMatchObject({ code: 'model-input' })
    })

    test('tells where it was broken off, keeps what came, and answers the next', { timeout: 30_000 }, async () => {
      let begun = false
      const { code, text, finish } = await read({ prompt: ask(breaking.word) }, part => {
        if (part.type !== 'text-delta' || begun) return
        begun = true
        opened.breakOff?.()
      })
      expect(opened.broken).toContain(code)
      expect([text.startsWith('vier'), finish]).toEqual([true, undefined])
      expect((await read({ prompt: ask('GREET') })).text).toBe(says.GREET)
    })
  })
}
