export * from './tiny-models-chat.ts'
