import type { EmbeddingModelV4 } from '@ai-sdk/provider'
import type { EmbeddingModel } from '../shared/model/index.ts'
import type { Models } from '../shared/ports.ts'
import { noModels } from './open-core.ts'

export interface WordEmbedder extends EmbeddingModel {
  /** Texts of each call. */
  calls: string[][]
}

/**
 * An embedding model for tests: the sum of its words' vectors, which come from a hash of each; words of one group have one
 * vector. `before` runs ahead of each call and may throw what a model throws, wait, or give other vectors.
 */
export function createWordEmbedder({
  fingerprint = 'words',
  dimensions = 64,
  synonyms = [],
  contextSize = 512,
  before = () => undefined,
}: {
  fingerprint?: string
  dimensions?: number
  synonyms?: readonly (readonly string[])[]
  /** Tokens; a word is one. */
  contextSize?: number
  before?: (values: readonly string[], signal?: AbortSignal) => unknown
} = {}): WordEmbedder {
  const calls: string[][] = []
  const groups = new Map(synonyms.flatMap(group => group.map(word => [word, group[0]])))
  const model: EmbeddingModelV4 = {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: fingerprint,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    async doEmbed({ values, abortSignal }) {
      calls.push([...values])
      const given = await before(values, abortSignal)
      const embeddings = Array.isArray(given) ? (given as number[][]) : values.map(text => embed(text))
      return { embeddings, warnings: [] }
    },
  }

  function embed(text: string): number[] {
    const sum = new Array<number>(dimensions).fill(0)
    for (const word of wordsOf(text)) {
      let state = hash(`${fingerprint} ${groups.get(word) ?? word}`)
      for (let at = 0; at < dimensions; at++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        sum[at] += state / 2 ** 31 - 1
      }
    }
    return sum
  }

  return {
    model,
    name: fingerprint,
    fingerprint,
    dimensions,
    queryPrefix: 'query: ',
    passagePrefix: 'passage: ',
    contextSize,
    countTokens: async texts => texts.map(text => wordsOf(text).length),
    calls,
  }
}

/** An installation whose embedding models are those of a list that a test may change; the first is the one to use. */
export function embeddersOf(list: readonly EmbeddingModel[]): Models {
  return {
    ...noModels,
    embedding: async fingerprint =>
      fingerprint === undefined ? list[0] : list.find(embedder => embedder.fingerprint === fingerprint),
  }
}

const prefixes = new Set(['query', 'passage'])
function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter(word => !prefixes.has(word))
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 2_166_136_261
  for (const unit of text) value = Math.imul(value ^ unit.codePointAt(0)!, 16_777_619) >>> 0
  return value
}
