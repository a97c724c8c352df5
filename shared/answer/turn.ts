import { toAppError } from '../errors.ts'
import type { Gateway, Turn } from '../gateway/index.ts'
import type { Asker } from '../gateway/servers.ts'
import type { ModelPolicy } from '../model/index.ts'
import { createPlaces, type Waiting } from './places.ts'

/** One question's turn at the chat model: asked for once, waited for in one place or another, given back for certain by `end`. */
export interface TurnTaker {
  /** The turn, if it comes at once: undefined when others wait, when there is no model, and when it takes longer than `budget` milliseconds. */
  soon(budget: number): Promise<Turn | undefined>
  /** Says how many come before; gives the turn, or undefined when there is no model. Throws what the gateway throws. */
  take(): AsyncGenerator<Waiting, Turn | undefined>
  /** The one whose turn it was failed before its first words: the same of the next one. */
  other(error: unknown): AsyncGenerator<Waiting, Turn | undefined>
  end(): void
}

/** Whether it is the model's trouble, or that of the way to it: another one may do better. */
export function isOfModel(error: unknown): boolean {
  const { code } = toAppError(error)
  return /^(?:model|provider)-/.test(code) || code === 'egress-refused' || code === 'project-local-only'
}

/** `model`: the reference of the one that is wanted. */
export function createTurnTaker(
  gateway: Gateway,
  asker: Asker,
  { model, policy, signal }: { model: string | undefined; policy?: ModelPolicy; signal: AbortSignal },
): TurnTaker {
  const left = new AbortController()
  let places = createPlaces()
  let pending: Promise<Turn | undefined> | undefined

  const options = () => ({ signal: AbortSignal.any([signal, left.signal]), waiting: places.hear })

  function ask(): Promise<Turn | undefined> {
    if (pending) return pending
    pending = gateway.turn(asker, { ...(model !== undefined && { model }), ...(policy && { policy }), ...options() })
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
    async *other(error) {
      const before = await pending
      places = createPlaces()
      pending = before?.next(error, options())
      pending?.catch(() => {})
      return pending && (yield* places.tell(pending))
    },
    end() {
      left.abort()
      pending?.then(
        turn => turn?.end(),
        () => {},
      )
    },
  }
}
