import { stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { Care, Document, Reason, Scope, Segment } from '../model/index.ts'
import type { Blobs, Clock, Job, JobOutcome, Log, ParseEvent, Parsers, Queue } from '../ports.ts'
import type { Progress, Store, Tx } from '../store/index.ts'
import { failDocument } from './fail.ts'
import { createFoundFiles, type FileLimits, type FoundFiles } from './found-files.ts'
import { indexJob } from './jobs.ts'
import type { Passwords } from './passwords.ts'

/** Segments per commit: what a kill costs at most. Fewer when they come slowly, so that progress is seen. */
const batchSize = 16
const batchTime = 500
/** Bytes of a file that is read in about one batch: that it has begun is said together with what was read. */
const shortFile = 262_144
/**
 * Milliseconds after which a long document lets others go first, when a batch is stored. It goes on behind them. What is
 * spent on the way to the first new segment does not count: a turn is never shorter than that, so that a format which is
 * read anew from its start each time comes to its end in twice the time and not in the square of it. Where the way is
 * short, as past the mails of a mailbox, whose own mails are the others, the turn is a multiple of it.
 */
const turnTime = 1000
const wayTimes = 4
const longTurn = 5000
/** Pages given up one by one before the whole document is. */
const maxLostPages = 10
/** Milliseconds until bytes are looked for again that are not there. */
const secondLook = 500
/** Characters of parser state that are kept: a parser reads what strangers wrote, and ours needs a tenth of it. */
const maxState = 16_384

/**
 * The stage parse: blob → segments, committed in batches. A parser that dies is started again behind the last segment
 * stored, and each page is asked by itself from there; of one that kills it then too the bare text is read, and one that
 * kills it even so is noted as unreadable and left out. Files inside become documents on the way (see `found-files.ts`).
 */
export function createParseStage(deps: {
  store: Store
  blobs: Blobs
  parsers: Parsers
  queue: Queue
  clock: Clock
  log: Log
  changed: (document: Document) => void
  /** Tells the runner at once about new jobs. */
  wake: () => void
  /** A folder of this process alone. */
  scratch: string
  limits: FileLimits
  passwords: Passwords
}): (job: Job, signal: AbortSignal, othersWait?: () => Promise<boolean>) => Promise<void> {
  const { store, blobs, parsers, queue, clock, log } = deps
  const openFiles = createFoundFiles(deps)
  /** Documents whose turn it is, but no parser process was free for them so far. */
  let atTheDoor = 0

  return async function parse(job, signal, othersWait = async () => false) {
    const found = await store.documents.find(String(job.payload.documentId))
    if (!found || found.document.deletedAt !== null) {
      await store.transaction(found?.scope ?? 'internal', tx =>
        queue.settle(store.executor(tx), job, { state: 'done' }),
      )
      return
    }
    if (job.payload.unlocked === true) await deps.passwords.obtain(found.document.id, signal)
    const files = await openFiles(found.document, found.scope, job)
    try {
      const pictures = await read(found, files, job, { signal, othersWait })
      // Pages that wait for text recognition have to be opened once more.
      if (!pictures) deps.passwords.forget(found.document.id)
    } finally {
      await files.close()
    }
  }

  async function read(
    { document, scope, parserState }: { document: Document; scope: Scope; parserState: string | null },
    files: FoundFiles,
    job: Job,
    { signal, othersWait }: { signal: AbortSignal; othersWait: () => Promise<boolean> },
  ): Promise<boolean> {
    let parsed = document.parsed
    /** Whether there may be pages whose picture is to be looked at. */
    let pictures = document.paged && parsed > 0
    // Always what came with the segments up to `parsed`: where reading goes on, it levels headings as it did before.
    let state = parserState
    let lost = 0
    // Not by the wall clock, which may jump: it would say that a page took a year.
    let started = performance.now()
    /** What is not committed yet of a short document: it goes with the first batch, which mostly is the last. */
    let due: Progress = {}
    let batches = 0

    /** One commit: the lease is still ours, the document moves on, and whatever `more` writes. */
    async function commit<T = void>(
      progress: Progress,
      more?: (tx: Tx) => Promise<T>,
      outcome?: JobOutcome,
    ): Promise<T | undefined> {
      const now = performance.now()
      const parseTime = now - started
      started = now
      const written = await store.transaction(scope, async tx => {
        // Only what was read counts as getting on: a file that fails after each start must come to an end.
        const further = progress.parsed !== undefined || files.waiting
        if (outcome) await queue.settle(store.executor(tx), job, outcome)
        else await queue.renew(store.executor(tx), job, further ? undefined : 'beat')
        await store.documents.update(tx, document.id, { ...due, ...progress, parseTime })
        return more?.(tx)
      })
      due = {}
      deps.changed(document)
      return written
    }

    async function fail(reason: Reason): Promise<boolean> {
      const failed = (tx: Tx) => failDocument(tx, { store, queue }, { ...document, parsed }, reason)
      await commit({}, failed, { state: 'done' })
      return false
    }

    /** Whoever adds bytes that are purged at that moment notices it behind its commit, and brings them again. */
    async function find(blob: string): Promise<string> {
      try {
        const file = await blobs.file(blob)
        if (file) return file
        await pause(secondLook, undefined, { signal })
        return (await blobs.file(blob)) ?? 'blob-missing'
      } catch (error) {
        if (toAppError(error).code === 'blob-damaged') return 'blob-damaged'
        throw error
      }
    }

    /** What its end brings, in one transaction with the last batch. */
    function end({ segments, cut, reasons: lost }: Finish): Progress {
      const locked = deps.passwords.of(document.id) !== undefined
      const reasons: Reason[] = [
        ...(cut ? [{ code: 'text-cut' } as const] : []),
        ...lost,
        ...(locked ? [{ code: 'read-with-password' } as const] : []),
      ]
      return { state: 'indexing', segments, reasons, reason: reasons[0] ?? null, parserState: null }
    }

    /** Reads to the end, or until it is others' turn. */
    async function pass(file: string, careful: Care | undefined): Promise<'read' | 'gave way'> {
      let batch: Segment[] = []
      let since = performance.now()
      let opened = since
      let learned = state
      /** When the turn began, with the first thing that is new, and how long it is at least. */
      let turn: { began: number; time: number } | undefined
      let outside = true
      const enter = () => {
        if (outside) atTheDoor -= 1
        outside = false
      }
      const begin = () => {
        if (turn) return
        since = performance.now()
        const way = since - opened
        turn = { began: since, time: Math.max(turnTime, way, Math.min(wayTimes * way, longTurn)) }
      }
      async function flush(finish?: Finish): Promise<void> {
        since = performance.now()
        if (batch.length === 0 && !files.waiting && !finish) return
        const segments = batch
        const parserState = learned
        batch = []
        const last = segments.at(-1)?.number
        const read = async (tx: Tx) => {
          await store.segments.insert(tx, document.id, segments)
          const taken = files.waiting ? await files.commit(tx) : undefined
          if (finish) await queue.enqueue(store.executor(tx), indexJob(document.id, scope))
          return taken
        }
        const progress = { ...(last !== undefined && { parsed: last, parserState }), ...(finish && end(finish)) }
        const taken = await commit(progress, read, finish && { state: 'done' })
        batches += 1
        if (last !== undefined) {
          parsed = last
          state = parserState
        }
        const added = (await taken?.done()) ?? []
        for (const child of added) deps.changed(child)
        if (added.length > 0) deps.wake()
      }
      try {
        const password = deps.passwords.of(document.id)
        const known = {
          after: parsed,
          ...(password !== undefined && { password }),
          ...(state !== null && { state }),
          ...files.request,
          ...(careful && { careful }),
        }
        atTheDoor += 1
        for await (const event of parsers.parse({ file, name: document.name, ...known }, signal)) {
          enter()
          if (event.type === 'start') {
            const { mediaType, paged, segments } = event
            due = { state: 'parsing', mediaType, paged, segments, reason: null }
            if (document.size > shortFile) await commit({})
            opened = performance.now()
            document.paged = paged
            document.segments = segments
          } else if (event.type === 'segment') {
            begin()
            batch.push(event.segment)
            pictures ||= event.segment.problem === 'without-text' || event.segment.problem === 'broken-text'
            if (event.state !== undefined) learned = event.state.length <= maxState ? event.state : null
            if (batch.length >= batchSize || performance.now() - since > batchTime) await flush()
          } else if (event.type === 'file') {
            begin()
            await files.take(event, signal)
            if (files.full || performance.now() - since > batchTime) await flush()
          } else if (event.type === 'finish') {
            await flush(event)
            return 'read'
          }
          if (!turn || batch.length > 0 || files.waiting || batches === 0) continue
          if (performance.now() - turn.began > turn.time) {
            turn = { ...turn, began: performance.now() }
            if (lost === 0 && (atTheDoor > 0 || (await othersWait()))) {
              await commit({}, undefined, { state: 'later', until: clock.now() })
              return 'gave way'
            }
          }
        }
        throw new AppError('parser-crashed')
      } catch (error) {
        if (!signal.aborted && toAppError(error).code !== 'lease-lost') await flush()
        throw error
      } finally {
        enter()
      }
    }

    // How often it ended at the same place.
    for (let ended = { at: -1, times: 0 }; ; ) {
      const file = await find(document.blob)
      if (file === 'blob-damaged' || file === 'blob-missing') return fail({ code: file })
      // Cut behind our back: what is left of a text would be read as if it were all.
      if ((await stat(file)).size !== document.size) return fail({ code: 'blob-damaged' })
      try {
        const deaths = ended.at === parsed + files.known ? ended.times : 0
        const gaveWay = (await pass(file, deaths === 0 ? undefined : deaths === 1 ? 'alone' : 'bare')) === 'gave way'
        return pictures || gaveWay
      } catch (thrown) {
        const error = toAppError(thrown)
        if (signal.aborted || !(ofTheFile.has(error.code) || mayRecover.has(error.code))) throw thrown
        if (!mayRecover.has(error.code)) return fail(reasonOf(error))
        log.warn('parser ended', { documentId: document.id, after: parsed, code: error.code })
        const at = parsed + files.known
        ended = { at, times: ended.at === at ? ended.times + 1 : 1 }
        // Once may be another page's doing, which was looked at ahead; then what a page can do without is left out.
        if (ended.times < (document.paged ? 3 : 2)) continue
        lost += 1
        if (!document.paged || document.segments === null || lost > maxLostPages) {
          return fail(reasonOf(error))
        }
        const number = parsed + 1
        const segment: Segment = { number, blocks: [], problem: 'unreadable' }
        await commit({ parsed: number }, tx => store.segments.insert(tx, document.id, [segment]))
        parsed = number
        ended = { at: -1, times: 0 }
      }
    }
  }
}

type Finish = Extract<ParseEvent, { type: 'finish' }>

/** What is wrong with the file itself: trying again would not help. Everything else is the machine's or ours. */
const ofTheFile: ReadonlySet<string> = new Set([
  'unsupported-type',
  'type-mismatch',
  'empty-file',
  'too-many-pages',
  'password-protected',
  'password-wrong',
  'damaged',
  'too-large',
  'archive-too-large',
  'archive-too-deep',
  'too-deep',
  'drm-protected',
])

/** Ends of the parser process that a fresh one may get past. */
const mayRecover: ReadonlySet<string> = new Set(['parser-crashed', 'parser-timeout', 'parser-memory'])
