import { GgufInsights, getLlama, type Llama, LlamaLogLevel, type LlamaModel } from 'node-llama-cpp'
import { AppError } from '../errors.ts'
import type { ModelFile, ProcessSettings } from './protocol.ts'

/** llama.cpp as it is published for this platform: nothing is built or fetched. Throws when there is none. */
export async function openLibrary({ threads }: ProcessSettings): Promise<Llama> {
  skipEstimates()
  return await getLlama({
    // On the processor only: nothing here was tried on another one.
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    // The default, at least 4, makes the threads of a small machine wait for each other: 0.3 instead of 18 tokens a second.
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
    logger: (_level, message) => void process.stderr.write(message),
  })
}

/**
 * Before it loads a model, and before it makes a context, the library loads the model once more without its weights to see how much
 * memory it will take, also when it is told not to check. Our own check is made by then, so nobody looks at the result:
 * loading took 1.2 s of CPU time with it and 0.7 s without (130 MB, 250,000 tokens), the first context 0.4 s and 0.03 s.
 * Where a newer version has no such methods, they are only slow.
 */
function skipEstimates(): void {
  const nothing = async () => ({ cpuRam: 0, gpuVram: 0 })
  Object.assign(GgufInsights.prototype, {
    estimateModelResourceRequirementsV2: nothing,
    estimateContextResourceRequirementsV2: nothing,
  })
}

/** Throws `model-invalid`. `progress` is called now and then. */
export async function loadFile(llama: Llama, file: ModelFile, progress: () => void): Promise<LlamaModel> {
  let told = 0
  try {
    return await llama.loadModel({
      modelPath: file.path,
      gpuLayers: 0,
      ignoreMemorySafetyChecks: true,
      onLoadProgress: () => {
        const now = performance.now()
        if (now - told < 500) return
        told = now
        progress()
      },
    })
  } catch (error) {
    throw new AppError('model-invalid', { name: file.name, detail: 'load' }, { cause: error })
  }
}
