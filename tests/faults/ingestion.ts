/** A small ingestion over real adapters, run again and again with a fault at one of its calls. */
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { v7 } from 'uuid'
import { writeMail } from '../../scripts/fixtures/eml.ts'
import { writeZip } from '../../scripts/fixtures/zip.ts'
import { paragraph, writePdf } from '../../scripts/write-pdf.ts'
import { createFolderBlobs } from '../../shared/blobs/folder.ts'
import { type Core, createCore } from '../../shared/core.ts'
import { toAppError } from '../../shared/errors.ts'
import { createEvents } from '../../shared/events/in-process.ts'
import type { Scope } from '../../shared/model/index.ts'
import { createParsers } from '../../shared/parsers/parsers.ts'
import type { Parsers } from '../../shared/ports.ts'
import { createForkedProcesses } from '../../shared/processes/fork.ts'
import { createLeaseQueue, currentOwner } from '../../shared/queue/lease.ts'
import { noModels } from '../open-core.ts'
import { silent } from '../open-store.ts'
import { createReadyFile, openTestSqlite } from '../sqlite.ts'
import { faultyBlobs, faultyDatabase } from './adapters.ts'
import { createFaults, type Fault, type Faults } from './faults.ts'
import { differences, type Outcome, readOutcome } from './outcome.ts'
import { createRecordedParsers } from './recorded-parsers.ts'

const text = (about: string) =>
  `Vereinbarung über ${about}. Die Kündigungsfrist für ${about} beträgt drei Monate zum Quartalsende.\n\n` +
  `Der Mieter von ${about} zahlt 450,00 € im Monat, fällig am dritten Werktag.`

const files: { name: string; bytes: Uint8Array }[] = [
  { name: 'Garage.txt', bytes: Buffer.from(text('die Garage')) },
  {
    name: 'Wohnung.pdf',
    bytes: writePdf({
      pages: [1, 2].map(page => ({
        texts: paragraph(text(`die Wohnung ${page}`).replaceAll('\n\n', ' '), {
          x: 72,
          y: 90,
          width: 450,
          leading: 12,
        }),
      })),
    }),
  },
  {
    name: 'Post.eml',
    bytes: writeMail({
      subject: 'Unterlagen',
      text: 'Im Anhang die Unterlagen zur Besichtigung am Sonnabend.',
      parts: [{ name: 'Anlage.txt', type: 'text/plain', bytes: text('das Lager') }],
    }),
  },
  {
    name: 'Ordner.zip',
    bytes: writeZip(
      ['den Keller', 'das Dach', 'den Garten'].map((about, at) => ({ name: `${at}.txt`, bytes: text(about) })),
    ),
  },
]
const day = 24 * 60 * 60 * 1000
/** Milliseconds that anything may take here, on a machine that is busy with other things. */
const patience = 40_000

interface Opened {
  core: Core
  scope: Scope
  /** Milliseconds its clock is ahead of the true one. */
  clock: { ahead: number }
  close(): Promise<void>
}

async function open(folder: string, faults: Faults, parsers: Parsers, ahead = 0): Promise<Opened> {
  const clock = { ahead, now: () => Date.now() + clock.ahead }
  const ids = { next: () => v7() }
  const file = path.join(folder, 'cloister.db')
  if (!existsSync(file)) await createReadyFile(file)
  const database = await openTestSqlite({ file, readers: 1 })
  try {
    const core = await createCore({
      clock,
      ids,
      log: silent,
      database: faultyDatabase(database, faults),
      blobs: faultyBlobs(await createFolderBlobs({ folder: path.join(folder, 'blobs') }), faults),
      // Without the pause before another try: what is tried here is what the other try does.
      createQueue: transaction =>
        createLeaseQueue({ transaction, clock, ids, owner: currentOwner(), random: () => -0.5 }),
      events: createEvents(),
      parsers,
      models: noModels,
      scratch: path.join(folder, 'scratch'),
      backups: name => path.join(folder, name),
      parallel: 1,
    })
    const project = await faults.spare(() => core.projects.find('local'))
    return { core, scope: { userId: 'local', projectId: project.id }, clock, close: () => core.close() }
  } catch (error) {
    await database.close()
    throw error
  }
}

export interface Round {
  /** The calls that failed; none when there are fewer calls than that. */
  failed: readonly string[]
  /** Errors told to whoever added a file, and troubles told of the work. */
  told: string[]
  problems: string[]
}

