/**
 * kill -9 of the whole process tree at random moments of ingesting: what is there after the next start, and what was done
 * twice.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { openCore } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import { atLeast, atMost, type Bench, median, told } from './figure.ts'
import { bigManuals, type Manual } from './manuals.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const root = path.join(import.meta.dirname, '..')
/** The share of the time that passes before anything is read. */
const start = 0.25
/** Commits of the stages: 16 segments, 32 chunks. */
const batch = { segments: 16, chunks: 32 }

export const bench: Bench = async ({ note, args }) => {
  const count = Number(args[args.indexOf('--count') + 1]) || 100
  await using folder = await createTemporaryFolder('kill')
  const manuals = await bigManuals(note, folder.path)
  const { rounds } = await runKills({ count, manuals, folder: folder.path, note })
  const sound = rounds.filter(round => round.problems.length === 0).length
  return [
    atLeast('kills after which everything was finished, once and equal', sound, `of ${count}`, count),
    atMost('segments written twice, most', Math.max(...rounds.map(round => round.segments)), '', batch.segments),
    atMost('chunks written twice, most', Math.max(...rounds.map(round => round.chunks)), '', batch.chunks),
    told('kills while reading', rounds.filter(({ at }) => at === 'parsing').length, ''),
    told('kills while indexing', rounds.filter(({ at }) => at === 'indexing').length, ''),
    told('seconds from the next start until done, median', median(rounds.map(round => round.seconds)), 's'),
  ]
}

export interface Round {
  /** Milliseconds after the start. */
  killedAfter: number
  /** What the work was at. */
  at: 'before' | 'parsing' | 'indexing' | 'done'
  /** Rows that were committed before the kill and written again after it. */
  segments: number
  chunks: number
  /** From the next start until everything was done. */
  seconds: number
  problems: string[]
}

export async function runKills({
  count,
  manuals,
  folder,
  note,
}: {
  count: number
  manuals: readonly Manual[]
  folder: string
  note: (line: string) => void
}): Promise<{ rounds: Round[] }> {
  const data = (name: string) => path.join(folder, name)
  const started = performance.now()
  await ended(startIngest(data('undisturbed'), manuals))
  const duration = performance.now() - started
  const wanted = readOutcome(data('undisturbed'))
  note(`undisturbed: ${(duration / 1000).toFixed(1)} s, ${wanted.chunks} chunks`)
  const rounds: Round[] = []
  for (let number = 1; rounds.length < count; number++) {
    const killedAfter = Math.round((start + (1 - start) * Math.random()) * duration)
    const place = data(`round-${number}`)
    if (!(await killIngest(place, manuals, killedAfter))) continue
    const round = await examine(place, manuals, wanted, killedAfter)
    rounds.push(round)
    const { at, problems, segments, chunks } = round
    note(`${rounds.length}: after ${killedAfter} ms (${at}), twice: ${segments} segments, ${chunks} chunks`)
    for (const problem of problems) note(`   ${problem}`)
    if (problems.length === 0) await rm(place, { recursive: true, force: true })
  }
  return { rounds }
}

