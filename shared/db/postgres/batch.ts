import type { ClientBase, Connection, Submittable } from 'pg'
import { parserOf, toParameter } from './values.ts'

/** A statement in the shape of the protocol. */
export interface Statement {
  sql: string
  values: readonly (string | Buffer | null)[]
  /** Its rows are wanted. */
  rows: boolean
}

export interface Outcome {
  rows: Record<string, unknown>[]
  /** As the server names what it did: `INSERT`, `COMMIT`. */
  command: string
  /** Rows inserted, changed, deleted; undefined for everything else. */
  changes: bigint | undefined
}

/** The number of parameters travels in 16 bits, and `pg` would let it wrap around. */
const mostParameters = 65_535
const changing: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** Throws a `TypeError` for parameters that cannot be stored. */
export function statement(sql: string, parameters: readonly unknown[] = [], rows = true): Statement {
  if (sql.includes('\0')) throw new TypeError('a statement cannot hold U+0000')
  if (parameters.length > mostParameters)
    throw new TypeError(`a statement takes ${mostParameters} parameters at most, not ${parameters.length}`)
  return { sql, values: parameters.map(toParameter), rows }
}

/**
 * Several statements in one message of the extended protocol, closed by one `Sync`: a single round trip, and after the first
 * that fails the server skips the rest. So nothing can run outside the transaction, or without the role, that the statements
 * before it were to set up, whatever becomes of these. Parameters are never part of the text.
 */
export function sendBatch(client: ClientBase, statements: readonly Statement[]): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    client.query(new Batch(statements, resolve, reject))
  })
}

interface Field {
  name: string
  parse(text: string): unknown
}

/** What `pg` calls back while the answers come in. */
class Batch implements Submittable {
  readonly #statements: readonly Statement[]
  readonly #resolve: (outcomes: Outcome[]) => void
  readonly #reject: (error: Error) => void
  readonly #outcomes: Outcome[] = []
  #fields: Field[] = []
  #rows: Record<string, unknown>[] = []
  #unreadable: Error | undefined

  constructor(
    statements: readonly Statement[],
    resolve: (outcomes: Outcome[]) => void,
    reject: (error: Error) => void,
  ) {
    this.#statements = statements
    this.#resolve = resolve
    this.#reject = reject
  }

  submit(connection: Connection): void {
    connection.stream.cork()
    try {
      for (const { sql, values, rows } of this.#statements) {
        connection.parse({ name: '', text: sql, types: [] }, true)
        connection.bind({ values: [...values] }, true)
        if (rows) connection.describe({ type: 'P', name: '' }, true)
        connection.execute(null, true)
      }
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
  }

  handleRowDescription({ fields }: { fields: { name: string; dataTypeID: number }[] }): void {
    this.#fields = fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }))
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    if (this.#unreadable || this.#fields.length === 0) return
    const row: Record<string, unknown> = {}
    try {
      for (const [at, { name, parse }] of this.#fields.entries()) {
        const text = fields[at]
        row[name] = text === null ? null : parse(text)
      }
    } catch (error) {
      this.#unreadable = error as Error
    }
    this.#rows.push(row)
  }

  handleCommandComplete({ text }: { text: string }): void {
    const [command, ...numbers] = text.split(' ')
    const changes = changing.has(command) ? BigInt(numbers.at(-1) ?? 0) : undefined
    this.#outcomes.push({ rows: this.#rows, command, changes })
    this.#rows = []
    this.#fields = []
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' })
  }

  handleError(error: Error): void {
    this.#reject(error)
  }

  handleReadyForQuery(): void {
    if (this.#unreadable) this.#reject(this.#unreadable)
    else this.#resolve(this.#outcomes)
  }

  handlePortalSuspended(): void {}

  handleCopyInResponse(connection: { sendCopyFail(why: string): void }): void {
    connection.sendCopyFail('nothing to copy')
  }

  handleCopyData(): void {}
}
