import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, toAppError } from '../errors.ts'
import type { EmbeddingModel, Scope } from '../model/index.ts'
import type { Log } from '../ports.ts'
import type { ChunkText } from '../store/index.ts'
import { within } from './within.ts'

/** Milliseconds before a model that rests is asked again, doubled each time, and how often. */
export interface Patience {
  pause: number
  times: number
}

/** Special tokens around a text, at most: two in the models known, and room. */
const specialTokens = 8
/** Of what a model reads, the headings above a chunk may take so much. */
const headingShare = 0.25

/**
 * A vector of length 1 for each chunk; undefined for one that the model cannot take: it is left to the words.
 *
 * What is embedded: the model's prefix for passages, the path of headings, the header of a table whose rows begin above the
 * chunk, and the text. The file's name stays out: it is as often noise as help, and the words have it.
 * A chunk longer than the model reads is embedded in parts of about one size; its vector is their mean.
 *
 * Throws the model's trouble (`model-crashed`, `model-invalid` when its vectors are none …) and `cancelled`.
 */
export async function embedChunks(
  embedding: EmbeddingModel,
  chunks: readonly ChunkText[],
  { signal, log, patience, scope }: { signal: AbortSignal; log: Log; patience: Patience; scope?: Scope },
): Promise<(Float32Array | undefined)[]> {
  const parts = await partsOf(embedding, chunks, signal)
  const vectors = await embedAll(parts.flat())
  let at = 0
  return parts.map(texts => {
    const own = vectors.slice(at, at + texts.length).filter(vector => vector !== undefined)
    at += texts.length
    return meanOf(own)
  })

  async function embedAll(texts: readonly string[]): Promise<(Float32Array | undefined)[]> {
    if (texts.length === 0) return []
    const found = await tryAll(texts)
    if (found.some(vector => vector !== undefined)) return found
    // All of them, or the model? Whoever cannot embed this can embed nothing.
    const [probe] = await call([`${embedding.passagePrefix}a`])
    if (!probe) throw invalid('no vector for any text')
    return found
  }

  /** All at once; when that fails for what may be one text's fault, one by one. */
  async function tryAll(texts: readonly string[]): Promise<(Float32Array | undefined)[]> {
    try {
      return await call(texts)
    } catch (error) {
      if (!mayBeTheText.has(toAppError(error).code)) throw error
    }
    const found: (Float32Array | undefined)[] = []
    for (const text of texts) {
      try {
        found.push(...(await call([text])))
      } catch (error) {
        const { code } = toAppError(error)
        if (!mayBeTheText.has(code)) throw error
        log.warn('a chunk has no vector', { code, model: embedding.name })
        found.push(undefined)
      }
    }
    return found
  }

  async function call(values: readonly string[]): Promise<(Float32Array | undefined)[]> {
    for (let tried = 0; ; tried++) {
      try {
        const most = (await embedding.model.maxEmbeddingsPerCall) ?? values.length
        const found: (Float32Array | undefined)[] = []
        for (let at = 0; at < values.length; at += most) {
          const some = values.slice(at, at + most)
          const call = {
            values: some,
            abortSignal: signal,
            ...(scope && { providerOptions: { cloister: { ...scope } } }),
          }
          const { embeddings } = await within(signal, Promise.resolve(embedding.model.doEmbed(call)))
          if (embeddings.length !== some.length) throw invalid(`${embeddings.length} vectors for ${some.length} texts`)
          found.push(...embeddings.map(toVector))
        }
        return found
      } catch (error) {
        signal.throwIfAborted()
        const known = toModelError(error)
        if (known.code !== 'model-unavailable' || tried >= patience.times) throw known
        await sleep(patience.pause * 2 ** tried, undefined, { signal })
      }
    }
  }

  function invalid(what: string): AppError {
    return new AppError('model-invalid', { name: embedding.name }, { cause: new Error(what) })
  }

  /** Of length 1; undefined for what points nowhere. Another dimension is another model: none of it is kept. */
  function toVector(values: readonly number[]): Float32Array | undefined {
    if (values.length !== embedding.dimensions)
      throw invalid(`${values.length} dimensions instead of ${embedding.dimensions}`)
    const vector = normalise(Float32Array.from(values))
    if (!vector) log.warn('a vector is none', { model: embedding.name })
    return vector
  }
}

