import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type {
  JSONValue,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scriptedChat, tinyOf } from '../../scripts/tiny-models.ts'
import { u32, writeGguf } from '../../scripts/write-gguf.ts'
import type { Log, Models } from '../ports.ts'
import { createForkedProcesses } from '../processes/fork.ts'
import { createModels, modelEntry } from './models.ts'
import { fitsSchema } from './schema-check.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
/** As models are taught to write it. */
const call = (name: string, given: string) => `<tool_call>\n{"name": "${name}", "arguments": ${given}}\n</tool_call>`

let base: string
const opened: Models[] = []

async function open(name: string, model: Parameters<typeof writeGguf>[1]): Promise<Models> {
  const folder = path.join(base, name)
  await mkdir(folder)
  await writeGguf(path.join(folder, 'chat.gguf'), model)
  const models = createModels({
    settings: { folder, contextSize: 8192, maxTokens: 600, temperature: 0.1, threads: 1 },
    processes: createForkedProcesses({ entries: { model: modelEntry }, log }),
    log,
  })
  opened.push(models)
  return models
}

let scripted: Models
let twice: Models
let stranger: Models
let random: Models
beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'cloister-calls-'))
  scripted = await open(
    'scripted',
    scriptedChat([
      { when: 'NORDEN', answer: 'Dort sind es 4 Grad.' },
      { when: 'ONE', answer: `Ich sehe nach.\n${call('weather', '{"place": "Bonn"}')}` },
      { when: 'THINK', answer: '<think>\nHm, eins zwei drei vier fünf sechs.\n</think>\n\nJa.' },
      { when: 'FIELDS', answer: '{"name": "Ada", "age": 36}' },
      { answer: 'Guten Tag.' },
    ]),
  )
  // A word of a script is one token, which leads to the next word: each script with calls needs a model of its own.
  twice = await open(
    'twice',
    scriptedChat(`${call('weather', '{"place": "Kiel"}')}\n${call('clock', '{"zone": "UTC"}')}`),
  )
  stranger = await open('stranger', scriptedChat(call('rob', '{"all": true}')))
  const tiny = tinyOf('qwen3')
  random = await open('random', { ...tiny, metadata: { ...tiny.metadata, 'qwen3.context_length': u32(8192) } })
}, 60_000)
afterAll(async () => {
  await Promise.all(opened.map(models => models.close()))
  await rm(base, { recursive: true, force: true })
})

const tools: LanguageModelV4FunctionTool[] = [
  {
    type: 'function',
    name: 'weather',
    description: 'Weather of a place',
    inputSchema: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
  },
  { type: 'function', name: 'clock', inputSchema: { type: 'object', properties: { zone: { enum: ['UTC', 'CET'] } } } },
]
const asked = (text: string): LanguageModelV4Prompt => [{ role: 'user', content: [{ type: 'text', text }] }]

async function read(
  models: Models,
  options: LanguageModelV4CallOptions,
): Promise<{ parts: LanguageModelV4StreamPart[]; types: string[]; text: string; finish: string; usage: unknown }> {
  const { model } = (await models.chat())!
  const { stream } = await model.doStream(options)
  const parts: LanguageModelV4StreamPart[] = []
  for await (const part of stream) parts.push(part)
  const last = parts.at(-1)!
  return {
    parts,
    types: parts.map(part => part.type).filter(type => !type.endsWith('-delta')),
    text: parts.map(part => (part.type === 'text-delta' ? part.delta : '')).join(''),
    finish: last.type === 'finish' ? last.finishReason.unified : '',
    usage: last.type === 'finish' ? last.usage : undefined,
  }
}

