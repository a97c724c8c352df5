/** `POST /v1/embeddings`: vectors of the installation's embedding model. */
import { z } from 'zod'
import type { Core } from '../../../shared/core.ts'
import { AppError } from '../../../shared/errors.ts'
import { Refusal } from './errors.ts'
import type { OpenAiModels } from './models.ts'
import { demand } from './request.ts'

const mostTexts = 2048

const embeddingRequest = z.object({
  model: z.string().min(1).max(400),
  // Of anything: what is no text is refused in words of its own.
  input: z.union([z.string(), z.array(z.unknown()).min(1).max(mostTexts)], `one text, or up to ${mostTexts}`),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.number().int().min(1).nullish(),
  /** Ours, and others': which of the model's prefixes goes before each text. */
  input_type: z.enum(['query', 'passage', 'document', 'search_query', 'search_document']).nullish(),
})

export async function embeddings(
  { core, userId, models }: { core: Core; userId: string; models: OpenAiModels },
  body: unknown,
  signal: AbortSignal,
): Promise<object> {
  const { model, input, encoding_format: format, dimensions, input_type: type } = demand(embeddingRequest, body)
  const texts = [input].flat().map(text => {
    if (typeof text !== 'string')
      throw new Refusal('`input` must be a text or an array of texts, not tokens.', { param: 'input' })
    if (text === '')
      throw new Refusal('`input` must not hold an empty text.', { param: 'input', code: 'invalid_value' })
    return text
  })
  const listed = (await models.list()).find(({ id, cloister }) => id === model && cloister.kind === 'embedding')
  if (!listed) throw new AppError('model-not-found', { name: model.slice(0, 200) })
  const kind = type == null ? undefined : /query/.test(type) ? ('query' as const) : ('passage' as const)
  const embed = (some: string[]) => core.embed({ userId }, { texts: some, ...(kind && { kind }) }, signal)
  /** Of all texts. Only a vector tells how many dimensions there are: one text is enough to refuse the others. */
  async function embedAll() {
    const begun = dimensions == null ? 0 : 1
    const first = begun === 0 ? { vectors: [], tokens: 0 } : await embed(texts.slice(0, begun))
    const size = first.vectors[0]?.length
    if (size !== undefined && dimensions !== size)
      throw new Refusal(`This model’s vectors have ${size} dimensions, and no others.`, { param: 'dimensions' })
    const rest = begun < texts.length ? await embed(texts.slice(begun)) : { vectors: [], tokens: 0 }
    return { vectors: [...first.vectors, ...rest.vectors], tokens: first.tokens + rest.tokens }
  }
  // It makes a model work as a question does, however many texts there are.
  const { vectors, tokens } = await core.quotas.countedWhole(userId, embedAll, signal)
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector,
    })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}
