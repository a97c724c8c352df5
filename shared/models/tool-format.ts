/** How families of chat models were taught to call tools: what they are told, what a call looks like, how its result comes back. */
import {
  type ChatHistoryItem,
  type ChatModelFunctions,
  type ChatWrapper,
  Llama3ChatWrapper,
  LlamaText,
  MistralChatWrapper,
  QwenChatWrapper,
  SpecialTokensText,
} from 'node-llama-cpp'
import { AppError } from '../errors.ts'
import type { ChatMessage, Tool } from './protocol.ts'
import type { Grammar } from './schema-grammar.ts'

export interface ToolFormat {
  /** What a call begins with. */
  mark: string
  /** Only an answer as a whole is a call. */
  first: boolean
  /** What ends a call, and whether nothing follows the last one. */
  end: RegExp
  last: boolean
  /** Notation of what follows the mark; `calls` is a rule for `NAME", "arguments": INPUT}`, begun by what `before` says. */
  after(call: string): string
  /** Before the name, and between it and what is given. */
  before: string
  between: string
  /** Told at the end of the instructions; a family with a place of its own for it has none. */
  told(tools: readonly Tool[]): LlamaText | undefined
  /** Writes conversations with calls; where there is none, they are written as text. */
  wrapper?: ChatWrapper
}

/** Signs that Qwen's and Hermes' tokenizers read as tokens of their own also where they stand in a text. */
export const callSigns = ['<tool_call>', '</tool_call>', '<tool_response>', '</tool_response>'] as const

const json = (value: unknown) => JSON.stringify(value)
const described = ({ name, description, input }: Tool) =>
  json({ type: 'function', function: { name, ...(description && { description }), parameters: input } })

/** As Qwen's template says it, which has it from Hermes; other models follow it as well as any. */
function toldInTags(tools: readonly Tool[]): LlamaText {
  return LlamaText([
    '# Tools\n\nYou may call one or more functions to assist with the user query.\n\n' +
      'You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n',
    ...tools.map(tool => `${described(tool)}\n`),
    '</tools>\n\nFor each function call, return a json object with function name and arguments within ',
    new SpecialTokensText('<tool_call></tool_call>'),
    ' XML tags:\n',
    new SpecialTokensText('<tool_call>'),
    '\n{"name": <function-name>, "arguments": <args-json-object>}\n',
    new SpecialTokensText('</tool_call>'),
  ])
}

const inTags: Omit<ToolFormat, 'wrapper'> = {
  mark: '<tool_call>',
  first: false,
  end: /^\}\s*<\/tool_call>/,
  last: false,
  before: '{"name": "',
  between: '", "arguments": ',
  after: call => `"\\n"? ${call} "\\n"? "</tool_call>"`,
  told: toldInTags,
}

/** Llama 3.1 and later: the answer is the call. */
class Llama3ToolWrapper extends Llama3ChatWrapper {
  override readonly settings: ChatWrapper['settings'] = {
    supportsSystemMessages: true,
    functions: {
      call: { optionalPrefixSpace: true, prefix: '{"name": "', paramsPrefix: '", "parameters": ', suffix: '}' },
      result: {
        prefix: LlamaText(new SpecialTokensText('<|start_header_id|>ipython<|end_header_id|>\n\n')),
        suffix: LlamaText(new SpecialTokensText('<|eot_id|>')),
      },
      parallelism: {
        call: { sectionPrefix: '', betweenCalls: '; ', sectionSuffix: LlamaText(new SpecialTokensText('<|eot_id|>')) },
        result: {
          sectionPrefix: '',
          betweenResults: '',
          sectionSuffix: LlamaText(new SpecialTokensText('<|start_header_id|>assistant<|end_header_id|>\n\n')),
        },
      },
    },
  }
}