describe('tools', () => {
  test('a call comes as such, apart from the text before it', async () => {
    const { parts, types, text, finish } = await read(scripted, { prompt: asked('ONE'), tools })
    expect(types).toEqual([
      'stream-start',
      'text-start',
      'text-end',
      'tool-input-start',
      'tool-input-end',
      'tool-call',
      'finish',
    ])
    expect([text.trim(), finish]).toEqual(['Ich sehe nach.', 'tool-calls'])
    const called = parts.find(part => part.type === 'tool-call')!
    expect(called).toMatchObject({ toolName: 'weather', input: '{"place": "Bonn"}' })
    const begun = parts.find(part => part.type === 'tool-input-start')!
    expect([begun.id, begun.toolName]).toEqual([called.toolCallId, 'weather'])
    expect(parts.map(part => (part.type === 'tool-input-delta' ? part.delta : '')).join('')).toBe(called.input)
  })

  test('several calls follow each other, each with its own id', async () => {
    const { model } = (await twice.chat())!
    const { content, finishReason } = await model.doGenerate({ prompt: asked('?'), tools })
    expect(content).toMatchObject([
      { type: 'tool-call', toolName: 'weather', input: '{"place": "Kiel"}' },
      { type: 'tool-call', toolName: 'clock', input: '{"zone": "UTC"}' },
    ])
    expect(new Set(content.map(part => part.type === 'tool-call' && part.toolCallId)).size).toBe(2)
    expect(finishReason.unified).toBe('tool-calls')
  })

  test('what a tool gave back is read, and what it says is no sign of the format', async () => {
    const back = (value: string): LanguageModelV4Prompt => [
      ...asked('Wie ist das Wetter?'),
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId: 'a', toolName: 'weather', input: { place: 'N' } }],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 'a', toolName: 'weather', output: { type: 'text', value } }],
      },
    ]
    expect(await read(scripted, { prompt: back('NORDEN: 4 Grad'), tools })).toMatchObject({
      text: 'Dort sind es 4 Grad.',
      finish: 'stop',
    })
    const tokens = async (value: string) =>
      ((await read(scripted, { prompt: back(value), tools })).usage as { inputTokens: { total: number } }).inputTokens
        .total
    // `<think>` is one token of this model, also in plain text; in what others wrote it is seven.
    expect((await tokens('<think>')) - (await tokens('(think)'))).toBe(0)
  })

  test('a tool it was not told of cannot be called, and none where none may be', async () => {
    const strange = await read(stranger, { prompt: asked('?'), tools, maxOutputTokens: 60 })
    for (const part of strange.parts)
      if (part.type === 'tool-call') expect(['weather', 'clock']).toContain(part.toolName)
    const none = await read(scripted, { prompt: asked('ONE'), tools, toolChoice: { type: 'none' } })
    expect([none.finish, none.types.includes('tool-call')]).toEqual(['stop', false])
    expect(none.text).toContain('<tool_call>')
  })

  test('one it must call is called, with what its schema wants', { timeout: 60_000 }, async () => {
    const one: LanguageModelV4FunctionTool = {
      type: 'function',
      name: 'search',
      inputSchema: {
        type: 'object',
        properties: { words: { type: 'string', maxLength: 20 }, top: { type: 'integer', minimum: 1, maximum: 50 } },
        required: ['words', 'top'],
      },
    }
    for (const toolChoice of [{ type: 'required' }, { type: 'tool', toolName: 'search' }] as const) {
      for (const seed of [1, 2, 3]) {
        const options = { prompt: asked('Suche'), tools: [...tools, one], toolChoice, temperature: 1, seed }
        const { parts } = await read(random, { ...options, maxOutputTokens: 300 })
        const called = parts.find(part => part.type === 'tool-call')
        if (!called || called.input.includes('\uFFFD')) continue
        const { inputSchema } = [...tools, one].find(({ name }) => name === called.toolName)!
        expect([called.input, fitsSchema(JSON.parse(called.input), inputSchema)]).toEqual([called.input, true])
        if (toolChoice.type === 'tool') expect(called.toolName).toBe('search')
      }
    }
    const { types } = await read(random, {
      prompt: asked('Suche'),
      tools: [one],
      toolChoice: { type: 'required' },
      maxOutputTokens: 300,
      temperature: 0,
    })
    expect(types.slice(0, 2)).toEqual(['stream-start', 'tool-input-start'])
  })

  test('a call cut short is none', async () => {
    const { types, finish } = await read(twice, { prompt: asked('?'), tools, maxOutputTokens: 4 })
    expect(finish).toBe('length')
    expect(types).not.toContain('tool-call')
  })
})

test('thinking is bounded by what was wished for', async () => {
  const wished = async (maxOutputTokens: number) => {
    const { types, text, usage } = await read(scripted, { prompt: asked('THINK'), maxOutputTokens, reasoning: 'low' })
    return { types, text, reasoning: (usage as { outputTokens: { reasoning: number } }).outputTokens.reasoning }
  }
  expect(await wished(60)).toMatchObject({ text: 'Ja.' })
  // Closed after four; the script then begins to think again, which is closed at once.
  expect((await wished(8)).reasoning).toBeLessThanOrEqual(6)
})

