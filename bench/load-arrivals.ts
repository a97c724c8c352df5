/** Requests that come when they come, however slowly they are answered. */
import { createRandom } from '../tests/synthetic.ts'

export interface Answered<T> {
  /** Milliseconds from the time it was due, not from when it was sent: what waits here has waited too. */
  time: number
  /** Milliseconds it was sent too late. */
  late: number
  /** Absent where it failed. */
  answer?: T
  error?: unknown
}

/** When requests are due, in milliseconds from the start: by chance (a Poisson process), the same for the same seed. */
export function arrivals({ perSecond, seconds, seed }: { perSecond: number; seconds: number; seed: number }): number[] {
  const random = createRandom(seed)
  const times: number[] = []
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) / perSecond) * 1000
    if (at >= seconds * 1000) return times
    times.push(at)
  }
}

/** Sends each at its time; done when all are answered or have failed. In the order of `times`, which rises. */
export async function sendAt<T>(times: readonly number[], send: (at: number) => Promise<T>): Promise<Answered<T>[]> {
  const started = performance.now()
  const sent: Promise<Answered<T>>[] = []
  for (const [at, time] of times.entries()) {
    const due = started + time
    while (performance.now() < due)
      await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
    const late = performance.now() - due
    const took = () => performance.now() - due
    sent.push(
      send(at).then(
        answer => ({ time: took(), late, answer }),
        error => ({ time: took(), late, error }),
      ),
    )
  }
  return Promise.all(sent)
}