export interface Ingestion {
  /** Calls of an ingestion that nothing disturbs, and of opening a new data directory. */
  readonly calls: number
  readonly openingCalls: number
  round(fault: Fault): Promise<Round>
  /** With the fault while a new data directory is opened. */
  openingRound(fault: Fault): Promise<Round>
  /** With a clock that goes wrong by so much, again and again, and is right in between. */
  clockRound(jump: number): Promise<Round>
  close(): Promise<void>
}

export async function prepareIngestion(): Promise<Ingestion> {
  const base = await mkdtemp(path.join(tmpdir(), 'cloister-faults-'))
  const parser = fileURLToPath(new URL('../../shared/parsers/process.ts', import.meta.url))
  const processes = createForkedProcesses({ entries: { parser }, log: silent })
  const real = createParsers({ spawn: () => processes.spawn('parser'), log: silent, processes: 1 })
  const recordings = path.join(base, 'recordings')
  await mkdir(recordings)
  const parsers = createRecordedParsers(real, recordings)
  let rounds = 0

  const template = path.join(base, 'template')
  await mkdir(template)
  const opening = createFaults()
  opening.arm()
  await (await open(template, opening, parsers)).close()
  const openingCalls = opening.count

  async function fresh(from?: string): Promise<string> {
    const folder = path.join(base, `round-${++rounds}`)
    await (from ? cp(from, folder, { recursive: true }) : mkdir(folder))
    await mkdir(path.join(folder, 'scratch'))
    return folder
  }

  async function add({ core, scope }: Opened, file: (typeof files)[number]) {
    const source = async function* () {
      yield file.bytes.subarray(0, 100)
      yield file.bytes.subarray(100)
    }
    return core.documents.add(scope, { name: file.name, open: source })
  }

  /** What a search shows belongs to a document that is there, and stands where it says. */
  async function watch({ core, scope }: Opened, problems: string[], told: Set<string>, signal: AbortSignal) {
    for (let at = 0; !signal.aborted; at++) {
      const trouble = core.trouble()
      if (trouble) told.add(`trouble: ${trouble.code}`)
      await pause(25)
      // A search takes the processor from what is watched.
      if (at % 4 > 0) continue
      const passages = await core.search(scope, 'Kündigungsfrist Besichtigung')
      const listed = new Map((await core.documents.list(scope)).map(document => [document.id, document]))
      for (const passage of passages) {
        if (!listed.has(passage.documentId)) problems.push(`found in ${passage.file}, which is not listed`)
        const number = passage.page ?? passage.where?.segment ?? 0
        const segment = await core.documents.segment(scope, passage.documentId, number)
        const all = segment?.blocks.map(block => block.text).join('\n') ?? ''
        const line = passage.text.split('\n')[0] ?? ''
        if (!all.includes(line)) problems.push(`“${line.slice(0, 60)}” does not stand on ${passage.file} ${number}`)
      }
    }
  }

  async function settle(opened: Opened, folder: string, problems: string[]): Promise<void> {
    const deadline = Date.now() + patience
    const db = new Sqlite(path.join(folder, 'cloister.db'), { readonly: true })
    const jobs = db.prepare('select count(*) from job').pluck()
    try {
      while (Date.now() < deadline) {
        const settled = await opened.core.settled(opened.scope, AbortSignal.timeout(patience)).then(
          () => true,
          () => false,
        )
        if (settled && jobs.get() === 0 && !opened.core.trouble()) return
        await pause(20)
      }
      const left = db.prepare('select kind, state, attempts, error from job').all()
      const states = db.prepare('select path, state, reason from document').all()
      problems.push(`not settled: ${JSON.stringify({ left, states, trouble: opened.core.trouble()?.code })}`)
    } finally {
      db.close()
    }
  }

  /** Adds everything, with the fault, and looks on; then what was refused is added again, without. */
  async function ingest(opened: Opened, faults: Faults, folder: string, fault: Fault | undefined) {
    const problems: string[] = []
    const told = new Set<string>()
    const over = new AbortController()
    const watching = faults.spare(() =>
      watch(opened, problems, told, over.signal).catch(error => problems.push(`${error}`)),
    )
    const acknowledged: string[] = []
    try {
      faults.arm(fault)
      opened.core.start()
      for (const file of files) {
        try {
          acknowledged.push((await add(opened, file)).document.id)
        } catch (error) {
          const { code } = toAppError(error)
          told.add(`add: ${code}`)
          if (code === 'internal') problems.push(`add says “internal” of ${error}`)
        }
      }
      await faults.spare(() => settle(opened, folder, problems))
      const { count } = faults
      const failed = faults.failed
      faults.arm()
      const documents = await opened.core.documents.list(opened.scope)
      for (const id of acknowledged) {
        const state = documents.find(document => document.id === id)?.state
        if (state !== 'ready') problems.push(`what was acknowledged is ${state ?? 'gone'}`)
      }
      for (const file of files) await add(opened, file)
      await settle(opened, folder, problems)
      return { count, failed, told: [...told], problems }
    } finally {
      over.abort()
      await watching
    }
  }

  function compare(outcome: Outcome, wanted: readonly string[], when: string): string[] {
    return [...outcome.problems, ...differences(outcome.facts, wanted)].map(problem => `${when}: ${problem}`)
  }

  async function reopenLater(folder: string, wanted: readonly string[]): Promise<string[]> {
    const problems: string[] = []
    // The collection leaves alone what is younger than a day.
    const again = await open(folder, createFaults(), parsers, 2 * day)
    try {
      again.core.start()
      await pause(50)
      await settle(again, folder, problems)
      for (const file of files) if ((await add(again, file)).added) problems.push(`${file.name} was not there any more`)
      await settle(again, folder, problems)
    } finally {
      await again.close()
    }
    return [...problems, ...compare(readOutcome(folder, { settled: true }), wanted, 'after the next start')]
  }

  const undisturbed = await fresh(template)
  const faults = createFaults()
  const first = await open(undisturbed, faults, parsers)
  // Twice: the first time the parsers are recorded, which may let the runner look for work more often.
  const { count, problems } = await ingest(first, faults, undisturbed, undefined)
  await first.close()
  const wanted = readOutcome(undisturbed, { settled: true })
  problems.push(...wanted.problems)
  if (problems.length > 0) throw new Error(`undisturbed: ${problems.join('; ')}`)

  return {
    calls: count,
    openingCalls,
    async round(fault) {
      const folder = await fresh(template)
      const faults = createFaults()
      const opened = await open(folder, faults, parsers)
      let round: Round
      try {
        round = await ingest(opened, faults, folder, fault)
        round.problems.push(...compare(readOutcome(folder, { settled: false }), wanted.facts, 'in the same process'))
      } finally {
        await opened.close()
      }
      round.problems.push(...(await reopenLater(folder, wanted.facts)))
      if (round.problems.length === 0) await rm(folder, { recursive: true })
      return round
    },
    async clockRound(jump) {
      const folder = await fresh(template)
      const opened = await open(folder, createFaults(), parsers)
      let round: Round
      const jumps = setInterval(() => {
        opened.clock.ahead = opened.clock.ahead === 0 ? jump : 0
      }, 150)
      try {
        round = await ingest(opened, createFaults(), folder, undefined)
        round.problems.push(...compare(readOutcome(folder, { settled: true }), wanted.facts, 'after jumps'))
        const documents = await opened.core.documents.list(opened.scope)
        for (const { path, parseTime, indexTime } of documents) {
          if (parseTime + indexTime > patience)
            round.problems.push(`${path} is said to have taken ${parseTime + indexTime} ms`)
        }
      } finally {
        clearInterval(jumps)
        await opened.close()
      }
      round.problems.push(...(await reopenLater(folder, wanted.facts)))
      if (round.problems.length === 0) await rm(folder, { recursive: true })
      return round
    },
    async openingRound(fault) {
      const folder = await fresh()
      const faults = createFaults()
      const told: string[] = []
      const problems: string[] = []
      faults.arm(fault)
      await open(folder, faults, parsers).then(
        opened => opened.close(),
        error => {
          const { code } = toAppError(error)
          told.push(`open: ${code}`)
          if (code === 'internal') problems.push(`opening says “internal” of ${error}`)
        },
      )
      const { failed } = faults
      faults.arm()
      const opened = await open(folder, createFaults(), parsers)
      try {
        problems.push(...(await ingest(opened, createFaults(), folder, undefined)).problems)
      } finally {
        await opened.close()
      }
      problems.push(...compare(readOutcome(folder, { settled: true }), wanted.facts, 'after all'))
      if (problems.length === 0) await rm(folder, { recursive: true })
      return { failed, told, problems }
    },
    async close() {
      await real.close()
      await rm(base, { recursive: true, force: true })
    },
  }
}
