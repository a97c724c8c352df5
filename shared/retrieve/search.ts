import type { Scope, StoredChunk } from '../model/index.ts'
import type { Log } from '../ports.ts'
import type { Candidate, Store } from '../store/index.ts'
import { fuse } from './fuse.ts'
import { createNear, type EmbedQuestion, type InTurn } from './near.ts'
import { nearnessOf } from './nearness.ts'
import { mayBeMistaken, otherNounTerm, withOtherNouns } from './nouns.ts'
import { planSearch, relativeWeights, type SearchPlan } from './plan.ts'
import { type Question, vocabularyLookups } from './question.ts'
import { scoreChunk } from './rank.ts'
import { type Order, type OrderMemo, type OrderOptions, rememberOrders } from './remembered-orders.ts'
import { mayBeSlip, SHORTEST_MISSPELT } from './spelling.ts'

export type SearchMode = 'words' | 'vectors' | 'hybrid'

export interface Hit {
  chunk: StoredChunk
  /** By its words alone, whichever leg found it: 0 where it shares none with the question. Hits stand in the order of `rank`. */
  score: number
  /** Its place among the hits, from 1. */
  rank: number
  /** Of the fused lists; undefined where words alone took part. */
  fused?: number
  /** Cosine of question and chunk, where the leg of vectors found it. */
  similarity?: number
  /** What the ranking model said; comparable within one question. */
  relevance?: number
  before: StoredChunk | null
  after: StoredChunk | null
}

export interface SearchResult {
  plan: SearchPlan
  /** Best first. */
  hits: Hit[]
  /** What took part in finding and ordering them. */
  legs: { words: boolean; vectors: boolean; reranked: boolean }
  /**
   * How surely the nearest chunk is nearer than chance would bring one, 0 to 1, whatever the embedder: see `nearnessOf`.
   * One minus it is the chance of being wrong in saying that something was found, so a threshold lies near 1.
   * Undefined without vectors, and in a project too small to tell.
   */
  nearness?: number
}

export interface SearchOptions {
  /** What may take part; a leg that is missing is replaced by the other. `hybrid` when not said. */
  mode?: SearchMode
  /** Only in these; restricts before the limit. */
  documents?: readonly string[]
  limit?: number
  signal?: AbortSignal
}

export interface Search {
  /** The passages that speak of what is asked, best first. */
  find(scope: Scope, question: Question, options?: SearchOptions): Promise<SearchResult>
}

/**
 * How well each of the first passages answers, in their order, as many as it has the time for; undefined without a ranking model,
 * or when it takes too long.
 */
export type Rerank = (
  question: string,
  passages: readonly string[],
  signal?: AbortSignal,
) => Promise<number[] | undefined>

/**
 * Chunks the index gives for exact ranking: the words themselves, then their relatives. Carrying their terms over is half of
 * a search's cost. With 200 and 100, p95 was 24 ms instead of 15 in a project of 10,000 chunks; recall over 1,700 chunks
 * of both development sets and two manuals together was the same to the last question, with 60 and 30 one was lost.
 */
const primaryCandidates = 100
const secondaryCandidates = 50
/** Of the first ones the texts are read, where a noun that is asked for may have the stem of another one. */
const rankedByText = 30
/** Of each list that is fused. What stands below rank 50 of one list adds less than 0.009 to what the other put first. */
const fusedLength = 50
/** Passages given to the ranking model, at most. */
const rerankedLength = 20

