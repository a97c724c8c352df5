/** In which order passages were found for a question, so that asking it again costs no search: for as long as nothing has changed. */
import type { Scope } from '../model/index.ts'
import type { Store } from '../store/index.ts'
import type { SearchPlan } from './plan.ts'
import type { Question } from './question.ts'
import type { SearchMode } from './search.ts'

/**
 * Before anything is read: numbers, the words of the question, and of the vocabulary those that they were taken for (its plan): single
 * words that stand somewhere in the documents, and never a text of theirs.
 */
export interface Order {
  words: { plan: SearchPlan; ranked: readonly { id: number; score: number }[] }
  order: readonly { id: number; fused?: number }[]
  similarities: ReadonlyMap<number, number>
  legs: { words: boolean; vectors: boolean }
  nearness?: number
}

export interface OrderOptions {
  mode: SearchMode
  /** How long the lists are that are fused. */
  listed: number
  documents?: readonly string[]
  signal?: AbortSignal
}

/** See `Memo` of the gateway: none throws. */
export interface OrderMemo {
  begin(scope: Scope): string
  recall(scope: Scope, about: unknown): Promise<unknown>
  keep(scope: Scope, about: unknown, value: unknown, begun: string): Promise<void>
}

type State = readonly [revision: string, index: number | null, fingerprint: string | null]

/** Looks for them; `ahead`: what was asked for before it was known whether this is needed. */
type Find<Ahead> = (scope: Scope, question: Question, options: OrderOptions, ahead: Ahead) => Promise<Order>

/**
 * What was found is asked for by the state of the library too, so that of a changed one nothing old is given: `libraries.revision` counts
 * each change of its words and vectors. Passages are read anew each time, with the rights of whoever asks.
 */
export function rememberOrders<Ahead>({
  store,
  memo,
  begin,
  find,
}: {
  store: Pick<Store, 'words' | 'vectors'>
  memo: OrderMemo | undefined
  /** Asks for what every search begins with: in one message to the database with the state of the library. */
  begin(scope: Scope, question: Question): Promise<Ahead>
  find: Find<Promise<Ahead>>
}): {
  find(scope: Scope, question: Question, options: OrderOptions): Promise<{ found: Order; kept: Promise<void> }>
} {
  if (!memo)
    return {
      find: async (scope, question, options) => ({
        found: await find(scope, question, options, begin(scope, question)),
        kept: Promise.resolve(),
      }),
    }

  const stateOf = async (scope: Scope, mode: SearchMode): Promise<State> => {
    const [revision, index] = await Promise.all([
      store.words.revision(scope),
      mode === 'words' ? undefined : store.vectors.active(scope),
    ])
    return [revision, index?.number ?? null, index?.fingerprint ?? null]
  }

  async function keep(
    scope: Scope,
    { about, mode, state, begun }: { about: unknown; mode: SearchMode; state: State; begun: string },
    found: Order,
  ): Promise<void> {
    // A leg that was late or failed is asked again; and what changed meanwhile may be in it or not.
    const whole = mode === 'words' || found.legs.vectors || state[1] === null
    if (whole && JSON.stringify(await stateOf(scope, mode)) === JSON.stringify(state))
      void memo?.keep(scope, about, write(found), begun)
  }

  return {
    /** `kept` is to be waited for beside what is asked next, so that both go to the database in one message; it never fails. */
    async find(scope, question, options) {
      const { mode, listed, documents, signal } = options
      const begun = memo.begin(scope)
      const ahead = begin(scope, question)
      // Whoever waits for it hears what is wrong, and nobody does where the order is known.
      ahead.catch(() => {})
      const state = await stateOf(scope, mode)
      signal?.throwIfAborted()
      const { text, language, terms, phrases } = question
      const about = [text, language, terms, phrases, mode, listed, documents ? [...documents].sort() : null, state]
      const known = read(await memo.recall(scope, about))
      if (known) return { found: known, kept: Promise.resolve() }
      const found = await find(scope, question, options, ahead)
      return { found, kept: keep(scope, { about, mode, state, begun }, found).catch(() => {}) }
    },
  }
}

function write({ words: { plan, ranked }, order, similarities, legs, nearness }: Order) {
  return {
    plan: { ...plan, contributions: [...plan.contributions] },
    ranked: ranked.map(({ id, score }) => [id, score] as const),
    order: order.map(({ id, fused }) => [id, fused ?? null] as const),
    similarities: [...similarities],
    legs,
    nearness: nearness ?? null,
  }
}

type Written = ReturnType<typeof write>

/** Of what we wrote ourselves, under a key that nobody else writes. */
function read(value: unknown): Order | undefined {
  if (typeof value !== 'object' || value === null || !('ranked' in value)) return undefined
  const { plan, ranked, order, similarities, legs, nearness } = value as Written
  return {
    words: {
      plan: { ...plan, contributions: new Map(plan.contributions) },
      ranked: ranked.map(([id, score]) => ({ id, score })),
    },
    order: order.map(([id, fused]) => (fused === null ? { id } : { id, fused })),
    similarities: new Map(similarities),
    legs,
    ...(nearness !== null && { nearness }),
  }
}
