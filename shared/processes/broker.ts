import type { ChildProcess, Processes } from '../ports.ts'
import { type FromBroker, isOfBroker, type ToBroker } from './broker-protocol.ts'

/**
 * Starts processes for `server` and relays what they say, until it ends: then they end too, whatever they are doing. Returns what to do
 * with each message of the server; true when it was one for the broker.
 */
export function createBroker(server: ChildProcess, processes: Processes): (message: unknown) => boolean {
  const children = new Map<number, ChildProcess>()
  // The server is gone when it cannot be told: its exit says so.
  const tell = (message: FromBroker) => void server.send(message).catch(() => {})
  void server.exit.then(() => {
    for (const child of children.values()) child.kill()
  })

  async function spawn(id: number, role: (ToBroker & { broker: 'spawn' })['role']): Promise<void> {
    const child = processes.spawn(role)
    children.set(id, child)
    tell({ broker: 'spawned', id, pid: child.pid })
    for await (const message of child.messages) tell({ broker: 'message', id, message })
    const { code, signal } = await child.exit
    children.delete(id)
    tell({ broker: 'exit', id, code, signal })
  }

  return message => {
    if (!isOfBroker<ToBroker>(message)) return false
    if (message.broker === 'spawn') void spawn(message.id, message.role)
    else if (message.broker === 'kill') children.get(message.id)?.kill()
    else
      void children
        .get(message.id)
        ?.send(message.message)
        .catch(() => {})
    return true
  }
}
