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
}

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
    ...rest,
  })

  if (has('<|im_start|>')) {
    // Instruction models of the family (Qwen3-…-2507) have no word on thinking in their template.
    if (!thinks.test(template)) return style(new ChatMLChatWrapper())
    const variation = architecture.startsWith('qwen35') ? '3.5' : '3'
    return style(new QwenChatWrapper({ thoughts: 'discourage', variation }))
  }
  if (has('<｜Assistant｜>'))
    return style(new DeepSeekChatWrapper(), {
      opening: thinks.test(template) ? [{ type: 'segment', segmentType: 'thought', text: '', ended: true }] : [],
    })
  // Not the wrapper of 3.1: its preamble holds today's date, which would change the prefix every day.
  if (has('<|start_header_id|>')) return style(new Llama3ChatWrapper())
  if (has('<start_of_turn>')) return style(new GemmaChatWrapper())
  if (has('[INST]', '<<SYS>>')) return style(new Llama2ChatWrapper())
  if (has('[INST]')) return style(new MistralChatWrapper())
  if (template.trim() !== '')
    try {
      return style(new JinjaTemplateChatWrapper({ template, reasoning: false, tokenizer }))
    } catch {
      // A template the library cannot run: the plainest form is understood by most models.
    }
  return style(new GeneralChatWrapper())
}
