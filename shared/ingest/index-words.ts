import type { Block, Chunk, Document, EmbeddingModel, Language, Reason, Receipt, Segment } from '../model/index.ts'
import type { Clock, Job, Queue } from '../ports.ts'
import type { Store } from '../store/index.ts'
import { createChunker, type Draft } from './chunker.ts'
import { clearAll, removeChunks } from './clear.ts'
import { findFurniture } from './furniture.ts'
import { createTokenCounter } from './token-counter.ts'

/** Chunks per commit: what a kill costs at most. */
const batchSize = 32
const segmentsPerRead = 32
/** Characters from which a document's language is told. */
const sampleLength = 8000

/** What the stage needs of the linguistic side; `core.ts` hands it in. */
export interface Linguistics {
  detectLanguage(text: string): Language
  terms(text: string, language: Language): string[]
  splitSentences(text: string, language: Language): { start: number; end: number }[]
}

/**
 * The stage index: segments → chunks with their words, searchable batch by batch. Chunks come out the same each time, so
 * a run that was killed starts again and skips what is stored. Unless the program was updated in between, or the model
 * that counts tokens came or went: then the last chunk stored is another than the one that comes out, and all are made anew.
 */
export function createIndexStage(deps: {
  store: Store
  queue: Queue
  clock: Clock
  linguistics: Linguistics
  changed: (document: Document) => void
  /** Whose tokens size the chunks; never throws. */
  embedding: () => Promise<EmbeddingModel | undefined>
  /** The document can be found by its words. */
  ready: (document: Document) => Promise<void>
}): (job: Job, signal: AbortSignal) => Promise<void> {
  const { store, queue, clock, linguistics } = deps

  return index

  async function index(job: Job, signal: AbortSignal): Promise<void> {
    const found = await store.documents.find(String(job.payload.documentId))
    if (!found || found.document.deletedAt !== null) {
      await store.transaction(tx => queue.settle(store.executor(tx), job, { state: 'done' }))
      return
    }
    const { document, scope, reasons } = found
    // What an earlier try stored may still be on its way out: its places are taken.
    await clearAll(store, document.id, { signal, inside: tx => queue.renew(store.executor(tx), job) })
    let started = clock.now()
    let stored = document.chunks
    const place = { documentId: document.id, position: stored - 1 }
    const [last] = stored > 0 ? await store.chunks.at(scope, [place]) : []

    const isFurniture = findFurniture(await store.segments.margins(document.id))
    const language = await tellLanguage(document, isFurniture)
    const counter = createTokenCounter(await deps.embedding(), signal)
    const chunker = createChunker({
      splitSentences: text => linguistics.splitSentences(text, language),
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

    async function commitBatch(batch: readonly Draft[], indexed: number): Promise<void> {
      const chunks: Chunk[] = []
      for (const draft of batch) {
        signal.throwIfAborted()
        chunks.push(analyse(draft, document, language))
        // Analysis is the slow part; whoever shares this thread gets a turn after each chunk.
        await new Promise(resolve => setImmediate(resolve))
      }
      stored += chunks.length
      const now = clock.now()
      const indexTime = Math.max(0, now - started)
      started = now
      await store.transaction(async tx => {
        await queue.renew(store.executor(tx), job)
        await store.chunks.insert(tx, document.projectId, document.id, chunks)
        await store.documents.update(tx, document.id, {
          state: 'indexing',
          indexed,
          chunks: stored,
          language,
          indexTime,
        })
      })
      deps.changed(document)
    }

    let made = 0
    /** Takes what is not stored yet; false when what is stored does not fit. */
    function take(fresh: readonly Draft[]): boolean {
      made += fresh.length
      drafts.push(...fresh.filter(draft => draft.position >= document.chunks))
      return fresh.every(draft => draft.position !== place.position || isSame(draft, last))
    }

    for await (const segment of segmentsOf(document.id)) {
      tally.add(segment)
      await counter.prepare(segment)
      if (!take(chunker.push(segment))) return startOver(job, signal, document)
      await commit(segment.number, batchSize)
    }
    if (!take(chunker.end()) || made < document.chunks) return startOver(job, signal, document)
    await commit(document.parsed, 1)

    const inside = await store.families.countFiles(document.id)
    const receipt = tally.receipt(document, stored, language, reasons, inside)
    await store.transaction(async tx => {
      await queue.settle(store.executor(tx), job, { state: 'done' })
      await store.documents.update(tx, document.id, {
        state: receipt.characters === 0 ? 'failed' : 'ready',
        indexed: document.parsed,
        language,
        reason: receipt.reasons[0] ?? null,
        receipt,
      })
    })
    deps.changed(document)
    if (receipt.characters > 0) await deps.ready(document)
  }

  async function startOver(job: Job, signal: AbortSignal, document: Document): Promise<void> {
    await store.transaction(async tx => {
      await queue.renew(store.executor(tx), job, 'beat')
      await removeChunks(tx, deps, document)
      await store.documents.update(tx, document.id, { indexed: 0, chunks: 0 })
    })
    return index(job, signal)
  }

  async function* segmentsOf(documentId: string): AsyncIterable<Segment> {
    for (let after = 0; ; ) {
      const segments = await store.segments.page(documentId, after, segmentsPerRead)
      if (segments.length === 0) return
      yield* segments
      after = segments[segments.length - 1].number
    }
  }

  async function tellLanguage(document: Document, isFurniture: (block: Block) => boolean): Promise<Language> {
    let sample = ''
    for await (const segment of segmentsOf(document.id)) {
      for (const block of segment.blocks) if (block.kind !== 'code' && !isFurniture(block)) sample += `${block.text}\n`
      if (sample.length > sampleLength) break
    }
    return linguistics.detectLanguage(sample.slice(0, sampleLength))
  }

  function analyse(draft: Draft, document: Document, documentLanguage: Language): Chunk {
    const own = linguistics.detectLanguage(draft.text)
    const language = own === 'other' ? documentLanguage : own
    const headers = new Set(draft.pieces.flatMap(piece => (piece.header === undefined ? [] : [piece.header])))
    const name = document.name.replace(/\.[^.]+$/, '').replaceAll(/[_-]+/g, ' ')
    const context = [name, ...draft.headings.map(heading => heading.text), ...headers].join('\n')
    return {
      ...draft,
      language,
      terms: linguistics.terms(draft.text, language),
      contextTerms: linguistics.terms(context, language),
    }
  }
}

/** Also in its place: what follows it, follows then. */
function isSame(draft: Draft, stored: Chunk | undefined): boolean {
  return draft.text === stored?.text && JSON.stringify(draft.pieces) === JSON.stringify(stored.pieces)
}

/** Adds up the receipt while the segments pass by. */
function createTally(isFurniture: (block: Block) => boolean) {
  let characters = 0
  let tableRows = 0
  let furnitureLines = 0
  const unreadable: number[] = []
  const withoutText: number[] = []
  return {
    add(segment: Segment): void {
      if (segment.problem === 'unreadable') unreadable.push(segment.number)
      if (segment.problem === 'without-text') withoutText.push(segment.number)
      const margins = segment.margins ?? []
      furnitureLines += margins.filter(isFurniture).length
      for (const block of [...segment.blocks, ...margins.filter(block => !isFurniture(block))]) {
        characters += block.text.length
        if (block.kind === 'table-row') tableRows += 1
      }
    },
    /** `lost`: what the parser said; `inside`: files in it, and how many of them became no document. */
    receipt(
      document: Document,
      chunks: number,
      language: Language,
      lost: readonly Reason[],
      inside: { total: number; leftOut: number },
    ): Receipt {
      const pages = document.paged ? document.parsed : null
      const reasons: Reason[] = []
      if (characters === 0) reasons.push({ code: 'no-text' })
      reasons.push(...lost)
      if (unreadable.length > 0) {
        reasons.push({ code: 'pages-unreadable', values: { count: unreadable.length, pages: listPages(unreadable) } })
      }
      if (withoutText.length > 0 && characters > 0) {
        reasons.push({
          code: 'pages-without-text',
          values: { count: withoutText.length, pages: listPages(withoutText) },
        })
      }
      if (inside.leftOut > 0) {
        reasons.push({ code: 'files-left-out', values: { count: inside.leftOut, total: inside.total } })
      }
      return {
        documentId: document.id,
        segments: document.parsed,
        pages,
        characters,
        chunks,
        tableRows,
        language,
        pagesWithoutText: withoutText,
        pagesUnreadable: unreadable,
        furnitureLines,
        reasons,
        files: [],
        fileCount: inside.total,
      }
    },
  }
}

/** `3, 5–9, 12`, cut after some. */
function listPages(pages: readonly number[]): string {
  const ranges: string[] = []
  for (let index = 0; index < pages.length; ) {
    let last = index
    while (pages[last + 1] === pages[last] + 1) last += 1
    ranges.push(last === index ? `${pages[index]}` : `${pages[index]}–${pages[last]}`)
    index = last + 1
  }
  return ranges.length > 12 ? `${ranges.slice(0, 12).join(', ')} …` : ranges.join(', ')
}
