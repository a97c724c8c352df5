/**
 * Searches over HTTP, as many a second as are wanted whether or not they are answered, on a server that does no background
 * work, while two workers beside it, which let others go first, take in documents without end.
 */
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { loadavg } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '../shared/api/client.ts'
import { contract } from '../shared/api/index.ts'
import type { Passage } from '../shared/model/index.ts'
import { atLeast, atMost, type Figure, percentile, told } from './figure.ts'
import { arrivals, sendAt } from './load-arrivals.ts'
import { streamDocuments } from './load-ingest.ts'
import { dimensions, type LoadLibrary } from './load-library.ts'
import { questionsFor } from './load-search.ts'
import type { OwnDatabase } from './own-database.ts'
import { backendsOf, familyOf, processorTime } from './processor.ts'
import { type Program, startProgram } from './program.ts'

const token = 'for-the-bench-of-load-alone'
const workers = 2
const niceness = 10
/** Of these that come before, nothing is counted. */
const warmUpSeconds = 5
/** Milliseconds. */
const target = 300
const patience = 30_000

export async function loadFigures(options: {
  database: OwnDatabase
  library: LoadLibrary
  folder: string
  modelFile: string
  seconds: number
  perSecond: number
  profile: string | undefined
  note: (line: string) => void
}): Promise<Figure[]> {
  const { database, library, folder, modelFile, seconds, perSecond, profile, note } = options
  const environment = { DATABASE_URL: database.url, EMBEDDING_MODEL_PATH: modelFile, CLOISTER_TOKEN: token }
  const data = path.join(folder, 'data')
  await using server = await startProgram(['serve', '--workers', '0', '--port', '0', '--data', data], {
    environment: {
      ...environment,
      ...(profile !== undefined && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${path.resolve(profile)}` }),
    },
  })
  await using others = new AsyncDisposableStack()
  const address = String(server.said.address)
  const projects = library.projects.map(({ scope }) => scope.projectId)
  const asked = library.projects.map(project => questionsFor(library, project, 2000).map(({ question }) => question))
  const count = projects.length
  const http = createSearches(address)
  const send = (at: number) => http.search(projects[at % count], asked[at % count][Math.floor(at / count) % 2000])

  const first: number[] = []
  for (let at = 0; at < count; at++) {
    const started = performance.now()
    await send(at)
    first.push(performance.now() - started)
  }
  for (let at = 0; at < workers; at++)
    others.use(await startProgram(['worker', '--data', data], { environment, nice: niceness }))
  const client = createClient({ routes: contract, url: address, token, language: () => 'en' })
  const places = projects.map(projectId => ({ client, projectId }))
  const stream = await streamDocuments({ database, places, folder, note })
  const { chunks } = await stream.done()
  note(`${workers} workers take in documents; load of the machine ${loadavg()[0].toFixed(1)}`)
  for (const end = performance.now() + patience; (await stream.done()).chunks === chunks; await pause(100))
    if (performance.now() > end) throw new Error('the workers take nothing in')
  await sendAt(arrivals({ perSecond, seconds: warmUpSeconds, seed: 2 }), send)

  stream.fewest()
  const before = { ingested: await stream.done(), processor: await processorOf(server, database) }
  const missed = await missingLegs(data)
  const answered = await sendAt(arrivals({ perSecond, seconds, seed: 1 }), at => send(at + 1000))
  const missing = await missingLegs(data)
  const fewest = stream.fewest()
  const after = { ingested: await stream.done(), processor: await processorOf(server, database) }
  await stream.stop()

  const times = answered.map(({ time }) => time)
  const good = answered.flatMap(({ answer }) => (answer ? [answer] : []))
  const errors = answered.flatMap(({ error }) => (error === undefined ? [] : [String(error)]))
  for (const error of new Set(errors)) note(`failed: ${error}`)
  const byVector = (answers: readonly Passage[][]) =>
    meanOf(answers.map(passages => Number(passages.some(({ score }) => score === 0)))) ?? 0
  const share = (part: keyof Processor) => {
    const [from, to] = [before.processor[part], after.processor[part]]
    return from === null || to === null ? null : (to - from) / answered.length
  }
  const name = `${perSecond} searches a second over HTTP for ${seconds} s`
  return [
    atMost(`${name}, ${workers} workers reading, p95`, percentile(times, 0.95), 'ms', target),
    atMost('errors', errors.length, '', 0),
    told('p50', percentile(times, 0.5), 'ms'),
    told('p99', percentile(times, 0.99), 'ms'),
    told('slowest', Math.max(...times), 'ms'),
    ...library.projects.map(({ size }, project) =>
      told(
        `p95 in the project of ${size.toLocaleString('en')}`,
        percentile(
          times.filter((_, at) => (at + 1000) % count === project),
          0.95,
        ),
        'ms',
      ),
    ),
    told('searches answered', good.length, ''),
    told('passages in an answer, mean', meanOf(good.map(({ length }) => length)), ''),
    told(
      `answers with passages that only vectors found (${dimensions} dimensions, a tiny model), share`,
      byVector(good),
      '',
    ),
    // Not what the figure above tells: of chunks that have just come, many have no vectors yet, and the more there are, the less weight what
    // is near has beside the words.
    atMost('searches whose leg of vectors was late or failed, share', (missing - missed) / answered.length, '', 0.05),
    told(
      'sent too late, p95',
      percentile(
        answered.map(({ late }) => late),
        0.95,
      ),
      'ms',
    ),
    atLeast('documents read meanwhile', after.ingested.documents - before.ingested.documents, '', 1),
    atLeast('their chunks that words find', after.ingested.chunks - before.ingested.chunks, '', 1),
    told('their chunks that vectors find', after.ingested.embedded - before.ingested.embedded, ''),
    atLeast('documents that waited or were being read, fewest', fewest, '', workers),
    told('processor time a search, server', share('server'), 'ms'),
    told('processor time a search, its models', share('models'), 'ms'),
    told('processor time of Postgres a search, workers included', share('postgres'), 'ms'),
    told('first search after the start of the server', first[0], 'ms'),
  ]
}

/** As the server has written down. */
async function missingLegs(data: string): Promise<number> {
  const log = await readFile(path.join(data, 'logs/cloister.log'), 'utf8').catch(() => '')
  return log.split('\n').filter(line => /leg of the search is missing|leg of vectors failed/.test(line)).length
}

const meanOf = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

interface Processor {
  server: number | null
  models: number | null
  postgres: number | null
}

async function processorOf(server: Program, database: OwnDatabase): Promise<Processor> {
  const [own, ...children] = await familyOf(server.pid)
  return {
    server: await processorTime([own]),
    models: await processorTime(children),
    postgres: await processorTime(await backendsOf(database)),
  }
}

/** Node's own client: the one of the contract takes a third of the processor time that the server does. */
function createSearches(address: string) {
  const agent = new Agent({ keepAlive: true })
  const { hostname, port } = new URL(address)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return {
    search: (projectId: string, query: string) =>
      new Promise<Passage[]>((resolve, reject) => {
        const asked = request(
          {
            ...{ hostname, port, agent, headers, method: 'POST', timeout: patience },
            path: `/api/v1/projects/${projectId}/documents/search`,
          },
          response => {
            const parts: Buffer[] = []
            response.on('data', part => parts.push(part))
            response.on('error', reject)
            response.on('end', () => {
              const body = Buffer.concat(parts).toString()
              if (response.statusCode !== 200) return reject(new Error(`${response.statusCode}: ${body.slice(0, 300)}`))
              try {
                resolve((JSON.parse(body) as { passages: Passage[] }).passages)
              } catch (error) {
                reject(error)
              }
            })
          },
        )
        asked.on('timeout', () => asked.destroy(new Error(`no answer within ${patience / 1000} s`)))
        asked.on('error', reject)
        asked.end(JSON.stringify({ query, limit: 10 }))
      }),
  }
}