/** What a text may have caused; the rest is the model's. */
const mayBeTheText: ReadonlySet<string> = new Set(['model-crashed', 'model-timeout', 'model-input'])

/** What came out of a model that is not one of its errors is no error of the document's either. */
function toModelError(error: unknown): AppError {
  const known = toAppError(error)
  return known.code.startsWith('model-') ? known : new AppError('model-unavailable', {}, { cause: error })
}

/** The texts that stand for each chunk: one, or several where it is longer than the model reads. */
async function partsOf(
  embedding: EmbeddingModel,
  chunks: readonly ChunkText[],
  signal: AbortSignal,
): Promise<string[][]> {
  const { passagePrefix, contextSize } = embedding
  const count = async (texts: readonly string[]) => {
    try {
      return await within(signal, embedding.countTokens(texts, signal))
    } catch (error) {
      signal.throwIfAborted()
      throw toModelError(error)
    }
  }
  const whole = chunks.map(chunk => ({ head: headOf(chunk), text: chunk.text }))
  const room = contextSize - specialTokens
  const [prefix, ...counted] = await count([passagePrefix, ...whole.flatMap(({ head, text }) => [head, text])])
  return Promise.all(
    whole.map(async ({ head, text }, at) => {
      const [headTokens, tokens] = counted.slice(2 * at, 2 * at + 2)
      if (prefix + headTokens + tokens <= room) return [passagePrefix + head + text]
      const kept = headTokens <= room * headingShare ? head : ''
      const left = Math.max(1, room - prefix - (kept === '' ? 0 : headTokens))
      let texts = tokens <= left ? [text] : split(text, Math.ceil(tokens / left))
      // Parts of one length have not one number of tokens: those that are too long still are halved.
      for (let round = 0; round < 8; round++) {
        const sizes = await count(texts)
        if (sizes.every(size => size <= left)) break
        texts = texts.flatMap((part, index) => (sizes[index] <= left ? [part] : split(part, 2)))
      }
      return texts.map(part => passagePrefix + kept + part)
    }),
  )
}

/** Changing this, or how parts are made of long ones and put together, makes other vectors: count `EMBEDDING_VERSION` up. */
function headOf({ headings, pieces, text }: ChunkText): string {
  const headers = new Set(
    pieces.flatMap(({ header }) => (header === undefined || text.includes(header) ? [] : [header])),
  )
  const path = headings.map(heading => heading.text).join(' › ')
  return [path, ...headers]
    .filter(line => line !== '')
    .map(line => `${line}\n`)
    .join('')
}

/** About so many parts of one length, cut at spaces where there are any. */
function split(text: string, count: number): string[] {
  const parts: string[] = []
  const share = text.length / count
  for (let from = 0, number = 1; from < text.length; number++) {
    const wanted = Math.min(text.length, Math.max(from + 1, Math.round(number * share)))
    const space = text.lastIndexOf(' ', wanted)
    let to = wanted < text.length && space > from + share / 2 ? space : wanted
    // Never between the halves of a surrogate pair.
    if (to < text.length && /[\uDC00-\uDFFF]/.test(text[to])) to += 1
    const part = text.slice(from, to).trim()
    if (part !== '') parts.push(part)
    from = to
  }
  return parts
}

function meanOf(vectors: readonly Float32Array[]): Float32Array | undefined {
  if (vectors.length < 2) return vectors[0]
  const sum = new Float32Array(vectors[0].length)
  for (const vector of vectors) for (let at = 0; at < sum.length; at++) sum[at] += vector[at]
  return normalise(sum)
}

function normalise(vector: Float32Array): Float32Array | undefined {
  const length = Math.hypot(...vector)
  if (!Number.isFinite(length) || length < 1e-9) return undefined
  return vector.map(value => value / length)
}
