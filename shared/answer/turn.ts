import type { Gateway, Turn } from '../gateway/index.ts'
import type { AnswerEvent, Scope } from '../model/index.ts'

/** One question's turn at the chat model: asked for once, waited for in one place or another, given back for certain by `end`. */
export interface TurnTaker {
  /** The turn, if it comes at once: undefined when others wait, when there is no model, and when it takes longer than `budget` milliseconds. */
  soon(budget: number): Promise<Turn | undefined>
  /** Says how many come before; gives the turn, or undefined when there is no model. Throws what the gateway throws. */
  take(): AsyncGenerator<AnswerEvent, Turn | undefined>
  end(): void
}

export function createTurnTaker(gateway: Gateway, scope: Scope, signal: AbortSignal | undefined): TurnTaker {
  const left = new AbortController()
  const places: number[] = []
  let told = () => {}
  let pending: Promise<Turn | undefined> | undefined

  function ask(): Promise<Turn | undefined> {
    if (pending) return pending
    pending = gateway.turn(scope, {
      signal: signal ? AbortSignal.any([signal, left.signal]) : left.signal,
      waiting(place) {
        places.push(place)
        told()
      },
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
        told = () => {
          if (places.some(place => place > 0)) resolve(undefined)
        }
      })
      try {
        return await Promise.race([ask().catch(() => undefined), passed])
      } finally {
        clearTimeout(timer)
        told = () => {}
      }
    },
    async *take(): AsyncGenerator<AnswerEvent, Turn | undefined> {
      const turn = ask()
      for (;;) {
        const news = new Promise<'news'>(resolve => {
          told = () => resolve('news')
        })
        for (const place of places.splice(0)) yield { type: 'waiting' as const, place }
        const result = await Promise.race([turn, places.length > 0 ? ('news' as const) : news])
        if (result === 'news') continue
        for (const place of places.splice(0)) yield { type: 'waiting' as const, place }
        return result
      }
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
