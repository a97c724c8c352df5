/**
 * The library on Postgres under load: searches in projects of 1,000, 10,000 and 100,000 chunks of one database, alone; then many
 * a second over HTTP, while two workers take in documents. Needs DATABASE_URL or TEST_DATABASE_URL, a server on which
 * databases may be made; it makes one of its own and drops it. `--sizes 1000,10000,100000`, `--seconds 60`, `--per-second 40`
 * make another run of it; `--only search` or `--only load` half of one; `--profile FOLDER`:
 * where the server writes what it did with its processor time.
 */
import path from 'node:path'
import { tinyEmbedder } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import { openModels } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import type { Bench, Figure } from './figure.ts'
import { loadFigures } from './load-http.ts'
import { buildLoadLibrary, dimensions } from './load-library.ts'
import { searchFigures } from './load-search.ts'
import { createOwnDatabase } from './own-database.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const sizes = [1000, 10_000, 100_000]
/** Milliseconds of p95, for projects of up to so many chunks. */
const targets = [30, 40, 60]
const recall = 0.98

export const bench: Bench = async ({ note, args }) => {
  const said = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const wanted = said('--sizes')?.split(',').map(Number) ?? sizes
  const only = said('--only')
  await using database = await createOwnDatabase('load')
  await using folder = await createTemporaryFolder('load')
  const modelFile = path.join(folder.path, 'embedder.gguf')
  await writeGguf(modelFile, tinyEmbedder({ dimensions }))
  const model = await modelOf(modelFile, folder.path)
  const library = await buildLoadLibrary(database, { sizes: wanted, model, note })
  const { fingerprint } = model
  const figures: Figure[] = []
  if (only !== 'load') {
    const limits = wanted.map(size => {
      const at = sizes.findIndex(known => size <= known)
      return { size, p95: targets.at(at) ?? 0, recall }
    })
    figures.push(...(await searchFigures({ database, library, fingerprint, targets: limits, note })))
  }
  if (only !== 'search') {
    const seconds = Number(said('--seconds') ?? 60)
    const perSecond = Number(said('--per-second') ?? 40)
    figures.push(
      ...(await loadFigures({
        ...{ database, library, folder: folder.path, modelFile, seconds, perSecond, note },
        profile: said('--profile'),
      })),
    )
  }
  return figures
}

/** As the server will name the model of this file: the vectors of the library are taken for its own. */
async function modelOf(file: string, folder: string): Promise<{ fingerprint: string; name: string }> {
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const models = openModels(readConfig({ environment: { EMBEDDING_MODEL_PATH: file }, data: folder }), log)
  try {
    const { fingerprint, name } = (await models.embedding())!
    return { fingerprint, name }
  } finally {
    await models.close()
  }
}
