/** A request for a completion as OpenAI's clients send it: unknown fields are ignored, what cannot be done is refused. */
import { z } from 'zod'
import { Refusal } from './errors.ts'

const textPart = z.object({ type: z.literal('text'), text: z.string() })
const otherPart = z.object({ type: z.string() })
const content = z.union([z.string(), z.array(z.union([textPart, otherPart]))])
const call = z.object({
  id: z.string(),
  type: z.literal('function').optional(),
  function: z.object({ name: z.string(), arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content }),
  z.object({ role: z.literal('user'), content }),
  z.object({ role: z.literal('assistant'), content: content.nullish(), tool_calls: z.array(call).nullish() }),
  z.object({ role: z.literal('tool'), content, tool_call_id: z.string() }),
])

const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().regex(/^[\w-]{1,64}$/, 'letters, figures, _ and -, at most 64'),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
})

const fraction = (low: number, high: number) => z.number().min(low).max(high).nullish()

export const chatRequest = z.object({
  model: z.string().min(1).max(400),
  messages: z.array(message).min(1).max(2000),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  max_completion_tokens: z.number().int().min(1).nullish(),
  temperature: fraction(0, 2),
  top_p: fraction(0, 1),
  presence_penalty: fraction(-2, 2),
  frequency_penalty: fraction(-2, 2),
  seed: z.number().int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  n: z.number().int().min(1).nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
    ])
    .nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({
          name: z.string(),
          description: z.string().nullish(),
          schema: z.record(z.string(), z.unknown()).nullish(),
        }),
      }),
    ])
    .nullish(),
  modalities: z.array(z.string()).nullish(),
  functions: z.unknown().optional(),
  store: z.boolean().nullish(),
  /** Ours: OpenAI knows none of it. */
  cloister: z
    .object({
      sources: z.boolean().optional(),
      documents: z.array(z.uuid()).min(1).max(1000).optional(),
      language: z.enum(['de', 'en']).optional(),
      mode: z.enum(['model', 'quotes']).optional(),
      passages: z.number().int().min(1).max(50).optional(),
    })
    .optional(),
})

export type ChatRequest = z.output<typeof chatRequest>
export type ChatMessage = ChatRequest['messages'][number]

/** Throws a `Refusal` that names the field. */
export function demand<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const { data, error, success } = schema.safeParse(body)
  if (success) return data
  const [issue] = error.issues
  const param = issue?.path.join('.') ?? ''
  const text = issue ? `${param === '' ? 'The body' : param}: ${issue.message}` : 'The body cannot be read'
  throw new Refusal(text, { code: 'invalid_value', ...(param !== '' && { param }) })
}

/** What no model here does. */
export function demandPossible({ n, modalities, functions, messages }: ChatRequest): void {
  if (n != null && n > 1) throw new Refusal('Only one choice can be asked for (n = 1).', { param: 'n' })
  if (modalities?.some(kind => kind !== 'text')) throw new Refusal('Answers are text alone.', { param: 'modalities' })
  if (functions !== undefined) throw new Refusal('`functions` is not supported; use `tools`.', { param: 'functions' })
  for (const [at, { content }] of messages.entries()) {
    const other = Array.isArray(content) ? content.find(({ type }) => type !== 'text') : undefined
    if (other)
      throw new Refusal(`Messages may hold text alone; “${other.type.slice(0, 40)}” cannot be read here.`, {
        param: `messages.${at}.content`,
        code: 'unsupported_content',
      })
  }
}

export function textOfMessage({ content }: Pick<ChatMessage, 'content'>): string {
  if (typeof content === 'string') return content
  return (content ?? []).map(part => ('text' in part ? part.text : '')).join('\n')
}

export const stopsOf = ({ stop }: ChatRequest): string[] => [stop ?? []].flat().filter(sign => sign !== '')

export const mostTokens = ({ max_completion_tokens, max_tokens }: ChatRequest): number | undefined =>
  max_completion_tokens ?? max_tokens ?? undefined
