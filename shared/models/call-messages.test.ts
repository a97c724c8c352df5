import type { JSONSchema7, LanguageModelV4FunctionTool } from '@ai-sdk/provider'
import { expect, test } from 'vitest'
import { warningsOf } from './call-messages.ts'

const tool = (name: string, inputSchema: JSONSchema7): LanguageModelV4FunctionTool => ({
  type: 'function',
  name,
  inputSchema,
})
const fields = (count: number, field: JSONSchema7): JSONSchema7 => ({
  type: 'object',
  properties: Object.fromEntries(Array.from({ length: count }, (_, at) => [`field${at}`, field])),
})
const many = (count: number, inputSchema: JSONSchema7) =>
  Array.from({ length: count }, (_, at) => tool(`tool${at}`, inputSchema))

test('tools may be many, as long as they are no flood together', () => {
  expect(warningsOf({ prompt: [], tools: many(100, fields(25, { type: 'string' })) })).toEqual([])
  expect(() => warningsOf({ prompt: [], tools: many(100, fields(200, { type: 'string' })) })).toThrow(
    expect.objectContaining({ code: 'input-invalid', values: { field: 'schema (all tools together are too large)' } }),
  )
  expect(() => warningsOf({ prompt: [], tools: many(1, fields(2_500, { type: 'string' })) })).toThrow(
    expect.objectContaining({ code: 'input-invalid', values: { field: 'schema (too large)' } }),
  )
})

test('what no grammar says is told of each tool', () => {
  const loose = fields(1, { type: 'string', pattern: '^a$' })
  expect(
    warningsOf({ prompt: [], tools: [tool('one', loose), tool('two', fields(1, {})), tool('three', loose)] }),
  ).toMatchObject([{ feature: 'tools (one)' }, { feature: 'tools (three)' }])
})

test('the host is not kept by the schemas of strangers', () => {
  const levels = Object.fromEntries(
    Array.from({ length: 8 }, (_, at) => [
      `l${at}`,
      { anyOf: Array.from({ length: 8 }, () => ({ $ref: `#/$defs/l${at + 1}` })) },
    ]),
  )
  const schema = { $ref: '#/$defs/l0', $defs: { ...levels, l8: { type: 'string' } } } as JSONSchema7
  const began = process.cpuUsage()
  expect(() => warningsOf({ prompt: [], responseFormat: { type: 'json', schema } })).toThrow(
    expect.objectContaining({ code: 'input-invalid' }),
  )
  expect(() => warningsOf({ prompt: [], tools: many(100, schema) })).toThrow(
    expect.objectContaining({ code: 'input-invalid' }),
  )
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(700)
})

test('nor by what nobody thought of', () => {
  const endless = {
    toJSON() {
      for (;;);
    },
  }
  expect(() => warningsOf({ prompt: [], responseFormat: { type: 'json', schema: endless as JSONSchema7 } })).toThrow(
    expect.objectContaining({ code: 'input-invalid' }),
  )
})
