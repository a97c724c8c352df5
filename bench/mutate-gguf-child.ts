/**
 * Loads model files with llama.cpp and uses each a little: tokens, a few words, a vector, a rank. A file that ends this
 * process is what the check of headers must refuse. Speaks over the fork's channel: a path in, `{ path, error? }` out.
 */
import { getLlama, LlamaLogLevel, type LlamaModel } from 'node-llama-cpp'

const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  progressLogs: false,
  maxThreads: 1,
  logLevel: LlamaLogLevel.disabled,
})
const TEXT = 'The Frist, "ä" 日本 A\n<0x0A> 12.'

process.on('message', (path: string) => {
  void load(path).then(
    () => process.send!({ path }),
    (error: unknown) => process.send!({ path, error: error instanceof Error ? error.message : String(error) }),
  )
})
process.send!({ path: '' })

async function load(path: string): Promise<void> {
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0, useMmap: false, ignoreMemorySafetyChecks: true })
  try {
    await use(model)
  } finally {
    await model.dispose()
  }
}

async function use(model: LlamaModel): Promise<void> {
  const { metadata, architectureMetadata } = model.fileInfo
  const contextSize = Math.min(64, model.trainContextSize ?? 64)
  const options = { contextSize, batchSize: contextSize, threads: 1, ignoreMemorySafetyChecks: true }
  const tokens = model.tokenize(TEXT).slice(0, contextSize - 4)
  model.detokenize(tokens)
  if (model.fileInsights.supportsRanking) {
    await (await model.createRankingContext(options)).rank('Frist', 'The')
  } else if (
    (architectureMetadata as { pooling_type?: number }).pooling_type ||
    /bert|embedding/.test(String(metadata.general.architecture))
  ) {
    await (await model.createEmbeddingContext(options)).getEmbeddingFor('The A')
  } else {
    const context = await model.createContext(options)
    let count = 0
    for await (const _ of context.getSequence().evaluate(tokens, { temperature: 0 })) if (++count === 2) break
  }
}
