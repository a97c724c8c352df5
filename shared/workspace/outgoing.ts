/** The rules for what leaves this machine, and the care for the ledger of it. */
import type { Scope } from '../model/index.ts'
import type { Clock, Egress, EgressRules, Log } from '../ports.ts'
import type { Connection, Store } from '../store/index.ts'

export interface OutgoingSettings {
  /** Nothing but this machine is reached. */
  offline?: boolean
  /** The library will be thrown away: what nobody could read about later does not happen. */
  temporary?: boolean
  /** Milliseconds that the ledger goes back. */
  ledgerRetention?: number
  /** What the product stands on and reaches by itself: named in the ledger once a day. */
  connections?: readonly Connection[]
}

export interface Outgoing {
  /** Forgets what is old, and settles what killed processes left open. */
  tidy(): Promise<void>
  close(): Promise<void>
}

const day = 24 * 60 * 60 * 1000
/**
 * Milliseconds after which a request is dead of which nothing was said: its process says something every 5 s. Should one
 * have slept longer, it says so when it wakes up, and the entry is what it was.
 */
const silence = 20_000

/** Why a request may reach only this machine. The installation's word goes first; a project's own holds for models. */
export function createPolicy({
  offline = false,
  temporary = false,
  isLocalOnly,
}: Pick<OutgoingSettings, 'offline' | 'temporary'> & {
  isLocalOnly(scope: Scope): Promise<boolean>
}): EgressRules['policy'] {
  return async ({ purpose, access }) => {
    if (offline) return 'offline'
    if (temporary) return 'unrecorded'
    if (purpose !== 'model' || access === 'internal' || access.projectId === undefined) return undefined
    return (await isLocalOnly({ userId: access.userId, projectId: access.projectId })) ? 'local-only' : undefined
  }
}

/** Lets requests out, by these rules, into this ledger. */
export async function governOutgoing(
  deps: {
    egress: Egress | undefined
    store: Pick<Store, 'ledger'>
    clock: Clock
    log: Log
    isLocalOnly(scope: Scope): Promise<boolean>
  } & OutgoingSettings,
): Promise<Outgoing> {
  const { egress, store, clock, log, connections = [], ledgerRetention } = deps
  const { ledger } = store
  egress?.govern({ policy: createPolicy(deps), write: (entries, how) => ledger.write(entries, how) })
  let timer: ReturnType<typeof setTimeout> | undefined

  async function settle(): Promise<void> {
    const open = await ledger.settle(clock.now() - silence)
    clearTimeout(timer)
    // Of a process that was killed just now, or of one that lives.
    if (open > 0) timer = setTimeout(() => void settle().catch(complain), silence).unref()
  }

  const complain = (error: unknown) => log.warn('the ledger could not be looked after', { error })
  const begin = async () => {
    await settle()
    await ledger.name(connections, clock.now() - day)
  }
  await begin().catch(complain)

  return {
    async tidy() {
      await settle()
      if (ledgerRetention !== undefined) await ledger.forget(clock.now() - ledgerRetention)
    },
    async close() {
      clearTimeout(timer)
      await egress?.close()
    },
  }
}
