import type { EmbeddingModelV4, LanguageModelV4, RerankingModelV4 } from '@ai-sdk/provider'
import type { Reason } from './reason.ts'

export type ModelRole = 'chat' | 'embedding' | 'reranking'

/**
 * Writes answers. Its `LanguageModelV4` takes `providerOptions: { cloister: { sequence: 'rewrite' } }` for a side task
 * that must not push the answers' prefix out of memory; usage tells what of the prompt was read anew (`noCache`).
 */
export interface ChatModel {
  model: LanguageModelV4
  /** As the user sees it. */
  name: string
  /** Tokens of prompt and answer together. */
  contextSize: number
  /** Tokens of an answer, at most; what the model uses when a call does not say. */
  maxTokens: number
}

/**
 * Makes vectors. What it is given carries no prefix yet: `queryPrefix` or `passagePrefix` goes before it. Its
 * `EmbeddingModelV4` takes `providerOptions: { cloister: { urgent: true } }` for what somebody waits for.
 */
export interface EmbeddingModel {
  model: EmbeddingModelV4
  name: string
  /** Differs where vectors of the one cannot be compared with vectors of the other. */
  fingerprint: string
  dimensions: number
  queryPrefix: string
  passagePrefix: string
  /** Tokens it reads at most, prefix and special tokens included. Longer texts are refused with `model-input`. */
  contextSize: number
  /** By its own tokenizer, without special tokens. */
  countTokens(texts: readonly string[], signal?: AbortSignal): Promise<number[]>
}

/** How texts are measured for a model: what it reads at most, and how much of it a text takes. */
export type TextSizes = Pick<EmbeddingModel, 'contextSize' | 'countTokens'>

/**
 * Says how well a passage answers a question. Its `RerankingModelV4` takes `providerOptions: { cloister: { urgent: false } }` for
 * what nobody waits for.
 */
export interface RerankingModel {
  model: RerankingModelV4
  name: string
}

/** A model's file that is being fetched, or would be had nobody stopped it. It ends by being there: then it is a model. */
export interface Download {
  /** What the file will be called; no two downloads have the same. */
  name: string
  /**
   * `queued`: others come first. `waiting`: no source answers, it is tried again by itself; `reason` says why. `checking`: what
   * is there is read. `failed`: given up, with the reason; resuming tries again.
   */
  state: 'queued' | 'active' | 'waiting' | 'checking' | 'paused' | 'failed' | 'done'
  /** Where it comes from. */
  host: string | null
  /** Bytes that are there, and of the whole file, where that is known. */
  received: number
  size: number | null
  /** Bytes per second, smoothed, and what that means for the rest. */
  rate: number | null
  secondsLeft: number | null
  reason: Reason | null
}
