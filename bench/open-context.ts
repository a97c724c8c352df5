/** Loads a chat model as the product does and prints how many milliseconds its context takes: `node bench/open-context.ts FILE`. */
import { openChat } from '../shared/models/chat.ts'
import { loadFile, openLibrary } from '../shared/models/library.ts'
import { chatStyle } from '../shared/models/style.ts'

const path = process.argv[2]
const llama = await openLibrary({ threads: 1 })
const file = { key: path, path, name: path, role: 'chat' as const, contextSize: 4096 }
const model = await loadFile(llama, file, () => {})
const { general, tokenizer } = model.fileInfo.metadata
const times: number[] = []
for (let round = 0; round < 3; round++) {
  const started = performance.now()
  const style = chatStyle(tokenizer?.chat_template ?? '', general.architecture, model.tokenizer)
  await openChat(model, { style, contextSize: file.contextSize, threads: 1, batchSize: 64 })
  times.push(performance.now() - started)
}
process.stdout.write(String(Math.min(...times)))
process.exit(0)