/** `template`: the model's own; `thinking`: it may. */
export function toolFormat(template: string, thinking: boolean): ToolFormat {
  const has = (...signs: string[]) => signs.every(sign => template.includes(sign))
  if (has('<|im_start|>')) {
    const thoughts = !thinking && /<think>|enable_thinking/.test(template) ? 'discourage' : 'auto'
    return { ...inTags, wrapper: new QwenChatWrapper({ thoughts, variation: '3' }) }
  }
  if (has('<|start_header_id|>', 'ipython'))
    return {
      mark: '{"name"',
      first: true,
      end: /^\}/,
      last: true,
      before: ': "',
      between: '", "parameters": ',
      after: call => call,
      told: tools =>
        LlamaText([
          'Given the following functions, please respond with a JSON for a function call with its proper arguments that best ' +
            'answers the given prompt, where one is needed.\n\n' +
            'Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}. ' +
            'Do not use variables.\n\n',
          ...tools.map(tool => `${described(tool)}\n\n`),
        ]),
      wrapper: new Llama3ToolWrapper(),
    }
  if (has('[INST]', '[TOOL_CALLS]') && !has('[ARGS]'))
    return {
      mark: '[TOOL_CALLS]',
      first: false,
      end: /^\}\]/,
      last: true,
      before: '{"name": "',
      between: '", "arguments": ',
      after: call => `" "? "[" ${call} (", " ${call}){0,15} "]"`,
      told: () => undefined,
      wrapper: new MistralChatWrapper(),
    }
  return inTags
}

/** Names as servers take them: they stand in a grammar. */
const name = /^[\w.-]{1,64}$/

/** A rule for what follows the mark. Throws `input-invalid`. */
export function callRule(grammar: Grammar, { before, between, after }: ToolFormat, tools: readonly Tool[]): string {
  const quoted = (text: string) => `"${text.replace(/["\\]/g, sign => `\\${sign}`)}"`
  const each = tools.map(tool => {
    if (!name.test(tool.name)) throw new AppError('input-invalid', { field: 'tools (name)' })
    const input = typeof tool.input === 'object' ? { ...tool.input, type: 'object' } : { type: 'object' }
    return `${quoted(before + tool.name + between)} ${grammar.add(input)} "}"`
  })
  return grammar.rule(after(grammar.rule(each.join(' | '))))
}

/** As the family's place for them wants it. */
export function asFunctions(tools: readonly Tool[]): ChatModelFunctions {
  // The library's type of schemas is narrower than what it writes down.
  const one = ({ name, description = '', input }: Tool) => [name, { description, params: input as never }]
  return Object.fromEntries(tools.map(one))
}

/** A conversation, the answer that follows included. */
export function historyOf(
  messages: readonly ChatMessage[],
  { wrapper }: ToolFormat,
  told: readonly LlamaText[],
): ChatHistoryItem[] {
  const history: ChatHistoryItem[] = []
  const instructions = messages.flatMap(({ role, text }) => (role === 'system' ? [text] : []))
  if (told.length > 0) {
    const all = [...instructions, ...told].flatMap((text, at) => (at === 0 ? [text] : ['\n\n', text]))
    history.push({ type: 'system', text: LlamaText(all).toJSON() })
  }
  for (const { role, text, calls = [] } of messages) {
    if (role === 'system') {
      if (told.length === 0) history.push({ type: 'system', text })
    } else if (role === 'user') history.push({ type: 'user', text })
    else if (wrapper) {
      const before = history.at(-1)
      const called = calls.map(({ name, input, result }, at) => ({
        type: 'functionCall' as const,
        name,
        params: input,
        result,
        startsNewChunk: at === 0,
      }))
      const response = [...(text === '' ? [] : [text]), ...called]
      // What it says after a call is the same answer.
      if (before?.type === 'model') before.response.push(...response)
      else history.push({ type: 'model', response })
    } else {
      // A `<` inside JSON may be written so; nobody can write what stands around it.
      const safe = (value: unknown) => json(value).replaceAll('<', '\\u003c')
      const written = calls.map(({ name, input }) => `<tool_call>\n${safe({ name, arguments: input })}\n</tool_call>`)
      history.push({ type: 'model', response: [[...(text === '' ? [] : [text]), ...written].join('\n')] })
      const results = calls.map(({ result }) => `<tool_response>\n${safe(result)}\n</tool_response>`)
      if (results.length > 0) history.push({ type: 'user', text: results.join('\n') })
    }
  }
  return history
}
