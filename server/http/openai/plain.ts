/** A completion of a plain model, straight through the gateway. */
import type {
  JSONSchema7,
  LanguageModelV4FunctionTool,
  LanguageModelV4Prompt,
  LanguageModelV4ToolChoice,
} from '@ai-sdk/provider'
import type { CompletionRequest, Core } from '../../../shared/core.ts'
import { createTranslate } from '../../../shared/messages/index.ts'
import { textOf } from '../../present.ts'
import { Refusal } from './errors.ts'
import { type ChatMessage, type ChatRequest, mostTokens, stopsOf, textOfMessage } from './request.ts'
import { type TalkEvent, usageOf } from './talk.ts'

const finishes = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  invalid: 'stop',
  other: 'stop',
} as const

export async function* talkOfModel(
  { core, userId }: { core: Core; userId: string },
  reference: string,
  request: ChatRequest,
  { signal, canTakeBack }: { signal: AbortSignal; canTakeBack: boolean },
): AsyncGenerator<TalkEvent, void> {
  const asked = toCompletion(reference, request)
  let calls = 0
  for await (const event of core.complete({ userId }, asked, signal)) {
    // Where nobody comes first, it may still be refused as a whole.
    if (event.type === 'waiting') {
      if (event.place > 0) yield { type: 'begun' }
    } else if (event.type === 'text') yield event
    else if (event.type === 'reset') {
      if (canTakeBack) yield event
    } else if (event.type === 'call') {
      calls += 1
      yield event
    } else {
      const { model, server, reason, finish, usage } = event.completion
      yield {
        type: 'end',
        model,
        finish: calls > 0 && finish !== 'length' ? 'tool_calls' : finishes[finish],
        usage: usageOf(usage.prompt ?? 0, usage.generated ?? 0, usage.cached),
        cloister: {
          mode: 'plain',
          model,
          ...(server && { server }),
          reason: reason && { ...reason, text: textOf(createTranslate('en'), reason) },
          // The text is what the model wrote, and whoever asked may make something of it.
          ...(finish === 'invalid' && { fitsSchema: false }),
          ...((usage.prompt === null || usage.generated === null) && { usage: 'unknown' }),
        },
      }
    }
  }
}

function toCompletion(reference: string, request: ChatRequest): CompletionRequest {
  const { messages, temperature, top_p, presence_penalty, frequency_penalty, seed, tools, response_format } = request
  const stops = stopsOf(request)
  const most = mostTokens(request)
  const choice = toChoice(request)
  const options = {
    ...(top_p != null && { topP: top_p }),
    ...(presence_penalty != null && { presencePenalty: presence_penalty }),
    ...(frequency_penalty != null && { frequencyPenalty: frequency_penalty }),
    ...(seed != null && { seed }),
    ...(stops.length > 0 && { stopSequences: stops }),
    ...(tools && tools.length > 0 && { tools: tools.map(toTool) }),
    ...(choice && { toolChoice: choice }),
    ...(response_format && response_format.type !== 'text' && { responseFormat: toFormat(response_format) }),
  }
  return {
    messages: toPrompt(messages),
    model: reference,
    ...(most !== undefined && { maxTokens: most }),
    ...(temperature != null && { temperature }),
    options,
  }
}

function toTool({ function: { name, description, parameters } }: NonNullable<ChatRequest['tools']>[number]) {
  return {
    type: 'function',
    name,
    ...(description != null && { description }),
    inputSchema: (parameters ?? { type: 'object', properties: {} }) as JSONSchema7,
  } satisfies LanguageModelV4FunctionTool
}

function toChoice({ tool_choice: choice, tools }: ChatRequest): LanguageModelV4ToolChoice | undefined {
  if (choice == null) return undefined
  if (!tools || tools.length === 0) {
    if (choice === 'none' || choice === 'auto') return undefined
    throw new Refusal('`tool_choice` needs `tools`.', { param: 'tool_choice', code: 'invalid_value' })
  }
  if (typeof choice === 'string') return { type: choice }
  const { name } = choice.function
  if (!tools.some(tool => tool.function.name === name))
    throw new Refusal('`tool_choice` names none of the tools.', { param: 'tool_choice', code: 'invalid_value' })
  return { type: 'tool', toolName: name }
}

function toFormat(format: Exclude<NonNullable<ChatRequest['response_format']>, { type: 'text' }>) {
  if (format.type === 'json_object') return { type: 'json' as const }
  const { name, description, schema } = format.json_schema
  return {
    type: 'json' as const,
    name,
    ...(description != null && { description }),
    ...(schema && { schema: schema as JSONSchema7 }),
  }
}

/** Throws a `Refusal` where a tool's answer belongs to no call. */
function toPrompt(messages: readonly ChatMessage[]): LanguageModelV4Prompt {
  const called = new Map<string, string>()
  return messages.map((message, at): LanguageModelV4Prompt[number] => {
    const text = textOfMessage(message)
    if (message.role === 'user') return { role: 'user', content: [{ type: 'text', text }] }
    if (message.role === 'tool') {
      const toolName = called.get(message.tool_call_id)
      if (toolName === undefined)
        throw new Refusal('This answers no call of a tool before it.', {
          param: `messages.${at}.tool_call_id`,
          code: 'invalid_value',
        })
      const output = { type: 'text' as const, value: text }
      return {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: message.tool_call_id, toolName, output }],
      }
    }
    if (message.role !== 'assistant') return { role: 'system', content: text }
    const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: given } }) => {
      called.set(id, name)
      return { type: 'tool-call' as const, toolCallId: id, toolName: name, input: parsed(given, at) }
    })
    return { role: 'assistant', content: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...calls] }
  })
}

function parsed(given: string, at: number): unknown {
  try {
    return given.trim() === '' ? {} : (JSON.parse(given) as unknown)
  } catch {
    throw new Refusal('The arguments of a call are no JSON.', {
      param: `messages.${at}.tool_calls`,
      code: 'invalid_value',
    })
  }
}
