/** What the host and the model process say to each other: structured clones, a vector as the bytes it is. */
import type { ErrorCode, ModelRole } from '../model/index.ts'
import type { Granted } from './memory.ts'
import type { Piece } from './pieces.ts'

/** What the process needs to know of a file; it reads and checks the header itself before llama.cpp sees it. */
export interface ModelFile {
  /** Path, size and time of change: a file that was replaced is another one. */
  key: string
  path: string
  /** As the user sees it. */
  name: string
  role: ModelRole
  /** Tokens the model is to see at once, at most. */
  contextSize: number
}

export interface ProcessSettings {
  /** Of all models together. */
  threads: number
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  text: string
  /** What the assistant called after that, and what came back. */
  calls?: { name: string; input: unknown; result: string }[]
}

export interface Tool {
  name: string
  description?: string
  /** JSON schema of what it is given: an object. */
  input: unknown
}

export type Task =
  | {
      type: 'chat'
      messages: ChatMessage[]
      /** Each keeps what it read last, and leaves the other's alone. */
      sequence: 'answer' | 'rewrite'
      maxTokens: number
      temperature: number
      topP?: number
      topK?: number
      minP?: number
      presencePenalty?: number
      frequencyPenalty?: number
      seed?: number
      stops: string[]
      /** Tokens it may think before it answers; none by default. */
      thinking?: number
      /** The answer is JSON of this schema, or any. */
      json?: { schema?: unknown }
      tools?: Tool[]
      /** It must call one, or this one. */
      required?: boolean | string
    }
  | { type: 'embed'; text: string }
  | { type: 'rank'; query: string; text: string }
  | { type: 'count'; texts: string[] }

export interface Usage {
  /** Tokens of the prompt, and how many of them were known from before. */
  prompt: number
  cached: number
  generated: number
  reasoning: number
}

export interface Results {
  /** `invalid`: the JSON does not fit what no grammar can say of its schema. */
  chat: { finish: 'stop' | 'length' | 'calls' | 'invalid'; usage: Usage }
  /** Of length 1. */
  embed: { vector: Float32Array; tokens: number }
  /** 0 to 1. */
  rank: { score: number }
  count: { counts: number[] }
}

export type Result = Results[keyof Results]

export type ToModel =
  /** First. */
  | { type: 'start'; settings: ProcessSettings }
  | { type: 'run'; id: number; file: ModelFile; task: Task }
  /** No more of this is wanted. It ends with `failed` (cancelled) at the next token or prompt batch. */
  | { type: 'stop'; id: number }
  | { type: 'unload'; key: string }
  | { type: 'ping' }

export type FromModel =
  | { type: 'pong' }
  /** A model is being loaded, or how far it is; from `loaded` on the time of work counts again. `granted` where it was loaded. */
  | { type: 'loading'; key: string }
  | { type: 'loaded'; key: string; granted?: Granted }
  /** For the log. */
  | { type: 'note'; name: string; detail: string }
  /** It gets on: a prompt batch, a token that is not shown yet. */
  | { type: 'progress'; id: number }
  | { type: 'piece'; id: number; kind: Piece['kind']; text: string }
  | { type: 'done'; id: number; result: Result }
  | { type: 'failed'; id: number; code: ErrorCode; values: Record<string, string | number>; detail: string }
