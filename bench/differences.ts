/** Two evaluations of one question set, over libraries that should be the same, held against each other question by question. */
import type { Evaluated } from '../server/commands/eval.ts'
import type { Citation, Passage } from '../shared/model/index.ts'

export interface Difference {
  /** The question's. */
  id: string
  /** What is not the same: of one evaluation, then of the other. */
  what: string[]
}

/** Hits that are compared. */
const hits = 10
/** Vectors have half the precision on Postgres, which `evidence` follows; by words alone nothing differs. */
const evidenceTolerance = 1e-3

/**
 * Every question of which the first ten hits (place, text, neighbours), their order, a quote (with its place and rectangles),
 * whether it was declined, or how sure the product was came out otherwise: with its answer in the library, and without.
 */
export function differencesOf(one: Evaluated, other: Evaluated): Difference[] {
  const [first, second] = [seen(one), seen(other)]
  if (first.length !== second.length) throw new Error('these are not evaluations of one set')
  return first
    .map((each, at) => ({ id: each.id, what: compare(each, second[at]) }))
    .filter(({ what }) => what.length > 0)
}

/** What a user would see of one question, without ids: each library has its own. */
interface Seen {
  id: string
  passages: string[]
  quotes: string[]
  declined: boolean[]
  evidence: number[]
}

function seen({ format, cases }: Evaluated): Seen[] {
  if (format === 'golden')
    return cases.map(({ question, passages, quotes, declined, evidence }) => ({
      id: question.id,
      passages: placesOf(passages),
      quotes: quotes.map(quoted),
      declined: [declined],
      evidence: [evidence],
    }))
  return cases.map(({ question, passages, quotes, evidence, evidenceWithout, outcome }) => ({
    id: question.id,
    passages: placesOf(passages),
    quotes,
    declined: [outcome.falselyDeclined, outcome.declined].map(Boolean),
    evidence: [evidence, evidenceWithout],
  }))
}

const quoted = ({ file, page, quote, rects }: Citation) => JSON.stringify([file, page, quote, rects])

const placesOf = (passages: readonly Passage[]) =>
  passages
    .slice(0, hits)
    .map(({ file, page, text, before, after }) => JSON.stringify([file, page, text, before, after]))

function compare(one: Seen, other: Seen): string[] {
  const what: string[] = []
  for (const key of ['passages', 'quotes'] as const) {
    const [a, b] = [one[key], other[key]]
    const at = Array.from({ length: Math.max(a.length, b.length) }, (_, at) => at).find(at => a[at] !== b[at])
    if (at === undefined) continue
    // The same ones in another order, or others.
    const moved = a.length === b.length && [...a].sort().join() === [...b].sort().join()
    what.push(`${key} from ${at + 1} on${moved ? ', their order' : ''}: ${shown(a[at])} / ${shown(b[at])}`)
  }
  for (const [at, declined] of one.declined.entries())
    if (declined !== other.declined[at]) what.push(`declined: ${declined} / ${other.declined[at]}`)
  for (const [at, evidence] of one.evidence.entries())
    if (!(Math.abs(evidence - other.evidence[at]) <= evidenceTolerance))
      what.push(`evidence: ${evidence} / ${other.evidence[at]}`)
  return what
}

const shown = (text: string | undefined) => (text === undefined ? 'nothing' : text.slice(0, 80))
