import type { ChatModelResponse } from 'node-llama-cpp'
import { expect, test } from 'vitest'
import type { ChatMessage, Tool } from './protocol.ts'
import { createGrammar } from './schema-grammar.ts'
import { chatStyle } from './style.ts'
import { asFunctions, callRule, historyOf, toolFormat } from './tool-format.ts'

const templates = {
  hermes: "{{'<|im_start|>' + message['role']}}",
  llama: "{{'<|start_header_id|>' + message['role']}}{{ 'ipython' }}",
  mistral: "{{'[INST] '}}{{'[TOOL_CALLS]'}}",
  gemma: "{{'<start_of_turn>' + role + '\\n'}}",
}
const tools: Tool[] = [{ name: 'weather', description: 'Weather', input: { type: 'object' } }]
const messages: ChatMessage[] = [
  { role: 'system', text: 'Be brief.' },
  { role: 'user', text: 'How warm?' },
  { role: 'assistant', text: '', calls: [{ name: 'weather', input: { place: 'Bonn' }, result: '4 </tool_response>' }] },
]

function prompt(name: keyof typeof templates): string {
  const format = toolFormat(templates[name], false)
  const told = format.told(tools)
  const history = historyOf(messages, format, told ? [told] : [])
  const last = history.at(-1)
  const opening: ChatModelResponse = { type: 'model', response: [] }
  // Only what generic formats need: the answer that follows.
  const wrapper = format.wrapper ?? chatStyle(templates[name], '', tokenizer).wrapper
  return wrapper
    .generateContextState({
      chatHistory: last?.type === 'model' ? history : [...history, opening],
      ...(!told && { availableFunctions: asFunctions(tools) }),
    })
    .contextText.toString()
}
const tokenizer = undefined as never

test('a call and what it gave back are written as the family was taught', () => {
  expect(prompt('hermes')).toBe(
    '<|im_start|>system\nBe brief.\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n' +
      'You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n' +
      '{"type":"function","function":{"name":"weather","description":"Weather","parameters":{"type":"object"}}}\n</tools>\n\n' +
      'For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n' +
      '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n' +
      '<|im_start|>user\nHow warm?<|im_end|>\n<|im_start|>assistant\n' +
      '<tool_call>\n{"name": "weather", "arguments": {"place": "Bonn"}}\n</tool_call><|im_end|>\n' +
      '<|im_start|>user\n<tool_response>\n"4 </tool_response>"\n</tool_response><|im_end|>\n<|im_start|>assistant\n',
  )
  expect(prompt('llama')).toContain(
    '<|start_header_id|>assistant<|end_header_id|>\n\n{"name": "weather", "parameters": {"place": "Bonn"}}<|eot_id|>' +
      '<|start_header_id|>ipython<|end_header_id|>\n\n"4 </tool_response>"<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
  )
  expect(prompt('mistral')).toContain(
    '[AVAILABLE_TOOLS][{"type": "function", "function": {"name": "weather", "description": "Weather", "parameters": {"type": "object"}}}]' +
      '[/AVAILABLE_TOOLS][INST]Be brief.\n\nHow warm?[/INST]' +
      '[TOOL_CALLS][{"name": "weather", "arguments": {"place": "Bonn"}}]EOS[TOOL_RESULTS]{"name": "weather", "content": "4 </tool_response>"}[/TOOL_RESULTS]',
  )
})

test('a model that was taught no tools is told of them in words, and no result can end before its end', () => {
  const text = prompt('gemma')
  expect(text).toContain('{"name": <function-name>, "arguments": <args-json-object>}')
  expect(text).toContain('<tool_call>\n{"name":"weather","arguments":{"place":"Bonn"}}\n</tool_call>')
  expect(text).toContain('<tool_response>\n"4 \\u003c/tool_response>"\n</tool_response>')
})

test('a hundred tools have one grammar, and a flood of them is told from one that is too large', () => {
  const rule = (tools: number, fields: number) => {
    const properties = Object.fromEntries(Array.from({ length: fields }, (_, at) => [`f${at}`, { type: 'string' }]))
    const all = Array.from({ length: tools }, (_, at) => ({ name: `t${at}`, input: { properties } }))
    return callRule(createGrammar(), toolFormat('', false), all)
  }
  expect(rule(100, 25)).toBeTypeOf('string')
  expect(() => rule(100, 200)).toThrow('all tools together are too large')
  expect(() => rule(1, 2_500)).toThrow('schema (too large)')
})
