/** Between a server that may start no processes itself and the one that starts them for it. */
import type { ProcessRole } from '../ports.ts'

/** `id` is chosen by the server, and never used again. */
export type ToBroker =
  | { broker: 'spawn'; id: number; role: ProcessRole }
  | { broker: 'send'; id: number; message: unknown }
  | { broker: 'kill'; id: number }

export type FromBroker =
  | { broker: 'spawned'; id: number; pid: number | undefined }
  | { broker: 'message'; id: number; message: unknown }
  | { broker: 'exit'; id: number; code: number | null; signal: string | null }

export const isOfBroker = <T extends ToBroker | FromBroker>(message: unknown): message is T =>
  typeof message === 'object' && message !== null && 'broker' in message
