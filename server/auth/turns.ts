/**
 * Who makes a hash of a password now, and who waits. Each takes one of Node's four threads for files and 32 MiB, so that few run at a
 * time; who waits is served by network, in turn, so that one that asks for many makes only its own wait long.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { AppError } from '../../shared/errors.ts'
import { shortened } from './visit.ts'

export interface Asker {
  address: string | undefined
  /** Who went away does not wait on. */
  signal?: AbortSignal | undefined
}

export interface Turns {
  /** All that `work` takes turns for, at any depth, is this one's. */
  as<T>(asker: Asker, work: () => Promise<T>): Promise<T>
  /** Throws `too-many-tries` where too many wait, `cancelled` where who asks has gone. */
  take<T>(work: () => Promise<T>): Promise<T>
}

interface Waiting {
  begin(): void
  refuse(error: AppError): void
}

const atOnce = 2
/** More would have their turn later than 10 s from now. */
const mostWaiting = 100
const mostOfOne = 10
const seconds = 10

export function createTurns(): Turns {
  const askers = new AsyncLocalStorage<Asker>()
  /** By network; who comes first is served next. */
  const lines = new Map<string, Waiting[]>()
  let running = 0
  let count = 0

  function remove(network: string, one: Waiting): void {
    const line = lines.get(network)
    const at = line?.indexOf(one) ?? -1
    if (!line || at === -1) return
    line.splice(at, 1)
    count -= 1
    if (line.length === 0) lines.delete(network)
  }

  /** Throws where the newcomer is the one to go. */
  function makeRoom(network: string): void {
    const own = lines.get(network)?.length ?? 0
    if (own >= mostOfOne) throw new AppError('too-many-tries', { seconds })
    if (count < mostWaiting) return
    const [name, longest] = [...lines].reduce((most, one) => (one[1].length > most[1].length ? one : most))
    const last = longest.at(-1)
    if (longest.length <= own + 1 || !last) throw new AppError('too-many-tries', { seconds })
    remove(name, last)
    last.refuse(new AppError('too-many-tries', { seconds }))
  }

  function wait({ address, signal }: Asker): Promise<void> {
    const network = shortened(address)
    makeRoom(network)
    return new Promise<void>((resolve, reject) => {
      const leave = () => {
        remove(network, one)
        reject(new AppError('cancelled'))
      }
      const one: Waiting = {
        begin() {
          signal?.removeEventListener('abort', leave)
          resolve()
        },
        refuse(error) {
          signal?.removeEventListener('abort', leave)
          reject(error)
        },
      }
      signal?.addEventListener('abort', leave, { once: true })
      const line = lines.get(network)
      if (line) line.push(one)
      else lines.set(network, [one])
      count += 1
    })
  }

  function next(): void {
    const [first] = lines
    if (!first) {
      running -= 1
      return
    }
    const [network, line] = first
    const one = line[0] as Waiting
    remove(network, one)
    // Behind all others.
    if (lines.delete(network)) lines.set(network, line)
    one.begin()
  }

  return {
    as: (asker, work) => askers.run(asker, work),
    async take(work) {
      const asker = askers.getStore() ?? { address: undefined }
      if (asker.signal?.aborted) throw new AppError('cancelled')
      if (running < atOnce) running += 1
      else await wait(asker)
      try {
        return await work()
      } finally {
        next()
      }
    },
  }
}
