/** The ranking model's part in a search: as many passages as it can judge within the time a search has for it, or none. */
import type { RerankingModel } from '../model/index.ts'

export interface Pace {
  /** How many passages this model judges in time here; 0 while nobody knows, and where they are too few to be worth it. */
  passages(model: RerankingModel): number
  /** So many took so long, in milliseconds; `late` where they were not done by then. */
  took(model: RerankingModel, passages: number, time: number, late: boolean): void
}

/** Fewer leave the order nearly as it was. */
export const leastReranked = 5
/** One that was late with the fewest gets them once more. */
const lastBound = leastReranked / 2
/** Of the budget: what else goes on makes one judgement slower than the last. */
const planned = 0.8
/** Milliseconds. Whoever gives a search so much time waits until the model is loaded, too, and has all of them judged. */
export const patientBudget = 5_000
/** Milliseconds until one that was too slow is tried again: the machine may have been busy. */
const againAfter = 10 * 60_000
/** Weight of the latest of many, so that one slow search does not end it. */
const latest = 0.3

/** As long as passages are, about 200 tokens. */
const sample =
  'Die Miete ist am dritten Werktag eines Monats fällig. The rent is due on the third working day. '.repeat(8)

/**
 * `budget`: milliseconds. What is not known yet is measured in the background, with a text of ours, behind all that somebody waits
 * for: a search is never the one that finds out. Known for as long as this process lives; another start may be on another machine.
 */
export function createPace({ budget, now = () => performance.now() }: { budget: number; now?: () => number }): Pace {
  /** Milliseconds a passage, by the model's name. */
  const paces = new Map<string, { each: number; at: number }>()
  /**
   * Of a model that was late, how many passages it gets at most until it was in time: half of them, and half again. The text it is
   * measured with may be easier to read than what lies here.
   */
  const bounds = new Map<string, number>()
  const measuring = new Set<string>()

  /** Once to have it loaded, and once for the time. */
  async function measure({ name, model }: RerankingModel): Promise<void> {
    measuring.add(name)
    const rank = (values: string[]) =>
      model.doRerank({
        query: 'Wann ist die Miete fällig?',
        documents: { type: 'text', values },
        providerOptions: { cloister: { urgent: false } },
      })
    try {
      await rank([sample])
      const began = now()
      await rank(new Array<string>(leastReranked).fill(sample))
      paces.set(name, { each: (now() - began) / leastReranked, at: now() })
      // One that had none left is given the fewest, once.
      const bound = bounds.get(name)
      if (bound !== undefined) bounds.set(name, Math.max(bound, lastBound))
    } catch {
      // It is told where the model is used; until then it has no part.
      paces.set(name, { each: Number.POSITIVE_INFINITY, at: now() })
    } finally {
      measuring.delete(name)
    }
  }

  return {
    passages(model) {
      if (budget >= patientBudget) return Number.POSITIVE_INFINITY
      if (budget <= 0) return 0
      const pace = paces.get(model.name)
      const most = pace ? Math.floor((budget * planned) / pace.each) : 0
      const bound = bounds.get(model.name) ?? most
      if (most >= leastReranked) return Math.min(most, Math.max(leastReranked, Math.floor(bound)))
      if (!measuring.has(model.name) && (!pace || now() - pace.at >= againAfter)) void measure(model)
      return 0
    },
    took({ name }, passages, time, late) {
      const pace = paces.get(name)
      if (!pace) return
      const bound = bounds.get(name)
      if (late) {
        const next = Math.min(bound ?? passages, Math.max(passages, leastReranked)) / 2
        bounds.set(name, next)
        // Measured anew: it may have been loaded again, which says nothing of its pace.
        if (next >= lastBound) paces.delete(name)
        else paces.set(name, { each: Number.POSITIVE_INFINITY, at: now() })
      } else {
        const each = time / Math.max(1, passages)
        // What was measured of one that was late is worth nothing beside what it did.
        const weight = bound === undefined ? latest : 1
        bounds.delete(name)
        paces.set(name, { each: pace.each + weight * (each - pace.each), at: now() })
      }
    },
  }
}
