/** What the process and its database threads say to each other. Everything here survives a structured clone. */

export type Role = 'writer' | 'reader'

export interface ThreadSettings {
  file: string
  role: Role
  /** Whether to load the extension for vectors; where that fails, the connection works without. */
  vectors: boolean
}

export type Value = number | string | bigint | Uint8Array | null

export type Request =
  | {
      op: 'execute'
      sql: string
      parameters: readonly Value[]
      /** Run it once for each of these, its only parameter: one message for what would be thousands. It gives no rows. */
      each?: readonly Value[]
      /** Open a transaction first. It travels with the first statement: one round trip less for each transaction. */
      begin: boolean
      /** The statement belongs to a transaction; refused when that one is gone, so that it never runs on its own. */
      inside: boolean
      /** A statement by itself that is not waited for until the disk has it: see `Database.hastyWriter`. */
      hasty?: boolean
    }
  | { op: 'commit' }
  /** No error when there is nothing to roll back. */
  | { op: 'rollback' }
  | { op: 'snapshot'; file: string }
  | { op: 'check'; deep: boolean }
  | { op: 'close' }

export interface Result {
  /** Empty for a statement that yields no rows. */
  columns: readonly string[]
  /**
   * All rows one after the other. A thousand rows of six columns cost the receiving thread 0.43 ms in this shape
   * (reading the clone and building objects) and 1.48 ms as objects.
   */
  values: Value[]
  changes: number
  insertId: bigint | undefined
}

export interface Failure {
  name: string
  message: string
  code: string | undefined
}

/** `open`: whether the connection now has a transaction; `vectors`, in the first reply: whether the extension is there. */
export type Reply = { id: number; open: boolean; vectors?: boolean } & ({ result: Result } | { failure: Failure })
