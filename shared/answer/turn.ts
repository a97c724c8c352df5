import type { Gateway, Turn } from '../gateway/index.ts'
import type { Scope } from '../model/index.ts'
import { createPlaces, type Waiting } from './places.ts'

/** One question's turn at the chat model: asked for once, waited for in one place or another, given back for certain by `end`. */
export interface TurnTaker {
  /** The turn, if it comes at once: undefined when others wait, when there is no model, and when it takes longer than `budget` milliseconds. */
  soon(budget: number): Promise<Turn | undefined>
  /** Says how many come before; gives the turn, or undefined when there is no model. Throws what the gateway throws. */
  take(): AsyncGenerator<Waiting, Turn | undefined>
  end(): void
}

/** `model`: the name of the one that is wanted. */
export function createTurnTaker(
  gateway: Gateway,
  user: Pick<Scope, 'userId'>,
  { model, signal }: { model: string | undefined; signal: AbortSignal },
): TurnTaker {
  const left = new AbortController()
  const places = createPlaces()
  let pending: Promise<Turn | undefined> | undefined

  function ask(): Promise<Turn | undefined> {
    if (pending) return pending
    pending = gateway.turn(user, {
      ...(model !== undefined && { model }),
      signal: AbortSignal.any([signal, left.signal]),
      waiting: places.hear,
    })
    // Whoever waits for it hears of it; nobody may be left to.
    pending.catch(() => {})
    return pending
  }

  return {
    async soon(budget) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const passed = new Promise<undefined>(resolve => {
        timer = setTimeout(resolve, budget, undefined)
        void places.taken().then(() => resolve(undefined))
      })
      try {
        return await Promise.race([ask().catch(() => undefined), passed])
      } finally {
        clearTimeout(timer)
      }
    },
    take: () => places.tell(ask()),
    end() {
      left.abort()
      pending?.then(
        turn => turn?.end(),
        () => {},
      )
    },
  }
}
