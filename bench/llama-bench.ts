/**
 * llama.cpp's own bench, as the peer of ours: built once from the source bundle inside the package node-llama-cpp, so that
 * both run the same code. Needs git, cmake and a C++ compiler; the first time takes some 20 minutes on two cores.
 */
import { execFile } from 'node:child_process'
import { access, mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = path.join(import.meta.dirname, '..')
const bundle = path.join(root, 'node_modules/node-llama-cpp/llama/gitRelease.bundle')
const folder = path.join(root, 'node_modules/.cache/cloister/llama.cpp')
const mostOutput = 64 * 1024 * 1024

export interface Measure {
  threads: number
  /** Tokens of prompt and of answer; one of them. */
  prompt?: number
  generate?: number
  /** Tokens in the context before. */
  depth?: number
  /** Prompt tokens a batch. */
  batch?: number
  embeddings?: boolean
  /** Times it is done; the mean counts, as where many are done in a row. */
  repeat?: number
}

export interface LlamaBench {
  /** Tokens a second, after llama-bench's own warm-up. */
  measure(model: string, what: Measure): Promise<number>
}

/** `LLAMA_BENCH` names one that is built already. Undefined, with a note, where it cannot be built. */
export async function findLlamaBench(note: (line: string) => void): Promise<LlamaBench | undefined> {
  const file = process.env.LLAMA_BENCH ?? path.join(folder, 'build/bin/llama-bench')
  const there = await access(file).then(
    () => true,
    () => false,
  )
  if (!there) {
    try {
      await build(note)
    } catch (error) {
      note(`llama-bench cannot be built: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
      return undefined
    }
  }
  return {
    async measure(model, { threads, prompt = 0, generate = 0, depth = 0, batch, embeddings, repeat = 1 }) {
      const numbers = { t: threads, p: prompt, n: generate, d: depth, r: repeat, ngl: 0 }
      const args = Object.entries(numbers).flatMap(([name, value]) => [`-${name}`, String(value)])
      if (batch !== undefined) args.push('-b', String(batch), '-ub', String(batch))
      if (embeddings) args.push('-embd', '1')
      const { stdout } = await run(file, ['-m', model, ...args, '-o', 'json'], { maxBuffer: mostOutput })
      const [{ avg_ts: speed }] = JSON.parse(stdout) as { avg_ts: number }[]
      return speed
    },
  }
}

async function build(note: (line: string) => void): Promise<void> {
  note('building llama-bench from the bundled source, once …')
  await mkdir(path.dirname(folder), { recursive: true })
  const there = await access(path.join(folder, 'CMakeLists.txt')).then(
    () => true,
    () => false,
  )
  if (!there) await run('git', ['clone', '--quiet', bundle, folder], { maxBuffer: mostOutput })
  const off = ['LLAMA_CURL', 'LLAMA_OPENSSL', 'LLAMA_BUILD_TESTS', 'LLAMA_BUILD_EXAMPLES', 'LLAMA_BUILD_SERVER']
  const settings = [...off, 'BUILD_SHARED_LIBS'].map(name => `-D${name}=OFF`)
  await run('cmake', ['-S', folder, '-B', `${folder}/build`, '-DCMAKE_BUILD_TYPE=Release', ...settings], {
    maxBuffer: mostOutput,
  })
  const jobs = String(availableParallelism())
  await run('cmake', ['--build', `${folder}/build`, '--target', 'llama-bench', '-j', jobs], { maxBuffer: mostOutput })
}
