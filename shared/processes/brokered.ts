import type { ChildProcess, Log, Processes } from '../ports.ts'
import { type FromBroker, isOfBroker, type ToBroker } from './broker-protocol.ts'
import { createInbox, type Inbox } from './inbox.ts'

export interface BrokerChannel {
  post(message: ToBroker): void
  /** All that comes; what is not the broker's is left to others. */
  listen(hear: (message: unknown) => void): void
}

interface Child {
  inbox: Inbox
  pid: number | undefined
  killed: boolean
  ended(code: number | null, signal: string | null): void
}

/**
 * Processes that another one starts for us, where we may start none: on the desktop only the main process can. All messages go through it;
 * the same path whether it starts Electron's utility processes or forks.
 */
export function createBrokeredProcesses({ channel, log }: { channel: BrokerChannel; log: Log }): Processes {
  const children = new Map<number, Child>()
  let last = 0

  channel.listen(message => {
    if (!isOfBroker<FromBroker>(message)) return
    const child = children.get(message.id)
    if (!child) return
    if (message.broker === 'spawned') child.pid = message.pid
    else if (message.broker === 'message') child.inbox.deliver(message.message)
    else {
      children.delete(message.id)
      child.ended(message.code, message.signal)
    }
  })

  return {
    spawn(role): ChildProcess {
      const id = ++last
      const inbox = createInbox()
      let gone = false
      let child: Child
      const exit = new Promise<{ code: number | null; signal: string | null }>(resolve => {
        child = {
          inbox,
          pid: undefined,
          killed: false,
          ended(code, signal) {
            gone = true
            if (!child.killed && code !== 0) log.warn('process ended', { role, pid: child.pid, code, signal })
            resolve({ code, signal })
            inbox.end()
          },
        }
      })
      children.set(id, child!)
      channel.post({ broker: 'spawn', id, role })
      return {
        get pid() {
          return child.pid
        },
        async send(message) {
          if (gone) throw new Error(`process ${role} ${child.pid} is gone`)
          channel.post({ broker: 'send', id, message })
        },
        messages: inbox.messages,
        kill() {
          child.killed = true
          if (!gone) channel.post({ broker: 'kill', id })
        },
        exit,
      }
    },
  }
}
