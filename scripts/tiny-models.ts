export type { Malformed } from './tiny-models-broken.ts'
export { CHATML_TEMPLATE, type Script, type ScriptedChatOptions, scriptedChat } from './tiny-models-chat.ts'
export {
  type TinyEmbedderOptions,
  type TinyRerankerOptions,
  tinyEmbedder,
  tinyReranker,
} from './tiny-models-encoder.ts'
export { type TinyTokenizer, tinyOf } from './tiny-models-kinds.ts'
export { malformed } from './tiny-models-malformed.ts'
export { type BertShape, E5_SMALL, QWEN3_0_6B, type Qwen3Shape, randomBert, randomQwen3 } from './tiny-models-random.ts'
