/** What the model process takes with models of real shapes, against what was foretold of them. Linux only: it reads /proc. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type ModelShape, writeShaped } from '../scripts/shaped-model.ts'
import { textContext } from '../shared/models/fit.ts'
import { describeModel } from '../shared/models/gguf/describe.ts'
import { offerOf } from '../shared/models/known-models.ts'
import { memoryOf, type Use } from '../shared/models/memory-need.ts'
import { createModels, modelEntry } from '../shared/models/models.ts'
import type { Log, Models } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { atMost, type Figure } from './figure.ts'

interface Subject {
  name: string
  shape: ModelShape
  uses: readonly Use[]
}

const MiB = 1024 * 1024
const answering = (contextSize: number): Use => ({ role: 'chat', contextSize, contexts: 1 })
const reading = (contexts: number): Use => ({ role: 'embedding', contextSize: textContext, contexts })

const shapeOf = (id: string): ModelShape => {
  const { shape, architecture, quantization, context } = offerOf(id)!
  // The catalog names no others among these.
  return { ...shape, architecture, quantization, context } as ModelShape
}

const subjects: readonly Subject[] = [
  { name: 'Qwen3 0.6B, Q8_0', shape: shapeOf('qwen3-0.6b'), uses: [answering(2048), answering(4096)] },
  { name: 'multilingual-e5-small, Q8_0', shape: shapeOf('multilingual-e5-small'), uses: [reading(1), reading(2)] },
  {
    // As Llama 3.2 1B.
    name: 'Llama of 1B, Q4_K_M',
    shape: {
      architecture: 'llama',
      quantization: 'Q4_K_M',
      layers: 16,
      embedding: 2048,
      feedForward: 8192,
      heads: 32,
      headsKv: 8,
      headSize: 64,
      vocabulary: 128_256,
      context: 131_072,
    },
    uses: [answering(2048), answering(8192)],
  },
]

export async function measureMemory(folder: string, note: (line: string) => void): Promise<Figure[]> {
  if (process.platform !== 'linux') return []
  const figures: Figure[] = []
  for (const { name, shape, uses } of subjects) {
    const file = path.join(folder, 'shape.gguf')
    await writeShaped(file, shape)
    const { network } = await describeModel(file)
    for (const use of uses) {
      const foretold = memoryOf(network, use).resident
      const measured = await residentWith(file, use, note)
      const parts = `foretold ${Math.round(foretold / MiB)} MiB, measured ${Math.round(measured / MiB)} MiB`
      const what =
        use.role === 'chat' ? `context of ${use.contextSize}` : `${use.contexts} contexts of ${use.contextSize}`
      note(`${name}, ${what}: ${parts}`)
      figures.push(atMost(`${name}, ${what}: off by`, Math.abs(foretold / measured - 1) * 100, '%', 10))
    }
  }
  return figures
}

/** Bytes of the process after each of its contexts read what fills its batch. */
async function residentWith(file: string, use: Use, note: (line: string) => void): Promise<number> {
  let pid: unknown
  const log: Log = {
    debug: (_, values) => {
      pid = values?.pid ?? pid
    },
    info() {},
    warn: note,
    error: note,
  }
  const models = createModels({
    settings: {
      folder: path.join(path.dirname(file), 'none'),
      ...(use.role === 'chat' ? { chatFile: file } : { embeddingFile: file }),
      contextSize: use.contextSize,
      maxTokens: 16,
      temperature: 0,
      threads: use.contexts,
    },
    processes: createForkedProcesses({ entries: { model: modelEntry }, log }),
    log,
  })
  try {
    await (use.role === 'chat' ? answer(models) : read(models, use))
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) * 1024
  } finally {
    await models.close()
  }
}

async function answer(models: Models): Promise<void> {
  const { model } = (await models.chat())!
  const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'x'.repeat(300) }] }]
  for (const sequence of ['answer', 'rewrite'])
    await model.doGenerate({ prompt, maxOutputTokens: 2, providerOptions: { cloister: { sequence } } })
}

async function read(models: Models, { contexts, contextSize }: Use): Promise<void> {
  const { model } = (await models.embedding())!
  // Letters of their own are tokens; two are what begins and ends a text.
  await model.doEmbed({ values: Array.from({ length: contexts }, () => 'a '.repeat(contextSize - 2)) })
}
