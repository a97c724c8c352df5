import { AppError } from '../errors.ts'
import type { ChildProcess } from '../ports.ts'

export interface Pool {
  /**
   * A process of one's own, warm if there is one; waits its turn, with `patience` for so many milliseconds only: then it
   * may have one process more than there are, if nobody else has it. Throws `cancelled`.
   */
  acquire(signal?: AbortSignal, patience?: number): Promise<Member>
  /** `sound`: it may be used again. Otherwise it is killed. */
  release(member: Member, sound: boolean): void
  /** Kills all; whoever waits is refused. */
  close(): Promise<void>
  readonly closed: boolean
}

export interface Member {
  process: ChildProcess
  messages: AsyncIterator<unknown>
  alive: boolean
  /** It has served before. */
  warm: boolean
  timer?: NodeJS.Timeout
}

/** Up to `size` processes, started when needed, ended after `idleTime` milliseconds without work. */
export function createPool(spawn: () => ChildProcess, size: number, idleTime: number): Pool {
  const idle: Member[] = []
  const members = new Set<Member>()
  const queue: Waiting[] = []
  let busy = 0
  let closed = false

  function start(): Member {
    const child = spawn()
    const member: Member = {
      process: child,
      messages: child.messages[Symbol.asyncIterator](),
      alive: true,
      warm: false,
    }
    members.add(member)
    void child.exit.then(() => {
      member.alive = false
      members.delete(member)
      clearTimeout(member.timer)
      const index = idle.indexOf(member)
      if (index !== -1) idle.splice(index, 1)
    })
    return member
  }

  async function turn(signal?: AbortSignal, patience?: number) {
    if (busy < size) {
      busy++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => queue.splice(queue.indexOf(waiting), 1)
      const onAbort = () => {
        leave()
        go(new AppError('cancelled'))
      }
      const go = (refused?: AppError) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        if (refused) reject(refused)
        else resolve()
      }
      const onImpatience = () => {
        waiting.inHurry = true
        if (busy > size) return
        leave()
        busy++
        go()
      }
      const waiting: Waiting = { go, inHurry: false }
      const timer = patience === undefined ? undefined : setTimeout(onImpatience, patience)
      signal?.addEventListener('abort', onAbort, { once: true })
      queue.push(waiting)
    })
  }

  return {
    async acquire(signal, patience) {
      if (closed || signal?.aborted) throw new AppError('cancelled')
      await turn(signal, patience)
      const member = idle.pop() ?? start()
      clearTimeout(member.timer)
      return member
    },
    release(member, sound) {
      if (sound && member.alive && !closed) {
        member.warm = true
        idle.push(member)
        member.timer = setTimeout(() => member.process.kill(), idleTime)
        member.timer.unref()
      } else member.process.kill()
      // The turn passes on directly, so that nobody slips in between.
      const next = busy > size ? queue.find(({ inHurry }) => inHurry) : queue[0]
      if (next) {
        queue.splice(queue.indexOf(next), 1)
        next.go()
      } else busy--
    },
    get closed() {
      return closed
    },
    async close() {
      closed = true
      for (const { go } of queue.splice(0)) go(new AppError('cancelled'))
      const leaving = [...members]
      for (const member of leaving) member.process.kill()
      await Promise.all(leaving.map(member => member.process.exit))
    },
  }
}

interface Waiting {
  go(refused?: AppError): void
  /** Its patience is over. */
  inHurry: boolean
}