export function createSearch({
  store,
  embedQuestion,
  reranker,
  inTurn = (_, run) => run(),
  log,
  memo,
}: {
  store: Store
  embedQuestion?: EmbedQuestion
  /** Undefined without a ranking model; asked with each search. */
  reranker?: () => Promise<Rerank | undefined>
  /** Without, all searches go to the database at once. */
  inTurn?: InTurn
  log?: Log
  /** Keeps in which order passages were found; never a word of them. */
  memo?: OrderMemo
}): Search {
  const near = createNear({ store, embedQuestion, inTurn, log })
  const remembered = rememberOrders({ store, memo, begin, find: findOrder })

  return {
    async find(scope, question, { mode = 'hybrid', documents, limit = 10, signal } = {}) {
      const within = { ...(documents && { documents }), ...(signal && { signal }) }
      const listed = Math.max(fusedLength, limit)
      const [{ found: first, kept }, rerank] = await Promise.all([
        remembered.find(scope, question, { mode, listed, ...within }),
        mode === 'words' ? undefined : reranker?.(),
      ])
      const { words, order, similarities, nearness, legs } = first
      signal?.throwIfAborted()
      const taken = order.slice(0, rerank ? Math.max(limit, rerankedLength) : limit)
      const ids = taken.map(({ id }) => id)
      const [read] = await Promise.all([rerank ? store.chunks.get(scope, ids) : store.chunks.around(scope, ids), kept])
      const found = toHits(taken, read, words, similarities)
      signal?.throwIfAborted()
      const reordered = rerank && (await reorder(rerank, question, found, signal))
      const best = (reordered ?? found).slice(0, limit)
      const there = rerank ? [...read, ...(await neighboursOf(scope, best, read))] : read
      const places = new Map(there.map(chunk => [placeOf(chunk.documentId, chunk.position), chunk]))
      signal?.throwIfAborted()

      const hits = best.map((hit, at): Hit => {
        const { documentId, position } = hit.chunk
        const [before, after] = [position - 1, position + 1].map(
          beside => places.get(placeOf(documentId, beside)) ?? null,
        )
        return { ...hit, rank: at + 1, before: before!, after: after! }
      })
      return {
        plan: words.plan,
        hits,
        legs: { ...legs, reranked: reordered !== undefined },
        ...(nearness !== undefined && { nearness }),
      }
    },
  }

  /** What the plan is made of. */
  async function begin(scope: Scope, question: Question): Promise<Beginning> {
    const [statistics, vocabulary] = await Promise.all([
      store.words.statistics(scope),
      store.words.lookup(scope, vocabularyLookups(question)),
    ])
    return { statistics, vocabulary }
  }

  /** By both legs, before anything is read. */
  async function findOrder(
    scope: Scope,
    question: Question,
    { mode, listed, documents, signal }: OrderOptions,
    ahead: Promise<Beginning>,
  ): Promise<Order> {
    const within = { ...(documents && { documents }), ...(signal && { signal }) }
    const planWords = (most: number) => inTurn(scope, () => byWords(scope, question, most, ahead, within), signal)
    const [planned, vectors] = await Promise.all([
      planWords(mode === 'vectors' ? 0 : Number.POSITIVE_INFINITY),
      mode === 'words' ? undefined : near(scope, question.text, { limit: listed, ...within }),
    ])
    // Asked for vectors, which cannot be had: never empty for that.
    const alone = mode === 'vectors' && !vectors
    const words = alone ? await planWords(listed) : planned
    signal?.throwIfAborted()

    const order = vectors
      ? // What is nearest among the few that have a vector is near to nothing: with a tenth of the project embedded, every
        // second passage was one of those.
        fuse(
          [words.ranked.slice(0, listed).map(({ id }) => id), vectors.found.map(({ id }) => id)],
          [1, vectors.coverage],
        )
      : words.ranked.map(({ id }) => ({ id }))
    const nearness = vectors && nearnessOf(vectors.found[0].distance, vectors.background, words.statistics.chunks)
    return {
      words: { plan: words.plan, ranked: words.ranked },
      order,
      similarities: new Map(vectors?.found.map(({ id, distance }) => [id, 1 - distance])),
      legs: { words: mode !== 'vectors' || alone, vectors: vectors !== undefined },
      ...(nearness !== undefined && { nearness }),
    }
  }

  /** Ranked by their words, best first; with `most` 0 only the plan is made. */
  async function byWords(
    scope: Scope,
    question: Question,
    most: number,
    ahead: Promise<Beginning>,
    { documents, signal }: { documents?: readonly string[]; signal?: AbortSignal },
  ) {
    const { statistics, vocabulary } = await ahead
    signal?.throwIfAborted()
    const averageLength = statistics.chunks === 0 ? 1 : statistics.terms / statistics.chunks
    const totals = { chunks: statistics.chunks, averageLength }
    let plan = planSearch(question, vocabulary, totals)
    const unknown = plan.terms.filter(
      ({ kind, term, best }) => kind === 'word' && term.length >= SHORTEST_MISSPELT && best < relativeWeights.slip,
    )
    if (unknown.length > 0) {
      const slips = await slipsOf(
        scope,
        unknown.map(term => term.term),
      )
      if (slips.size > 0) plan = planSearch(question, { ...vocabulary, slips }, totals)
    }
    if (most === 0) return { plan, statistics, ranked: [] }
    const candidates = await store.words.candidates(scope, {
      terms: plan.primary,
      limit: primaryCandidates,
      also: { terms: plan.secondary, limit: secondaryCandidates },
      ...(documents && { documents }),
    })
    const ranked = await rankByNouns(scope, question, plan, rankAll(plan, candidates))
    return { plan, statistics, ranked: ranked.slice(0, most) }
  }

  /** The first ones ranked again by their texts, where a noun asked for may have the stem of another one. */
  async function rankByNouns(
    scope: Scope,
    { language, terms }: Question,
    plan: SearchPlan,
    ranked: readonly Ranked[],
  ): Promise<readonly Ranked[]> {
    const isAsked = (at: number) => terms[at]!.kind === 'word' && mayBeMistaken(terms[at]!.text)
    const asked = language === 'de' ? terms.filter((_, at) => isAsked(at)) : []
    const first = ranked.slice(0, rankedByText)
    const holders = new Map(
      first.filter(({ terms }) => asked.some(({ term }) => terms.includes(term))).map(one => [one.id, one]),
    )
    if (first.length < 2 || holders.size === 0) return ranked
    const contributions = new Map(plan.contributions)
    for (const { term } of asked) {
      const other = (contributions.get(term) ?? []).map(({ at, weight }) => ({
        at,
        weight: isAsked(at) ? weight * relativeWeights.otherNoun : weight,
      }))
      contributions.set(otherNounTerm(term), other)
    }
    const scores = new Map<number, number>()
    for (const { id, text, language: spoken } of await store.chunks.texts(scope, [...holders.keys()])) {
      const holder = holders.get(id)
      if (!holder || spoken !== 'de') continue
      const terms = withOtherNouns(holder.terms, text, asked)
      if (terms === holder.terms) continue
      scores.set(id, scoreChunk({ ...plan, contributions }, { ...holder, terms, length: terms.length }))
    }
    const again = first.map(one => ({ ...one, score: scores.get(one.id) ?? one.score })).sort(bestFirst)
    return [...again, ...ranked.slice(rankedByText)]
  }

  /** The first ones by the ranking model, the others as they were; undefined without its word. */
  async function reorder<T extends Pick<Hit, 'chunk' | 'relevance'>>(
    rerank: Rerank,
    question: Question,
    found: readonly T[],
    signal: AbortSignal | undefined,
  ): Promise<T[] | undefined> {
    const texts = found
      .slice(0, rerankedLength)
      .map(({ chunk }) => [...chunk.headings.map(heading => heading.text), chunk.text].join('\n'))
    const scores = await rerank(question.text, texts, signal)
    if (!scores || scores.length === 0 || scores.length > texts.length || !scores.every(Number.isFinite))
      return undefined
    const judged = found.slice(0, scores.length).map((hit, at) => ({ ...hit, relevance: scores[at] }))
    // A stable sort: what ties stays as it was.
    judged.sort((a, b) => b.relevance - a.relevance)
    return [...judged, ...found.slice(scores.length)]
  }

  /** What words that stand nowhere in the library may have been mistyped for. */
  async function slipsOf(scope: Scope, terms: readonly string[]) {
    const slips = new Map<string, { term: string; df: number }[]>()
    for (const [term, alike] of await store.words.alike(scope, terms)) {
      const meant = alike.filter(entry => mayBeSlip(term, entry.term))
      if (meant.length > 0) slips.set(term, meant)
    }
    return slips
  }

  /** What stands right before and after these and was not read yet. */
  function neighboursOf(scope: Scope, hits: readonly Pick<Hit, 'chunk'>[], read: readonly StoredChunk[]) {
    const known = new Set(read.map(({ documentId, position }) => placeOf(documentId, position)))
    const places = hits.flatMap(({ chunk: { documentId, position } }) =>
      [position - 1, position + 1].map(beside => ({ documentId, position: beside })),
    )
    return store.chunks.at(
      scope,
      places.filter(({ documentId, position }) => position >= 0 && !known.has(placeOf(documentId, position))),
    )
  }
}

