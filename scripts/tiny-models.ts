export * from './tiny-models-chat.ts'
export * from './tiny-models-encoder.ts'
