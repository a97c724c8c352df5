import type { Time } from './project.ts'

/** What a connection of ours to another machine is for. */
export type EgressPurpose = 'model' | 'download' | 'mail' | 'sign-in' | 'crawl' | 'sync' | 'update'

/** Also those that the product stands on: named in the ledger when it starts, and not kept from anything. */
export const ledgerPurposes = [
  ...(['model', 'download', 'mail', 'sign-in', 'crawl', 'sync', 'update'] as const satisfies readonly EgressPurpose[]),
  'database',
  'cache',
  'blob-store',
] as const
export type LedgerPurpose = (typeof ledgerPurposes)[number]

/** `open`: under way. `failed`: something may have left, and it did not come to its end. `refused`: nothing left. */
export const egressOutcomes = ['done', 'open', 'failed', 'refused'] as const
export type EgressOutcome = (typeof egressOutcomes)[number]

/** Why a connection was not allowed. */
export type RefusalReason =
  /** `OFFLINE`: only this machine may be reached. */
  | 'offline'
  /** The project works with models of this machine only. */
  | 'local-only'
  /** The library is thrown away, and its ledger with it. */
  | 'unrecorded'
  /** The address is not one of the public network, and it came from a document, or another server named it. */
  | 'not-public'
  /** Something else than http and https. */
  | 'scheme'
  /** A name or a password stands in the address. */
  | 'credentials'
  /** One that other services than the web's are behind. */
  | 'port'
  /** A server with models led to another: what a model is to read goes where it was sent, and nowhere else. */
  | 'redirected'

/** Why a connection that was allowed came to nothing. */
export type FailureReason =
  | 'name-unknown'
  | 'unreachable'
  | 'tls'
  | 'proxy'
  | 'timeout'
  | 'cancelled'
  /** It broke in the middle, or what came was no HTTP. */
  | 'broken'
  /** The process that had it open is gone. */
  | 'interrupted'

/** A request that left this machine, or was to. Never with a path, a query, a header, a key or a word of what was sent. */
export interface LedgerEntry {
  id: string
  startedAt: Time
  endedAt: Time | null
  /** Null: the installation's own. */
  userId: string | null
  projectId: string | null
  purpose: LedgerPurpose
  host: string
  port: number
  /** What was connected to; behind a proxy that is the proxy. Null before, and where nothing was. */
  address: string | null
  /** Bytes of HTTP, head and body, as they went over the connection; without what TLS adds. Of SMTP, all bytes of the connection. */
  sent: number
  received: number
  outcome: EgressOutcome
  why: RefusalReason | FailureReason | null
}

/** Which entries; without anything, all. */
export interface LedgerFilter {
  /** Begun at this time or later, and before that one. */
  from?: Time
  to?: Time
  projectId?: string
  purposes?: readonly LedgerPurpose[]
  outcomes?: readonly EgressOutcome[]
  /** A part of the host's name. */
  host?: string
  /** The installation's own too: for those who look after it. */
  installation?: boolean
}

/** What went to one host for one purpose. */
export interface LedgerSum {
  host: string
  purpose: LedgerPurpose
  requests: number
  open: number
  failed: number
  refused: number
  sent: number
  received: number
  /** When the latest began. */
  last: Time
}
