/** Loads a chat model and prints how many milliseconds its context takes: `node bench/open-context.ts FILE`. */
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'
import { openChat } from '../shared/models/chat.ts'
import { chatStyle } from '../shared/models/style.ts'

const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  maxThreads: 1,
  logLevel: LlamaLogLevel.error,
})
const model = await llama.loadModel({ modelPath: process.argv[2], gpuLayers: 0, ignoreMemorySafetyChecks: true })
const { general, tokenizer } = model.fileInfo.metadata
const times: number[] = []
for (let round = 0; round < 3; round++) {
  const started = performance.now()
  const style = chatStyle(tokenizer?.chat_template ?? '', general.architecture, model.tokenizer)
  await openChat(model, { style, contextSize: 4096, threads: 1, batchSize: 64 })
  times.push(performance.now() - started)
}
process.stdout.write(String(Math.min(...times)))
process.exit(0)