interface Beginning {
  statistics: Awaited<ReturnType<Store['words']['statistics']>>
  vocabulary: Awaited<ReturnType<Store['words']['lookup']>>
}

interface Ranked extends Candidate {
  score: number
}

function rankAll(plan: SearchPlan, candidates: readonly Candidate[]): Ranked[] {
  return candidates
    .map(candidate => ({ ...candidate, score: scoreChunk(plan, { ...candidate, length: candidate.terms.length }) }))
    .filter(({ score }) => score > 0)
    .sort(bestFirst)
}

/** The chunks in this order, as far as they are still there, each with its score by words, also where its vector found it. */
function toHits(
  order: readonly { id: number; fused?: number }[],
  read: readonly StoredChunk[],
  { plan, ranked }: Order['words'],
  similarities: ReadonlyMap<number, number>,
): Omit<Hit, 'rank' | 'before' | 'after'>[] {
  const chunks = new Map(read.map(chunk => [chunk.id, chunk]))
  const scores = new Map(ranked.map(({ id, score }) => [id, score]))
  return order.flatMap(({ id, ...fused }) => {
    const chunk = chunks.get(id)
    if (!chunk) return []
    const score = scores.get(id) ?? scoreChunk(plan, { ...chunk, length: chunk.terms.length })
    const similarity = similarities.get(id)
    return [{ chunk, score, ...fused, ...(similarity !== undefined && { similarity }) }]
  })
}

const placeOf = (documentId: string, position: number) => `${documentId}:${position}`

/** What ties stands in the order in which it was added; ids of chunks follow which document was read first. */
const bestFirst = (a: Ranked, b: Ranked) =>
  b.score - a.score || (a.documentId < b.documentId ? -1 : a.documentId > b.documentId ? 1 : a.position - b.position)
