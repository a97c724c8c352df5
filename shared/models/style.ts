/** How a family of chat models wants its conversation written, and how it marks what it says to itself. */
import {
  ChatMLChatWrapper,
  type ChatModelResponse,
  type ChatWrapper,
  DeepSeekChatWrapper,
  GemmaChatWrapper,
  GeneralChatWrapper,
  JinjaTemplateChatWrapper,
  Llama2ChatWrapper,
  Llama3ChatWrapper,
  MistralChatWrapper,
  QwenChatWrapper,
  type Tokenizer,
} from 'node-llama-cpp'
import { withTimeLimit } from './time-limit.ts'
import { type ToolFormat, toolFormat } from './tool-format.ts'

export interface ChatStyle {
  /** Text of users and documents is never read as a sign of the format: the library tokenizes it apart. */
  wrapper: ChatWrapper
  thoughts: readonly { open: string; close: string }[]
  /** Marks of the format that are no part of an answer. */
  dropped: readonly string[]
  /** The template itself writes the token that begins a text. */
  begins: boolean
  /** What an answer begins with before the model goes on: an empty thought keeps it from thinking. */
  opening: ChatModelResponse['response']
  tools: ToolFormat
  /** For the same model where it is to think; absent where it does not. */
  thinking?: Pick<ChatStyle, 'wrapper' | 'opening' | 'tools'>
  /** Why its own template is not used, for the log. */
  trouble?: string
}

/** Of a template that is run, in characters: the longest in use has a tenth of that. */
const longestTemplate = 64 * 1024
/** Milliseconds. The library renders it a dozen times to find out what it can do: some 10 ms. */
const templateTime = 2_000
/** A conversation has no ten thousand of anything; a list of millions fills the memory before the time is up. */
const hugeRange = /\brange\s*\([^)]*\d{5}/

const think = { open: '<think>', close: '</think>' }
/** In the template of a model that thinks unless it is told not to. */
const thinks = /<think>|enable_thinking/

/**
 * By the template's own signs, as llama.cpp's `llm_chat_detect_template` tells them apart. The library's own way, which
 * renders the template against each wrapper, takes more than a second, and the event loop with it.
 */
export function chatStyle(template: string, architecture: string, tokenizer: Tokenizer): ChatStyle {
  const has = (...signs: string[]) => signs.every(sign => template.includes(sign))
  const style = (wrapper: ChatWrapper, rest: Partial<ChatStyle> = {}): ChatStyle => ({
    wrapper,
    thoughts: [think],
    dropped: [],
    begins: template.includes('bos_token'),
    opening: [],
    tools: toolFormat(template, false),
    ...rest,
  })

  if (has('<|im_start|>')) {
    // Instruction models of the family (Qwen3-…-2507) have no word on thinking in their template.
    if (!thinks.test(template)) return style(new ChatMLChatWrapper())
    const variation = architecture.startsWith('qwen35') ? '3.5' : '3'
    return style(new QwenChatWrapper({ thoughts: 'discourage', variation }), {
      thinking: {
        wrapper: new QwenChatWrapper({ thoughts: 'auto', variation }),
        opening: [],
        tools: toolFormat(template, true),
      },
    })
  }
  if (has('<｜Assistant｜>')) {
    const wrapper = new DeepSeekChatWrapper()
    if (!thinks.test(template)) return style(wrapper)
    return style(wrapper, {
      opening: [{ type: 'segment', segmentType: 'thought', text: '', ended: true }],
      thinking: { wrapper, opening: [], tools: toolFormat(template, true) },
    })
  }
  // Not the wrapper of 3.1: its preamble holds today's date, which would change the prefix every day.
  if (has('<|start_header_id|>')) return style(new Llama3ChatWrapper())
  if (has('<start_of_turn>')) return style(new GemmaChatWrapper())
  if (has('[INST]', '<<SYS>>')) return style(new Llama2ChatWrapper())
  if (has('[INST]')) return style(new MistralChatWrapper())
  if (template.trim() === '') return style(new GeneralChatWrapper())
  // A template the library cannot run, or should not: the plainest form is understood by most models.
  const plain = (trouble: string) => style(new GeneralChatWrapper(), { trouble })
  if (template.length > longestTemplate) return plain(`its template has ${template.length} characters`)
  if (hugeRange.test(template)) return plain('its template makes lists of more than 10,000')
  try {
    const create = () => new JinjaTemplateChatWrapper({ template, reasoning: false, tokenizer })
    return style(withTimeLimit(templateTime, create))
  } catch (error) {
    return plain(String(error).slice(0, 300))
  }
}
