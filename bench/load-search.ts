/** Words and vectors on Postgres, in projects of different sizes: how long a search takes, what it costs, how much it finds. */
import { execFile } from 'node:child_process'
import { loadavg } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { atLeast, atMost, type Figure, median, percentile, told } from './figure.ts'
import { dimensions, type LoadLibrary, type LoadProject, openLoadSearch } from './load-library.ts'
import type { OwnDatabase } from './own-database.ts'
import { backendsOf, processorTime } from './processor.ts'

const questions = 200
const warmUp = 60
/** What else goes on on the machine only adds: the best of so many rounds counts. */
const rounds = 3
const compared = 100
/** Nearest chunks that are compared with the exact ones; a search takes this many more. */
const [nearest, listed] = [10, 50]
const coldRounds = 3

export interface Target {
  size: number
  /** Milliseconds. */
  p95: number
  recall: number
}

interface Asked {
  question: string
  vector: Float32Array
}

type Search = Awaited<ReturnType<typeof openLoadSearch>>

export async function searchFigures(options: {
  database: OwnDatabase
  library: LoadLibrary
  fingerprint: string
  targets: readonly Target[]
  note: (line: string) => void
}): Promise<Figure[]> {
  const { database, library, fingerprint, targets, note } = options
  const figures: Figure[] = []
  const search = await openLoadSearch(database.url, fingerprint)
  try {
    for (const [at, project] of library.projects.entries()) {
      const asked = questionsFor(library, project, questions + warmUp)
      const name = `of ${project.size.toLocaleString('en')} chunks`
      const warm = await timeWarm(search, project, asked, database)
      note(
        `${name}: p95 ${warm.hybrid.map(p95).map(shown).join(', ')} ms, vectors alone ${shown(p95(warm.vectors))} ms; load of the machine ${loadavg()[0].toFixed(1)}`,
      )
      const cold = await timeCold(database, project, asked, fingerprint)
      const recall = await recallOf(search, project, fingerprint, asked)
      note(`${name}: recall ${recall.toFixed(4)}; first search ${shown(median(cold.fresh))} ms`)
      const target = targets[at]
      figures.push(
        atMost(`words and vectors in a project ${name}, p95`, Math.min(...warm.hybrid.map(p95)), 'ms', target.p95),
        told('the same, p50', Math.min(...warm.hybrid.map(median)), 'ms'),
        told('vectors alone, p95', p95(warm.vectors), 'ms'),
        atLeast(`the ${nearest} nearest, share found of an exact comparison`, recall, '', target.recall),
        told('processor time a search, this process', warm.ours, 'ms'),
        told('processor time a search, processes of Postgres', warm.theirs, 'ms'),
        told('first search on new connections', cold.connections, 'ms'),
        told('first search of a new process, connecting included', median(cold.fresh), 'ms'),
        told('the same, with nothing in the memory of Postgres', cold.emptied, 'ms'),
      )
    }
    return figures
  } finally {
    await search.close()
  }
}

/** From all over the project, and each with a vector that lies near its chunk's. */
export function questionsFor({ text, vectors }: LoadLibrary, { samples, sampleVectors }: LoadProject, count: number) {
  return Array.from({ length: count }, (_, number): Asked => {
    const at = (number * 37) % samples.length
    return { question: text.question(samples[at]), vector: vectors.around(sampleVectors[at]) }
  })
}

async function timeWarm(search: Search, { scope }: LoadProject, asked: readonly Asked[], database: OwnDatabase) {
  const times = async (some: readonly Asked[], mode: 'hybrid' | 'vectors') => {
    const measured: number[] = []
    for (const { question, vector } of some) measured.push(await search.time(scope, question, vector, mode))
    return measured
  }
  await times(asked.slice(0, warmUp), 'hybrid')
  const backends = async () => processorTime(await backendsOf(database))
  const [ownBefore, theirsBefore] = [process.cpuUsage(), await backends()]
  const hybrid: number[][] = []
  for (let round = 0; round < rounds; round++) hybrid.push(await times(asked.slice(warmUp), 'hybrid'))
  const [own, theirs] = [process.cpuUsage(ownBefore), await backends()]
  const searches = rounds * questions
  return {
    hybrid,
    vectors: await times(asked.slice(warmUp, warmUp + compared), 'vectors'),
    ours: (own.user + own.system) / 1000 / searches,
    theirs: theirs === null || theirsBefore === null ? null : (theirs - theirsBefore) / searches,
  }
}

async function timeCold(database: OwnDatabase, { scope }: LoadProject, asked: readonly Asked[], fingerprint: string) {
  const again = await openLoadSearch(database.url, fingerprint)
  const connections = await again.time(scope, asked[0].question, asked[0].vector).finally(() => again.close())
  const fresh: number[] = []
  const inNewProcess = async ({ question, vector }: Asked) => {
    const given = JSON.stringify({ url: database.url, fingerprint, scope, question, vector: [...vector] })
    const script = path.join(import.meta.dirname, 'load-cold.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', script, given])
    return Number(stdout)
  }
  for (let round = 0; round < coldRounds; round++) fresh.push(await inNewProcess(asked[round + 1]))
  return { connections, fresh, emptied: (await emptyMemory(database)) ? await inNewProcess(asked[0]) : null }
}

/** What the server keeps of this database in memory of its own; the system's cache stays. False where that cannot be done. */
async function emptyMemory({ query }: OwnDatabase): Promise<boolean> {
  try {
    await query('create extension if not exists pg_buffercache')
    await query(`select count(pg_buffercache_evict(bufferid)) from pg_buffercache
      where reldatabase = (select oid from pg_database where datname = current_database())`)
    return true
  } catch {
    return false
  }
}

/** Against a comparison with every vector, in single precision and in this process. */
async function recallOf(search: Search, project: LoadProject, fingerprint: string, asked: readonly Asked[]) {
  const index = await search.store.vectors.active()
  if (index?.fingerprint !== fingerprint) throw new Error('another index is searched')
  let hits = 0
  for (const { vector } of asked.slice(0, compared)) {
    const exact = new Set(exactlyNearest(project, vector))
    const found = await search.store.vectors.nearest(project.scope, { index, vector, limit: listed })
    hits += found.slice(0, nearest).filter(({ id }) => exact.has(id)).length
  }
  return hits / compared / nearest
}

function exactlyNearest({ vectors, ids }: LoadProject, wanted: Float32Array): number[] {
  const products = new Float64Array(ids.length)
  for (let row = 0; row < ids.length; row++) {
    let sum = 0
    for (let at = 0, from = row * dimensions; at < dimensions; at++) sum += vectors[from + at] * wanted[at]
    products[row] = sum
  }
  const least = Float64Array.from(products).sort()[ids.length - nearest]
  return ids.filter((_, row) => products[row] >= least)
}

const p95 = (times: readonly number[]) => percentile(times, 0.95)
const shown = (time: number) => time.toFixed(1)
