/** Downloads over a folder of their own, for tests and the bench. */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tinyOf } from '../scripts/tiny-models.ts'
import { ggufBytes } from '../scripts/write-gguf.ts'
import { createDownloads, type DownloadDependencies, type Downloads } from '../shared/models/download.ts'
import { createModelFiles, type ModelFiles } from '../shared/models/files.ts'
import { checkBeginning } from '../shared/models/gguf/check-beginning.ts'
import { describeModel } from '../shared/models/gguf/describe.ts'
import { silent } from './open-store.ts'

/** Milliseconds in which everything happens that takes minutes in the product. */
export const quick = { firstPause: 2, longestPause: 40, tries: 12, stall: 400, look: 20 }

export interface TestDownloads {
  downloads: Downloads
  files: ModelFiles
}

/** `process`: one number for each that is to be another process than this one. */
export async function openDownloads(
  folder: string,
  { process: pid = 1, ...given }: Partial<DownloadDependencies> & { process?: number } = {},
): Promise<TestDownloads> {
  await mkdir(folder, { recursive: true })
  const limit = given.limit ?? Number.POSITIVE_INFINITY
  const files = createModelFiles({ folder, check: describeModel, limit })
  const owner = { host: 'here', pid, instance: randomUUID() }
  const downloads = createDownloads({
    folder,
    files,
    fetchOf: () => fetch,
    checkBeginning,
    limit,
    lock: { owner, mayLive: other => other.pid < 1000 },
    hubs: { hub: 'https://huggingface.co', mirrors: [] },
    find: () => undefined,
    log: silent,
    times: quick,
    ...given,
  })
  return { downloads, files }
}

/** A model that is one, and as large as it is to be; `seed` makes each its own. */
export function modelBytes(size: number, seed: number): Buffer {
  const model = ggufBytes(tinyOf('qwen3'))
  const rest = Buffer.alloc(Math.max(0, size - model.length))
  let state = (seed * 2_654_435_761 + 1) >>> 0
  // xorshift32 (Marsaglia 2003): what stands behind the weights is nobody's business, it must only differ everywhere.
  for (let at = 0; at + 4 <= rest.length; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    rest.writeInt32LE(state | 0, at)
  }
  return Buffer.concat([model, rest])
}
