import type { Block, Chunk, Document, Language, Scope, Segment, TextSizes } from '../model/index.ts'
import type { Job, Queue } from '../ports.ts'
import type { ChunkText, PagedChunk, Store } from '../store/index.ts'
import { createChunker, type Draft } from './chunker.ts'
import { clearAll } from './clear.ts'
import { findFurniture } from './furniture.ts'
import { indexJob, recognizeJob } from './jobs.ts'
import { createTally } from './receipt.ts'
import { isDue } from './recognize.ts'
import { createTokenCounter } from './token-counter.ts'

/** Chunks per commit: what a kill costs at most. */
const batchSize = 32
const segmentsPerRead = 32
/** Segments of a document from which its language is told, and characters of each; fewer in all of them are too few. */
const samplePlaces = 8
const samplePart = 1000
/** Their text is a list of names: no language, but that of each line where it tells. */
const lists = new Set(['application/zip', 'application/mbox'])
const mails = new Set(['message/rfc822', 'application/vnd.ms-outlook'])
/** Of a mail, and of one that is quoted in it: English in each. */
const mailHead = /^[> ]*(?:From|To|Cc|Bcc|Date|Sent|Reply-To): .*$/gim

/** What the stage needs of the linguistic side; `core.ts` hands it in. */
export interface Linguistics {
  /** Undefined for a text that does not tell; `other` is another one for sure. */
  tellLanguage(text: string): Language | undefined
  terms(text: string, language: Language): string[]
  splitSentences(text: string, language: Language): { start: number; end: number }[]
}

/**
 * The stage index: segments → chunks with their words, searchable batch by batch. Chunks come out the same each time, so
 * a run that was killed starts again and skips what is stored. From the first chunk on that comes out another than it is
 * stored, all are made anew: the program was updated, the model that counts tokens came or went, or text was recognised in
 * the picture of a page. What stands before stays and can be found all the time. A file that is called otherwise changes the words
 * above its chunks alone: texts and vectors stay.
 *
 * Where pages wait for text recognition, a document is ready with what text it has; it is indexed again on the way, and at
 * the end.
 */
