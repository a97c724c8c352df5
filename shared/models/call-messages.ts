/** What the AI SDK says to a model, in the words of the model process. */
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultPart,
  SharedV4Warning,
} from '@ai-sdk/provider'
import { AppError } from '../errors.ts'
import type { ChatMessage, Task } from './protocol.ts'
import { type Allowance, createAllowance, createGrammar } from './schema-grammar.ts'
import { withTimeLimit } from './time-limit.ts'

/** Milliseconds of the host for a stranger's schemas. They are bounded by what they hold; this is for what nobody thought of. */
const schemaTime = 1_000

/** Tokens of thinking for each wish; never more than half of the answer. */
const thoughts: Record<NonNullable<LanguageModelV4CallOptions['reasoning']>, number> = {
  'provider-default': 0,
  none: 0,
  minimal: 128,
  low: 512,
  medium: 1024,
  high: 2048,
  xhigh: 4096,
  max: 8192,
}

export function taskOf(
  options: LanguageModelV4CallOptions,
  defaults: { maxTokens: number; temperature: number },
): Extract<Task, { type: 'chat' }> {
  const { topP, topK, seed, presencePenalty, frequencyPenalty, responseFormat, toolChoice } = options
  const { sequence, minP } = options.providerOptions?.cloister ?? {}
  const maxTokens = Math.max(1, Math.floor(options.maxOutputTokens ?? defaults.maxTokens))
  const thinking = Math.min(thoughts[options.reasoning ?? 'none'] ?? 0, Math.floor(maxTokens / 2))
  const tools = toolsOf(options)
  return {
    type: 'chat',
    messages: messagesOf(options.prompt),
    sequence: sequence === 'rewrite' ? 'rewrite' : 'answer',
    maxTokens,
    temperature: Math.max(0, options.temperature ?? defaults.temperature),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(typeof minP === 'number' && { minP }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(seed !== undefined && { seed }),
    stops: options.stopSequences ?? [],
    ...(thinking > 0 && { thinking }),
    ...(tools.length > 0
      ? {
          tools: tools.map(({ name, description, inputSchema }) => ({
            name,
            ...(description !== undefined && { description }),
            input: inputSchema,
          })),
          ...(toolChoice?.type === 'required' && { required: true }),
          ...(toolChoice?.type === 'tool' && { required: toolChoice.toolName }),
        }
      : responseFormat?.type === 'json' && {
          json: responseFormat.schema === undefined ? {} : { schema: responseFormat.schema },
        }),
  }
}

/** Those it may call. */
function toolsOf({ tools = [], toolChoice }: LanguageModelV4CallOptions): LanguageModelV4FunctionTool[] {
  return toolChoice?.type === 'none' ? [] : tools.filter(tool => tool.type === 'function')
}

/** What is left out, or done in another way. Throws `input-invalid` where a schema is none. */
export function warningsOf(options: LanguageModelV4CallOptions): SharedV4Warning[] {
  const warnings: SharedV4Warning[] = []
  const tools = toolsOf(options)
  const json = options.responseFormat?.type === 'json'
  if (options.tools?.some(tool => tool.type !== 'function'))
    warnings.push({ type: 'unsupported', feature: 'tools', details: 'Tools of a provider are left out.' })
  if (tools.length > 0 || json) warnings.push(...loosenedOf(options, tools))
  if (json && tools.length > 0)
    warnings.push({
      type: 'unsupported',
      feature: 'responseFormat',
      details: 'Where tools may be called, an answer is not held to JSON.',
    })
  return warnings
}

/** Of a schema's grammar nothing is kept here: that of the model process is the one that holds. */
function loosenedOf(
  { responseFormat }: LanguageModelV4CallOptions,
  tools: readonly LanguageModelV4FunctionTool[],
): SharedV4Warning[] {
  const allowance = createAllowance()
  const json = responseFormat?.type === 'json' ? responseFormat.schema : undefined
  try {
    return withTimeLimit(schemaTime, () =>
      tools.length > 0
        ? tools.flatMap(({ name, inputSchema }) => loosened(inputSchema, `tools (${name})`, allowance))
        : loosened(json ?? true, 'responseFormat', allowance),
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new AppError('input-invalid', { field: 'schema (too large)' }, { cause: error })
  }
}

function loosened(schema: unknown, feature: string, allowance: Allowance): SharedV4Warning[] {
  const grammar = createGrammar(allowance)
  grammar.add(schema)
  if (grammar.loosened.size === 0) return []
  const words = [...grammar.loosened].join(', ')
  return [{ type: 'compatibility', feature, details: `Looked at afterwards, not while it is written: ${words}.` }]
}

/** Text alone: these models see no pictures. */
function messagesOf(prompt: LanguageModelV4Prompt): ChatMessage[] {
  const results = new Map<string, string>()
  for (const { role, content } of prompt)
    if (role === 'tool' || role === 'assistant')
      for (const part of content) if (part.type === 'tool-result') results.set(part.toolCallId, textOf(part))
  return prompt.flatMap(message => (message.role === 'tool' ? [] : [messageOf(message, results)]))
}

function messageOf(
  message: Exclude<LanguageModelV4Message, { role: 'tool' }>,
  results: ReadonlyMap<string, string>,
): ChatMessage {
  if (message.role === 'system') return { role: 'system', text: message.content }
  const calls: NonNullable<ChatMessage['calls']> = []
  const text: string[] = []
  for (const part of message.content) {
    if (part.type === 'text') text.push(part.text)
    else if (part.type === 'tool-call')
      calls.push({ name: part.toolName, input: part.input, result: results.get(part.toolCallId) ?? 'null' })
    // What an earlier answer thought is not told again; results stand with their calls.
    else if (part.type !== 'reasoning' && part.type !== 'tool-result')
      throw new Error(`local models read no ${part.type}`)
  }
  return { role: message.role, text: text.join(''), ...(calls.length > 0 && { calls }) }
}

function textOf({ output }: LanguageModelV4ToolResultPart): string {
  if (output.type === 'text' || output.type === 'error-text') return output.value
  if (output.type === 'json' || output.type === 'error-json') return JSON.stringify(output.value)
  if (output.type === 'execution-denied') return output.reason ?? 'denied'
  return output.value.map(part => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n')
}