function startIngest(data: string, manuals: readonly Manual[]) {
  const files = manuals.map(manual => manual.file)
  return spawn(process.execPath, ['server/main.ts', 'ingest', '--json', '--data', data, ...files], {
    cwd: root,
    // A group of its own: the kill takes its parsers with it.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function ended(child: ReturnType<typeof startIngest>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
}

/** False when it was done before the moment came. */
async function killIngest(data: string, manuals: readonly Manual[], after: number): Promise<boolean> {
  const child = startIngest(data, manuals)
  const end = ended(child)
  const control = new AbortController()
  const moment = pause(after, 'kill' as const, { signal: control.signal }).catch(() => 'over' as const)
  const first = await Promise.race([moment, end])
  control.abort()
  if (first !== 'kill' || child.pid === undefined) return false
  process.kill(-child.pid, 'SIGKILL')
  await end
  return true
}

interface Progress {
  id: string
  name: string
  state: string
  parsed: number
  chunks: number
}

async function examine(data: string, manuals: readonly Manual[], wanted: Outcome, killedAfter: number): Promise<Round> {
  const known = await readProgress(data)
  if (known.length > 0) logWrites(data, known)
  const problems: string[] = []
  const started = performance.now()
  // By itself: nothing is asked of the next start but to start.
  const { core, close } = await openCore({ config: readConfig({ data }), log: silent })
  try {
    core.start()
    const project = await core.projects.find('local')
    const scope = { userId: 'local', projectId: project.id }
    await core.settled(scope, AbortSignal.timeout(120_000))
    const documents = await core.documents.list(scope)
    for (const { id, name } of known) {
      const state = documents.find(document => document.id === id)?.state
      if (state !== 'ready') problems.push(`${name} is ${state ?? 'gone'} after the next start`)
    }
  } catch (error) {
    problems.push(`the next start: ${error}`)
  } finally {
    await close()
  }
  const seconds = (performance.now() - started) / 1000
  const twice = known.length > 0 ? readWrites(data) : { segments: 0, chunks: 0 }
  // What the kill kept from being added at all is added now.
  if (known.length < manuals.length) await ended(startIngest(data, manuals))
  const outcome = readOutcome(data)
  problems.push(...outcome.problems)
  if (outcome.digest !== wanted.digest) problems.push(`not equal: ${outcome.digest} instead of ${wanted.digest}`)
  if (twice.segments > batch.segments || twice.chunks > batch.chunks)
    problems.push(`more than a batch was done twice: ${JSON.stringify(twice)}`)
  return { killedAfter, at: stageOf(known, manuals), ...twice, seconds, problems }
}

function stageOf(known: readonly Progress[], manuals: readonly Manual[]): Round['at'] {
  if (known.some(({ state }) => state === 'indexing')) return 'indexing'
  if (known.some(({ state }) => state === 'parsing')) return 'parsing'
  return known.length === manuals.length && known.every(({ state }) => state === 'ready') ? 'done' : 'before'
}

/** From a copy, so that the next start finds everything as the kill left it. */
async function readProgress(data: string): Promise<Progress[]> {
  const copy = `${data}-copy`
  const found = await cp(data, copy, { recursive: true }).then(
    () => true,
    () => false,
  )
  if (!found) return []
  const db = new Sqlite(path.join(copy, 'cloister.db'))
  try {
    const tables = db.prepare("select count(*) from sqlite_master where name = 'document'").pluck().get()
    if (tables === 0) return []
    return db.prepare('select id, name, state, parsed, chunks from document').all() as Progress[]
  } finally {
    db.close()
    await rm(copy, { recursive: true, force: true })
  }
}

/** From now on the database itself notes each write of a row that was there at the kill. */
function logWrites(data: string, known: readonly Progress[]): void {
  const db = new Sqlite(path.join(data, 'cloister.db'))
  db.exec(`
    create table bench_known (id text primary key, parsed integer, chunks integer);
    create table bench_twice (kind text);
    ${['insert', 'update']
      .map(
        event => `
    create trigger bench_segment_${event} after ${event} on segment
      when new.number <= (select parsed from bench_known where id = new.document_id)
      begin insert into bench_twice values ('segment'); end;
    create trigger bench_chunk_${event} after ${event} on chunk
      when new.position < (select chunks from bench_known where id = new.document_id)
      begin insert into bench_twice values ('chunk'); end;`,
      )
      .join('')}`)
  const insert = db.prepare('insert into bench_known values (?, ?, ?)')
  for (const { id, parsed, chunks } of known) insert.run(id, parsed, chunks)
  db.close()
}

function readWrites(data: string): { segments: number; chunks: number } {
  const db = new Sqlite(path.join(data, 'cloister.db'))
  const count = db.prepare('select count(*) from bench_twice where kind = ?').pluck()
  const twice = { segments: Number(count.get('segment')), chunks: Number(count.get('chunk')) }
  db.close()
  return twice
}

interface Outcome {
  chunks: number
  /** Of texts, places and words, without ids and times. */
  digest: string
  problems: string[]
}

/** What is in a data directory, and whether its parts agree with each other. */
function readOutcome(data: string): Outcome {
  const db = new Sqlite(path.join(data, 'cloister.db'))
  const number = (sql: string) => Number(db.prepare(sql).pluck().get())
  const problems: string[] = []
  const demand = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem)
  }
  const check = db.pragma('integrity_check', { simple: true })
  demand(check === 'ok', `integrity_check: ${check}`)
  demand(number('select count(*) - count(distinct blob) from document') === 0, 'documents twice')
  demand(number("select count(*) from document where state <> 'ready'") === 0, 'documents that are not ready')
  for (const sql of [
    'select count(*) from document d where d.parsed <> (select count(*) from segment where document_id = d.id)',
    'select count(*) from document d where d.parsed <> (select max(number) from segment where document_id = d.id)',
    'select count(*) from document d where d.chunks <> (select count(*) from chunk where document_id = d.id)',
    'select count(*) from document d where d.chunks <> (select max(position) + 1 from chunk where document_id = d.id)',
    'select (select count(*) from chunk) - (select count(*) from chunk_words_docsize)',
    'select count(*) from chunk where id not in (select id from chunk_words_docsize)',
    'select (select count(*) from chunk) - (select sum(chunks) from library)',
    'select count(*) from job',
  ])
    demand(number(sql) === 0, `${sql}: ${number(sql)}`)
  const chunks = number('select count(*) from chunk')
  const hash = createHash('sha256')
  const add = (sql: string) => {
    for (const row of db.prepare(sql).raw().iterate()) hash.update(JSON.stringify(row))
  }
  add(`select d.name, c.position, c.text, c.headings, c.pieces, c.terms, c.context_terms
    from chunk c join document d on d.id = c.document_id order by d.name, c.position`)
  add('select term, chunks from term order by term')
  db.close()
  return { chunks, digest: hash.digest('hex').slice(0, 16), problems }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