export function createIndexStage(deps: {
  store: Store
  queue: Queue
  linguistics: Linguistics
  changed: (document: Document) => void
  /** Of the embedding model, whose tokens size the chunks; never throws, and waits for nobody. */
  sizes: () => Promise<TextSizes | undefined>
  /** Whether text is to be recognised in pictures of pages. */
  recognizes: (scope: Scope) => Promise<boolean>
  /** The document can be found by its words, and all of it is there. */
  ready: (scope: Scope, document: Document) => Promise<void>
}): (job: Job, signal: AbortSignal) => Promise<void> {
  const { store, queue, linguistics } = deps

  return index

  async function index(job: Job, signal: AbortSignal): Promise<void> {
    const found = await store.documents.find(String(job.payload.documentId))
    if (!found || found.document.deletedAt !== null) {
      await store.transaction(found?.scope ?? 'internal', tx =>
        queue.settle(store.executor(tx), job, { state: 'done' }),
      )
      return
    }
    const { document, scope, reasons } = found
    // What an earlier try stored may still be on its way out: its places are taken.
    await clearAll(store, scope, document.id, { signal, inside: tx => queue.renew(store.executor(tx), job) })
    // Not by the wall clock, which may jump.
    let started = performance.now()
    let stored = document.chunks
    /** Chunks that were there before and, so far, are the ones that come out. */
    let kept = stored
    const known = createStoredChunks(store, scope, document.id)
    const { done } = await store.segments.recognition(scope, document.id)
    // While it is read anew, it stays what it was.
    const state = document.state === 'ready' ? 'ready' : 'indexing'

    const isFurniture = findFurniture(await store.segments.margins(scope, document.id))
    const language = await tellLanguage(scope, document, isFurniture)
    const counter = createTokenCounter(await deps.sizes(), signal)
    const chunker = createChunker({
      splitSentences: text => linguistics.splitSentences(text, language ?? 'other'),
      isFurniture,
      densityOf: counter.densityOf,
      limits: counter.limits,
    })
    const tally = createTally(isFurniture)
    const drafts: Draft[] = []

    /** Commits what has gathered, a batch at a time, until less than `least` chunks are left. */
    async function commit(indexed: number, least: number): Promise<void> {
      while (drafts.length >= least) await commitBatch(drafts.splice(0, batchSize), indexed)
    }

    async function analyseAll(batch: readonly Draft[]): Promise<Chunk[]> {
      const chunks: Chunk[] = []
      for (const draft of batch) {
        signal.throwIfAborted()
        chunks.push(analyse(draft, document, language))
        // Analysis is the slow part; whoever shares this thread gets a turn after each chunk.
        await new Promise(resolve => setImmediate(resolve))
      }
      return chunks
    }

    function timeTaken(): number {
      const now = performance.now()
      const time = now - started
      started = now
      return time
    }

    async function commitBatch(batch: readonly Draft[], indexed: number): Promise<void> {
      const chunks = await analyseAll(batch)
      stored += chunks.length
      const indexTime = timeTaken()
      await store.transaction(scope, async tx => {
        await queue.renew(store.executor(tx), job)
        await store.chunks.insert(tx, document.projectId, document.id, chunks)
        await store.documents.update(tx, document.id, {
          state,
          ...(state === 'indexing' && { indexed }),
          chunks: stored,
          language,
          indexTime,
        })
      })
      deps.changed(document)
    }

    let made = 0
    const renamed: { id: number; contextTerms: string[] }[] = []
    /** Takes what is not stored yet. */
    async function take(fresh: readonly Draft[]): Promise<void> {
      made += fresh.length
      for (const draft of fresh) {
        const before = draft.position < kept ? await known(draft.position) : undefined
        if (before && isSame(draft, before.chunk)) {
          const contextTerms = contextTermsOf(draft, document, before.language)
          if (contextTerms.join(' ') !== before.contextTerms.join(' ')) renamed.push({ id: before.id, contextTerms })
        } else if (draft.position < kept) await cut(draft.position)
        if (draft.position >= kept) drafts.push(draft)
      }
      while (renamed.length >= batchSize) await reword(renamed.splice(0, batchSize))
    }

    async function reword(some: typeof renamed): Promise<void> {
      await store.transaction(scope, async tx => {
        await queue.renew(store.executor(tx), job)
        await store.chunks.reword(tx, document.projectId, some)
      })
    }

    /** What is stored from here on is no longer so. */
    async function cut(position: number): Promise<void> {
      kept = position
      while (stored > position) {
        signal.throwIfAborted()
        stored = await store.transaction(scope, async tx => {
          await queue.renew(store.executor(tx), job, 'beat')
          const left = await store.chunks.cut(tx, document.projectId, document.id, position)
          await store.documents.update(tx, document.id, { chunks: left })
          return left
        })
      }
    }

    // Terms depend on it.
    if (language !== document.language) await cut(0)
    for await (const segment of segmentsOf(scope, document.id)) {
      tally.add(segment)
      await counter.prepare(segment)
      await take(chunker.push(segment))
      await commit(segment.number, batchSize)
    }
    await take(chunker.end())
    if (renamed.length > 0) await reword(renamed)
    // What was stored before and does not come out any more; never what this run stored.
    if (made < kept) await cut(made)
    await commit(document.parsed, batchSize + 1)
    // The last batch, which mostly is the only one, is committed with the end.
    const rest = await analyseAll(drafts.splice(0))
    stored += rest.length
    const indexTime = timeTaken()

    const inside = await store.families.countFiles(scope, document.id)
    const stopped = job.payload.stopped === true
    const recognizes = document.paged && !stopped && (await deps.recognizes(scope))
    const { ended, receipt } = await store.transaction(scope, async tx => {
      await queue.settle(store.executor(tx), job, { state: 'done' })
      await store.chunks.insert(tx, document.projectId, document.id, rest)
      const pages = await store.segments.recognition(scope, document.id, tx)
      const waiting = recognizes ? pages.waiting : 0
      const receipt = tally.receipt(document, {
        chunks: stored,
        language,
        lost: reasons,
        inside,
        recognizes,
        stopped,
        waiting,
      })
      // Pages were recognised while this ran, or it got another name: what is true now, the next run says.
      const called = await store.documents.find(document.id, tx)
      const again =
        (pages.done > done && (waiting === 0 || isDue(done, pages.done))) || called?.document.name !== document.name
      const ended = waiting === 0 && !again
      await store.documents.update(tx, document.id, {
        chunks: stored,
        indexTime,
        state: ended ? (receipt.characters === 0 ? 'failed' : 'ready') : waiting === 0 ? 'indexing' : 'ready',
        indexed: document.parsed,
        toRecognize: pages.done + waiting,
        recognized: pages.done,
        language,
        reason: receipt.reasons[0] ?? null,
        receipt,
      })
      if (waiting > 0) await queue.enqueue(store.executor(tx), recognizeJob(document.id, scope))
      if (again) await queue.enqueue(store.executor(tx), indexJob(document.id, scope, stopped))
      return { ended, receipt }
    })
    deps.changed(document)
    if (ended && receipt.characters > 0) await deps.ready(scope, document)
  }

  async function* segmentsOf(scope: Scope, documentId: string): AsyncIterable<Segment> {
    for (let after = 0; ; ) {
      const segments = await store.segments.page(scope, documentId, after, segmentsPerRead)
      if (segments.length === 0) return
      yield* segments
      if (segments.length < segmentsPerRead) return
      after = segments[segments.length - 1].number
    }
  }

  /** Null where the document is only a list, and where its text does not tell. */
  async function tellLanguage(
    scope: Scope,
    document: Document,
    isFurniture: (block: Block) => boolean,
  ): Promise<Language | null> {
    if (lists.has(document.mediaType)) return null
    const textIn = ({ blocks }: Segment) =>
      blocks.flatMap(block => (block.kind === 'code' || isFurniture(block) ? [] : [`${block.text}\n`])).join('')
    let sample = ''
    // From all over it: what comes first may be a licence or a letterhead in another language.
    const places = Array.from({ length: samplePlaces }, (_, at) => Math.floor((at * document.parsed) / samplePlaces))
    for (const after of new Set(places)) {
      for (const segment of await store.segments.page(scope, document.id, after, 1)) {
        const text = textIn(segment)
        // Of many, each counts the same; of a few, all of the text is there, and the sample is taken from that.
        const from = document.parsed < samplePlaces ? 0 : Math.max(0, (text.length - samplePart) / 2)
        sample += text.slice(from, document.parsed < samplePlaces ? undefined : from + samplePart)
      }
    }
    if (sample.length < samplePart && document.parsed > samplePlaces) {
      sample = ''
      for await (const segment of segmentsOf(scope, document.id)) {
        sample += textIn(segment)
        if (sample.length > samplePlaces * samplePart) break
      }
    }
    return linguistics.tellLanguage(spokenIn(sample, document)) ?? null
  }

  function analyse(draft: Draft, document: Document, documentLanguage: Language | null): Chunk {
    const language = linguistics.tellLanguage(spokenIn(draft.text, document)) ?? documentLanguage ?? 'other'
    return {
      ...draft,
      language,
      terms: linguistics.terms(draft.text, language),
      contextTerms: contextTermsOf(draft, document, language),
    }
  }

  function contextTermsOf(draft: Draft, document: Document, language: Language): string[] {
    const headers = new Set(draft.pieces.flatMap(piece => (piece.header === undefined ? [] : [piece.header])))
    const name = document.name.replace(/\.[^.]+$/, '').replaceAll(/[_-]+/g, ' ')
    const context = [name, ...draft.headings.map(heading => heading.text), ...headers].join('\n')
    return linguistics.terms(context, language)
  }
}

/** What was written by somebody, and not by a program. */
function spokenIn(text: string, { mediaType }: Document): string {
  return mails.has(mediaType) ? text.replace(mailHead, '') : text
}

/** Also in its place: what follows it, follows then. */
function isSame(draft: Draft, stored: ChunkText): boolean {
  return (
    draft.text === stored.text &&
    JSON.stringify(draft.pieces) === JSON.stringify(stored.pieces) &&
    JSON.stringify(draft.headings) === JSON.stringify(stored.headings)
  )
}

/** Reads what is stored of a document, in order. */
function createStoredChunks(store: Store, scope: Scope, documentId: string) {
  let from = 0
  let page: PagedChunk[] = []
  return async (position: number): Promise<PagedChunk | undefined> => {
    if (position < from || position >= from + page.length) {
      from = position
      page = await store.chunks.page(scope, documentId, from, batchSize)
    }
    return page[position - from]
  }
}
