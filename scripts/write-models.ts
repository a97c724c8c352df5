import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  E5_SMALL,
  QWEN3_0_6B,
  randomBert,
  randomQwen3,
  scriptedChat,
  tinyEmbedder,
  tinyReranker,
} from './tiny-models.ts'
import { writeGguf } from './write-gguf.ts'

/** Writes models to try things with: `node scripts/write-models.ts FOLDER [--large]`. The large ones take 770 MB. */
const [folder, ...options] = process.argv.slice(2)
if (folder === undefined || options.some(option => option !== '--large')) {
  process.stderr.write('usage: node scripts/write-models.ts FOLDER [--large]\n')
  process.exit(2)
}
await mkdir(folder, { recursive: true })
await writeGguf(join(folder, 'chat.gguf'), scriptedChat('The notice period is three months [1].'))
await writeGguf(join(folder, 'endless.gguf'), scriptedChat('and so on', { endless: true }))
await writeGguf(join(folder, 'embedder.gguf'), tinyEmbedder())
await writeGguf(join(folder, 'reranker.gguf'), tinyReranker({ favours: ['notice', 'period', 'Kündigungsfrist'] }))
if (options.includes('--large')) {
  await writeGguf(join(folder, 'random-qwen3-0.6b-q8_0.gguf'), randomQwen3(QWEN3_0_6B))
  await writeGguf(join(folder, 'random-e5-small-q8_0.gguf'), randomBert(E5_SMALL))
}
