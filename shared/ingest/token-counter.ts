import type { Segment, TextSizes } from '../model/index.ts'
import { type ChunkLimits, chunkLimits, estimatedDensity } from './chunker.ts'
import { within } from './within.ts'

export interface TokenCounter {
  limits: ChunkLimits
  /** Has the texts of a segment counted, ahead of cutting it. */
  prepare(segment: Segment): Promise<void>
  /** Tokens a character of a text of the segment prepared last. */
  densityOf(text: string): number
}

/** Milliseconds for the texts of one call. Words never wait for a model that is being loaded or works on something else. */
const budget = 300
/** Characters a call: some 50 ms for a SentencePiece model on one core. */
const callSize = 64 * 1024
/** Of what a model reads, chunks may take so much: prefix and headings come to it, and parts of a block are estimates. */
const share = 0.75

/**
 * Sizes by the tokenizer of the embedding model. Without one, or from the moment it fails or takes too long, by the
 * estimate, until the document's end.
 */
export function createTokenCounter(sizes: TextSizes | undefined, signal: AbortSignal): TokenCounter {
  let model = sizes
  let densities = new Map<string, number>()

  async function count(texts: readonly string[]): Promise<void> {
    if (!model) return
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(budget)])
      const counts = await within(limit, model.countTokens(texts, limit))
      for (const [at, text] of texts.entries()) {
        const density = counts[at] / text.length
        if (density > 0 && Number.isFinite(density)) densities.set(text, density)
      }
    } catch {
      signal.throwIfAborted()
      model = undefined
    }
  }

  return {
    limits: sizes ? limitsFor(sizes.contextSize) : chunkLimits,
    async prepare({ blocks, margins = [] }) {
      densities = new Map()
      if (!model) return
      const texts = new Set([...blocks, ...margins].map(block => block.text).filter(text => text !== ''))
      let call: string[] = []
      let size = 0
      for (const text of texts) {
        if (call.length > 0 && size + text.length > callSize) {
          await count(call)
          call = []
          size = 0
        }
        call.push(text)
        size += text.length
      }
      if (call.length > 0) await count(call)
    },
    densityOf: text => densities.get(text) ?? estimatedDensity,
  }
}

function limitsFor(contextSize: number): ChunkLimits {
  const room = Math.max(16, Math.floor(contextSize * share))
  return {
    small: Math.min(chunkLimits.small, Math.floor(room / 3)),
    large: Math.min(chunkLimits.large, room),
    whole: Math.min(chunkLimits.whole, room),
  }
}
