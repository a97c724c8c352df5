/**
 * Statements that a connection keeps by name, so that the server reads, checks and (mostly) plans a text once: the policies of
 * rows are part of every plan. A search in a project of 1,000 chunks cost the server 16.7 ms without, 12.1 with (12 statements,
 * each replayed 100 times on two busy cores).
 */
import { createHash } from 'node:crypto'

/** A column of a result, and how its text becomes a value. */
export interface Field {
  name: string
  parse(text: string): unknown
}

/** Texts remembered as asked for: only one that comes again is worth a name. */
const mostSeen = 500
/** Statements that a connection keeps. */
export const mostKept = 100
/**
 * What the server says of a name it has not, or has already: a pooler between us shares its connections out, transaction by
 * transaction.
 */
const lostName = /^(?:26000|42P05)$/
/** Where the server says that a table was changed so that a statement gives other columns now. */
const changedTable = 'RevalidateCachedQuery'

/** For all connections of a pool. */
export interface Naming {
  /** Undefined where the text is sent as it is. */
  nameOf(sql: string, kind: string): string | undefined
  /** Another one after something was refused for its name: each connection begins anew then. */
  readonly round: number
  refused(error: Error): void
}

export function createNaming(names: boolean): Naming {
  const seen = new Map<string, string | undefined>()
  let on = names
  let round = 0

  return {
    nameOf(sql, kind) {
      if (!on) return undefined
      const key = `${kind} ${sql}`
      const before = seen.get(key)
      if (before !== undefined) return before
      const name = seen.has(key) ? createHash('sha256').update(key).digest('base64url') : undefined
      if (seen.size >= mostSeen) seen.clear()
      seen.set(key, name)
      return name
    },
    get round() {
      return round
    },
    refused(error) {
      if (!isStale(error)) return
      round++
      if (isLost(error)) on = false
    },
  }
}

/** Whether a transaction that failed so can be run again at once: its statements get other names by then, or none. */
export function isStale(error: Error): boolean {
  return isLost(error) || ('routine' in error && error.routine === changedTable)
}

function isLost(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && lostName.test(error.code)
}

/** Of one connection: the names it has, and the columns of each. */
export class Names {
  readonly #naming: Naming
  /** The ones used longest ago stand first. */
  readonly #fields = new Map<string, readonly Field[]>()
  /** The server has these, or may have them. */
  readonly #left = new Set<string>()
  #round: number

  constructor(naming: Naming) {
    this.#naming = naming
    this.#round = naming.round
  }

  nameOf(sql: string, kind: string | undefined): string | undefined {
    return kind === undefined ? undefined : this.#naming.nameOf(sql, kind)
  }

  /** Undefined where it has to be prepared first. */
  fieldsOf(name: string): readonly Field[] | undefined {
    const fields = this.#fields.get(name)
    if (!fields) return undefined
    this.#fields.delete(name)
    this.#fields.set(name, fields)
    return fields
  }

  keep(name: string, fields: readonly Field[]): void {
    this.#fields.set(name, fields)
    // Should it have failed before.
    this.#left.delete(name)
  }

  /** Names that were to be prepared when something failed: whether the server has them, nobody knows. */
  leave(names: Iterable<string>): void {
    for (const name of names) this.#left.add(name)
  }

  refused(error: Error): void {
    this.#naming.refused(error)
  }

  /** For the server to forget, before anything else is asked. */
  takeLeft(): string[] {
    const anew = this.#round !== this.#naming.round
    this.#round = this.#naming.round
    for (const name of this.#fields.keys()) {
      if (!anew && this.#fields.size <= mostKept) break
      this.#fields.delete(name)
      this.#left.add(name)
    }
    const names = [...this.#left]
    this.#left.clear()
    return names
  }
}
