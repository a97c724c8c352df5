import type { AnsweringServer } from './provider.ts'
import type { Reason } from './reason.ts'

/** What a chat model wrote to a prompt. */
export interface Generated {
  text: string
  /** The model's name. */
  model: string
  /** The server it ran at; absent where that was our own process. */
  server?: AnsweringServer
  /** Why it is not the one that was asked for. */
  reason: Reason | null
  /** `length`: it might have gone on, but for the limit of its tokens. */
  finish: 'stop' | 'length' | 'other'
  /** Tokens; null where the model does not tell. */
  usage: { prompt: number | null; generated: number | null }
}

export type GenerateEvent =
  /** So many come first at the model. */
  | { type: 'waiting'; place: number }
  /** What it wrote next. */
  | { type: 'text'; text: string }
  /** All `text` so far was the model's thinking, and is not meant. */
  | { type: 'reset' }
  | { type: 'finish'; generated: Generated }
