import type { ChatHistoryItem, Tokenizer } from 'node-llama-cpp'
import { expect, test } from 'vitest'
import { chatStyle } from './style.ts'

/** As the templates of the models begin: what tells them apart. */
const templates = {
  chatml: "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>'}}",
  qwen3: "{{'<|im_start|>'}}{%- if enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}",
  deepseek: "{{'<｜User｜>' + message['content'] + '<｜Assistant｜>'}}{{'<think>\\n'}}",
  llama3: "{{'<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'}}",
  gemma: "{{'<start_of_turn>' + role + '\\n'}}",
  mistral: "{{'[INST] ' + message['content'] + ' [/INST]'}}",
  phi: "{% for message in messages %}{{'<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n'}}{% endfor %}{% if add_generation_prompt %}{{'<|assistant|>\\n'}}{% endif %}",
  broken: '{% if %}',
  none: '',
}
// Only the library's detection of a template's own signs asks for it.
const tokenizer = Object.assign((text: string) => [...text].map(letter => letter.codePointAt(0)!), {
  detokenize: () => '',
  isSpecialToken: () => false,
  isEogToken: () => false,
}) as unknown as Tokenizer

const history: ChatHistoryItem[] = [
  { type: 'system', text: 'Be brief.' },
  { type: 'user', text: 'How long?' },
  { type: 'model', response: ['Three months.'] },
  { type: 'user', text: 'From when?' },
]

function prompt(name: keyof typeof templates, architecture: string): string {
  const { wrapper, opening } = chatStyle(templates[name], architecture, tokenizer)
  return wrapper
    .generateContextState({ chatHistory: [...history, { type: 'model', response: [...opening] }] })
    .contextText.toString()
    .replace(/^BOS/, '')
}

test('a conversation is written as the family of the model wants it', () => {
  expect(prompt('chatml', 'qwen2')).toBe(
    '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHow long?<|im_end|>\n<|im_start|>assistant\nThree months.<|im_end|>\n' +
      '<|im_start|>user\nFrom when?<|im_end|>\n<|im_start|>assistant\n',
  )
  expect(prompt('llama3', 'llama')).toBe(
    '<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHow long?<|eot_id|>' +
      '<|start_header_id|>assistant<|end_header_id|>\n\nThree months.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nFrom when?<|eot_id|>' +
      '<|start_header_id|>assistant<|end_header_id|>\n\n',
  )
  expect(prompt('gemma', 'gemma3')).toMatch(/<start_of_turn>user\nFrom when\?<end_of_turn>\n<start_of_turn>model\n$/)
  expect(prompt('mistral', 'llama')).toMatch(/\[INST\]\s?Be brief\.\s+From when\?\s?\[\/INST\]$/)
  expect(prompt('phi', 'phi3')).toMatch(/<\|user\|>\nFrom when\?<\|end\|>\n<\|assistant\|>\n$/)
})

test('a model that thinks is kept from it', () => {
  expect(prompt('qwen3', 'qwen3')).toMatch(/<\|im_start\|>assistant\n<think>\n\n<\/think>\n\n$/)
  expect(prompt('deepseek', 'qwen2')).toMatch(/<｜Assistant｜><think>\s*<\/think>\s*$/)
})

test('what nobody knows, or cannot be run, is asked in the plainest form', () => {
  for (const name of ['broken', 'none'] as const) expect(prompt(name, 'llama')).toContain('From when?')
})

test('a template that would run for minutes, or fill the memory, is not run', { timeout: 20_000 }, () => {
  const loop = (list: string, body: string) => `{% for item in ${list} %}${body}{% endfor %}`
  const hostile = [
    loop('range(30000000)', 'x'),
    loop('range(9999)', loop('range(9999)', loop('range(9999)', 'x'))),
    `${' '.repeat(64 * 1024)}{{messages[0].content}}`,
  ]
  for (const template of hostile) {
    const started = performance.now()
    const style = chatStyle(template, 'llama', tokenizer)
    expect(style.wrapper.wrapperName).toBe('General')
    expect(style.trouble).toMatch(/template|timed out/)
    expect(performance.now() - started).toBeLessThan(4_000)
  }
  expect(chatStyle(templates.phi, 'phi3', tokenizer).trouble).toBeUndefined()
})
