/** Which models a server says it has. */
import { APICallError } from '@ai-sdk/provider'
import { z } from 'zod'
import type { ServerModel } from '../model/index.ts'
import { isHere, runsHere } from '../model/provider.ts'
import type { ServerAddress } from '../ports.ts'
import { toFailure } from './failure.ts'
import { startWatch } from './language-model.ts'

const mostModels = 1000
const longestId = 200
/** Bytes; OpenRouter's list of 400 models is some 600 KB. */
const longestList = 8 * 1024 * 1024

const count = z.number().int().positive().nullish().catch(undefined)

/** As OpenAI has it; and where others say how much their models read: vLLM, OpenRouter and LM Studio, Anthropic, llama-server. */
const entry = z.object({
  id: z.string().min(1).max(longestId),
  max_model_len: count,
  context_length: count,
  max_context_length: count,
  max_input_tokens: count,
  meta: z.object({ n_ctx: count }).nullish().catch(undefined),
  type: z.string().nullish().catch(undefined),
})
const list = z.object({ data: z.array(z.unknown()) })
/** Ollama's own list, which alone says that a model is another machine's: a copy of one may be called anything. */
const tags = z.object({ models: z.array(z.unknown()) })
const text = z.string().nullish().catch('?')
const tag = z.object({ name: z.string(), remote_host: text, remote_model: text })

/** Models that neither write nor compare. */
const others =
  /whisper|transcri|\btts\b|-tts|dall-?e|image|imagine|moderation|rerank|realtime|-audio|sora|video|babbage|davinci-00|speech/i
const embedders = /embed|\be5\b|\bbge-|\bgte-|minilm|\bsfr-|arctic/i

export async function listServerModels(at: ServerAddress, time: number, signal?: AbortSignal): Promise<ServerModel[]> {
  const { kind, name, baseUrl, key, fetch } = at
  const here = isHere(baseUrl)
  let url = `${baseUrl}/models${kind === 'anthropic' ? '?limit=1000' : ''}`
  const watch = startWatch(time, signal)
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...(kind === 'anthropic' && { 'anthropic-version': '2023-06-01' }),
    ...(key !== undefined && (kind === 'anthropic' ? { 'x-api-key': key } : { authorization: `Bearer ${key}` })),
  }
  try {
    const response = await fetch(url, { headers, signal: watch.signal })
    const text = await readText(response)
    if (!response.ok || text === undefined) {
      const responseHeaders = Object.fromEntries(response.headers)
      const facts = {
        url,
        requestBodyValues: {},
        statusCode: response.status,
        responseHeaders,
        responseBody: text ?? '',
      }
      throw new APICallError({ message: 'refused', ...facts })
    }
    const { data } = list.parse(JSON.parse(text))
    let remote: ReadonlySet<string> = new Set()
    if (here && kind === 'openai-compatible') {
      url = `${baseUrl.replace(/\/v1$/, '')}/api/tags`
      // Whoever does not answer at all may have something to say.
      const answer = await fetch(url, { headers, signal: watch.signal })
      if (answer.ok) remote = remoteOf(await readText(answer))
      else await answer.body?.cancel()
    }
    return data
      .slice(0, mostModels)
      .flatMap(given => toModel(given) ?? [])
      .map(model => ({ ...model, here: runsHere({ here, models: [] }, model.id) && !remote.has(model.id) }))
      .sort((a, b) => Number(a.role === 'embedding') - Number(b.role === 'embedding'))
  } catch (error) {
    const nonsense = error instanceof SyntaxError || error instanceof z.ZodError
    const known = nonsense
      ? new APICallError({ message: 'not a list', url, requestBodyValues: {}, statusCode: 200 })
      : error
    throw toFailure(known, { name, baseUrl, late: watch.late(), cancelled: watch.cancelled(), begun: false })
  } finally {
    watch.end()
  }
}

/** Names of the models that Ollama passes on; none of a server that is no Ollama. */
function remoteOf(text: string | undefined): ReadonlySet<string> {
  let given: unknown
  try {
    given = JSON.parse(text ?? '')
  } catch {
    return new Set()
  }
  const entries = (tags.safeParse(given).data?.models ?? []).flatMap(one => tag.safeParse(one).data ?? [])
  return new Set(entries.flatMap(({ name, remote_host, remote_model }) => (remote_host || remote_model ? [name] : [])))
}

/** Undefined for what is longer than any list. */
async function readText(response: Response): Promise<string | undefined> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > longestList) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function toModel(given: unknown): Omit<ServerModel, 'here'> | undefined {
  const read = entry.safeParse(given)
  if (!read.success || /\p{Cc}/u.test(read.data.id)) return undefined
  const { id, max_model_len, context_length, max_context_length, max_input_tokens, meta, type } = read.data
  if (others.test(id)) return undefined
  const contextSize = max_model_len ?? meta?.n_ctx ?? context_length ?? max_context_length ?? max_input_tokens ?? null
  return { id, role: type === 'embeddings' || embedders.test(id) ? 'embedding' : 'chat', contextSize }
}