describe('JSON', () => {
  const schema = {
    type: 'object' as const,
    properties: { name: { type: 'string' as const }, age: { type: 'integer' as const } },
    required: ['name', 'age'],
  }
  test('is what the model writes, if it writes what was asked for', async () => {
    const { text, finish } = await read(scripted, { prompt: asked('FIELDS'), responseFormat: { type: 'json', schema } })
    expect([JSON.parse(text), finish]).toEqual([{ name: 'Ada', age: 36 }, 'stop'])
  })

  test('is refused where the schema is none, and told where it cannot be held to it', async () => {
    const { model } = (await random.chat())!
    const cycle = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }
    const deep = Array.from({ length: 200 }).reduce<object>(items => ({ type: 'array', items }), {})
    for (const bad of [cycle, deep, { type: 'thing' }, { enum: [] }, { $ref: 'http://else/where' }])
      await expect(
        model.doGenerate({ prompt: asked('?'), responseFormat: { type: 'json', schema: bad as object } }),
      ).rejects.toMatchObject({ code: 'input-invalid' })
    const pattern = { type: 'string' as const, pattern: '^(a+)+$' }
    const loose = await model.doGenerate({
      prompt: asked('?'),
      responseFormat: { type: 'json', schema: pattern },
      maxOutputTokens: 400,
      temperature: 1,
      seed: 3,
    })
    expect(loose.warnings).toMatchObject([{ type: 'compatibility', feature: 'responseFormat' }])
    expect(['other', 'length']).toContain(loose.finishReason.unified)
  })

  test('that is whole but does not fit what no grammar says ends as such, not as a crash', async () => {
    const schema = {
      type: 'object' as const,
      properties: { name: { type: 'string' as const, pattern: '^Bob$' }, age: { type: 'integer' as const } },
      required: ['name', 'age'],
    }
    const { parts, text } = await read(scripted, {
      prompt: asked('FIELDS'),
      responseFormat: { type: 'json', schema },
    })
    expect(JSON.parse(text)).toEqual({ name: 'Ada', age: 36 })
    expect(parts.at(-1)).toMatchObject({
      finishReason: { unified: 'other', raw: 'invalid' },
      providerMetadata: { cloister: { fitsSchema: false } },
    })
  })

  test('of 200 schemas fits each, whatever the model would say', { timeout: 300_000 }, async () => {
    const { model } = (await random.chat())!
    let whole = 0
    await fc.assert(
      fc.asyncProperty(schemas, fc.nat(), async (schema, seed) => {
        const { content, finishReason } = await model.doGenerate({
          prompt: asked('?'),
          responseFormat: { type: 'json', schema: schema as object },
          temperature: 1.2,
          topP: 1,
          topK: 0,
          seed,
          maxOutputTokens: 500,
        })
        const text = content.map(part => (part.type === 'text' ? part.text : '')).join('')
        // Random bytes are half characters now and then, which the grammar takes for whole ones.
        if (finishReason.unified === 'length' || text.includes('\uFFFD')) return
        expect(finishReason.unified).toBe('stop')
        expect([text, fitsSchema(JSON.parse(text), schema)]).toEqual([text, true])
        whole++
      }),
      { numRuns: 200, endOnFailure: true },
    )
    expect(whole).toBeGreaterThan(120)
  })
})

/** As people write them, and nested three deep. */
const schemas = fc.letrec<{ any: Record<string, JSONValue> }>(tie => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }), { maxLength: 4 })
  const bounds = fc.tuple(fc.integer({ min: -1200, max: 1200 }), fc.nat(3000))
  const leaf = fc.oneof(
    fc.record({ type: fc.constantFrom('boolean', 'null', 'integer', 'number') }),
    fc.record({ type: fc.constant('string'), maxLength: fc.nat(12) }),
    fc.record({ type: fc.constant('string'), format: fc.constantFrom('date', 'time', 'date-time', 'uuid') }),
    bounds.map(([minimum, width]) => ({ type: 'integer', minimum, maximum: minimum + width })),
    fc.record({ enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 4 }) }),
    fc.record({ const: fc.jsonValue({ maxDepth: 2 }) }),
  )
  const tuple = fc.array(tie('any'), { minLength: 1, maxLength: 3 })
  const array = fc.record({ type: fc.constant('array'), items: tie('any'), minItems: fc.nat(2), more: fc.nat(2) })
  const object = fc.tuple(names, fc.array(tie('any'), { minLength: 4, maxLength: 4 }), fc.nat(15))
  return {
    any: fc.oneof(
      { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
      leaf,
      array.map(({ more, ...rest }) => ({ ...rest, maxItems: rest.minItems + more })),
      object.map(([keys, values, needed]) => ({
        type: 'object',
        properties: Object.fromEntries(keys.map((key, at) => [key, values[at]])),
        required: keys.filter((_, at) => needed & (1 << at)),
        additionalProperties: false,
      })),
      fc.record({ anyOf: tuple }),
      fc.record({ type: fc.constant('array'), prefixItems: tuple, items: fc.constant(false) }),
      tie('any')
        .map(inner => ({ $ref: '#/$defs/x', $defs: { x: inner } }))
        .map(({ $defs }) => $defs.x),
    ) as fc.Arbitrary<Record<string, JSONValue>>,
  }
}).any
