/** The catalog as it looks from this machine: what is here, what fits, and what is best. */
import { AppError, reasonOf } from '../errors.ts'
import type { ModelRole, Reason } from '../model/index.ts'
import type { ModelEntry } from './catalog.ts'
import { type Fit, fitTo, type Machine, pairContext, textContext } from './fit.ts'
import { type ModelOffer, modelOffers, networkOfOffer } from './known-models.ts'
import { memoryOf, processBytes } from './memory-need.ts'
import type { Held } from './supervise.ts'

export interface OfferHere {
  offer: ModelOffer
  /** The name of its file, where that is here. */
  installed: string | null
  used: boolean
  /** The best of its role for this machine. */
  recommended: boolean
  /** Undefined where the size of its file is not known. */
  fit?: Fit & { reason: Reason | null; smaller: string | null }
}

/** Tokens a second: people read three to five words in one, and wait for an answer that is written slower. */
const readable = 5
const contextOf = { embedding: textContext, reranking: pairContext } as const

/**
 * In the catalog's order. `machine`: as it is with no model loaded; `held`: those that are. `contextSize`: what is wished of a model that
 * answers.
 */
export function offersHere(
  entries: readonly ModelEntry[],
  machine: Machine,
  {
    contextSize,
    held = [],
    offers = modelOffers,
  }: { contextSize: number; held?: readonly Held[]; offers?: readonly ModelOffer[] },
): OfferHere[] {
  const here = offers.map(offer => {
    const entry = entries.find(({ name }) => name.toLowerCase() === offer.source.file.toLowerCase())
    const beside = { ...machine, free: machine.free - taken(entries, held, offer.role, contextSize) }
    return { offer, entry, verdict: verdictOf(offer, beside, contextSize) }
  })
  const best = new Map<ModelRole, ModelOffer | undefined>()
  for (const role of ['chat', 'embedding', 'reranking'] as const) best.set(role, bestOf(role, here))
  return here.map(({ offer, entry, verdict }) => ({
    offer,
    installed: entry && !entry.problem ? entry.name : null,
    used: entry?.used === true,
    recommended: best.get(offer.role) === offer,
    ...(verdict && {
      fit: {
        ...verdict,
        ...refusalOf(offer, verdict, here),
      },
    }),
  }))
}

/** The largest of the catalog that this machine can take, as a value of `model-memory`. */
export function smallerOffer(role: ModelRole, machine: Machine, contextSize: number): { smaller?: string } {
  const fitting = modelOffers.flatMap(offer => {
    const verdict = offer.role === role ? verdictOf(offer, machine, contextSize) : undefined
    return verdict && verdict.fits !== 'no' ? [{ id: offer.id, need: verdict.need }] : []
  })
  const [largest] = fitting.sort((a, b) => b.need - a.need)
  return largest ? { smaller: largest.id } : {}
}

/**
 * Bytes of the models of other roles, which work beside it: of those in use, and of those that make vectors of an older index. What is
 * loaded counts as it was granted.
 */
function taken(entries: readonly ModelEntry[], held: readonly Held[], role: ModelRole, contextSize: number): number {
  const beside = entries.filter(({ used, description }) => used && description && description.role !== role)
  const isUsed = ({ file }: Held) => beside.some(entry => entry.path === file.path)
  const loaded = held.filter(one => isUsed(one) || (one.file.role === 'embedding' && role !== 'embedding'))
  return beside.reduce(
    (sum, { path, description }) => {
      if (!description || loaded.some(({ file }) => file.path === path)) return sum
      const size = description.role === 'chat' ? contextSize : contextOf[description.role]
      const use = { role: description.role, contextSize: Math.min(size, description.contextSize), contexts: 1 }
      return sum + memoryOf(description.network, use).needed
    },
    loaded.reduce((sum, { granted }) => sum + granted.all, 0),
  )
}

interface Weighed {
  offer: ModelOffer
  verdict: Fit | undefined
}

function verdictOf(offer: ModelOffer, machine: Machine, contextSize: number): Fit | undefined {
  const network = networkOfOffer(offer)
  if (!network) return undefined
  const { role } = offer
  return fitTo(
    { role, network, contextSize: offer.context },
    // The process that models run in may not have been started.
    { ...machine, free: Math.max(0, machine.free - processBytes) },
    role === 'chat' ? contextSize : contextOf[role],
  )
}

/**
 * Of those that answer, the largest that fits well and writes as fast as one reads; else the one to begin with. Those that make
 * vectors read every document: the one to begin with is a tenth of the others' work, and they are for whoever has the time. A
 * ranking model must be fast enough to be worth anything, which is measured once it is there: none is recommended before.
 */
function bestOf(role: ModelRole, here: readonly Weighed[]): ModelOffer | undefined {
  const ofRole = here.filter(({ offer, verdict }) => offer.role === role && verdict && verdict.fits !== 'no')
  if (role === 'reranking') return undefined
  const first = ofRole.find(({ offer }) => offer.default)?.offer
  if (role === 'embedding') return first
  const good = ofRole.filter(({ verdict }) => verdict?.fits === 'well' && (verdict.tokensPerSecond ?? 0) >= readable)
  return good.toSorted((a, b) => b.offer.parameters - a.offer.parameters)[0]?.offer ?? first
}

function smallerThan({ id, role }: ModelOffer, here: readonly Weighed[]): string | null {
  const need = here.find(({ offer }) => offer.id === id)!.verdict!.need
  const fitting = here.filter(
    ({ offer, verdict }) => offer.role === role && verdict && verdict.fits !== 'no' && verdict.need < need,
  )
  return fitting.toSorted((a, b) => b.verdict!.need - a.verdict!.need)[0]?.offer.id ?? null
}

function refusalOf(offer: ModelOffer, { fits, need, free }: Fit, here: readonly Weighed[]) {
  if (fits !== 'no') return { reason: null, smaller: null }
  const smaller = smallerThan(offer, here)
  const megabytes = (bytes: number) => Math.ceil(bytes / 1024 / 1024)
  const values = { name: offer.name, needed: megabytes(need), free: megabytes(free), ...(smaller && { smaller }) }
  return { reason: reasonOf(new AppError('model-memory', values)), smaller }
}
