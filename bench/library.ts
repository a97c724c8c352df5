/** A data directory full of synthetic chunks. */
import path from 'node:path'
import { v7 } from 'uuid'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import type { Chunk, Scope } from '../shared/model/index.ts'
import { openStore } from '../shared/store/index.ts'
import { createText, type SyntheticText } from '../tests/synthetic.ts'
import { type Filling, fillProjects } from './fill-projects.ts'

export { fingerprint } from './fill-projects.ts'

export interface Library {
  /** The project of 10,000 chunks first, then the others. */
  scopes: Scope[]
  text: SyntheticText
  /** Every eighth chunk of the first project: questions come from them. */
  samples: Chunk[]
  /** Their vectors, where there are any. */
  sampleVectors: Float32Array[]
}

const projects = 40
const largest = 10_000
const others = 90_000

/** 100,000 chunks; see `Filling`. */
export async function buildLibrary(
  folder: string,
  options: Pick<Filling, 'note' | 'each' | 'vectors'>,
): Promise<Library> {
  const clock = { now: () => Date.now() }
  const ids = { next: () => v7() }
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const database = await openSqlite({ file: path.join(folder, 'cloister.db') })
  const store = await openStore({ database, clock, ids, log, backups: name => path.join(folder, name) })
  const text = createText({ seed: 20_261_121 })
  const sizes = Array.from({ length: projects }, (_, project) => (project === 0 ? largest : share(project)))
  const filled = await fillProjects(store, { ...options, sizes, text })
  await store.close()
  await database.close()
  const [{ samples, sampleVectors }] = filled
  return { scopes: filled.map(({ scope }) => scope), text, samples, sampleVectors }
}

/** The others share what is left evenly. */
function share(project: number): number {
  const each = Math.floor(others / (projects - 1))
  return project === projects - 1 ? others - each * (projects - 2) : each
}
