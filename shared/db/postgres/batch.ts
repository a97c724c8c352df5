import type { ClientBase, Connection, Submittable } from 'pg'
import type { Field, Names } from './named.ts'
import { parserOf, toParameter } from './values.ts'

/** A statement in the shape of the protocol. */
export interface Statement {
  sql: string
  values: readonly (string | Buffer | null)[]
  /** Its rows are wanted. */
  rows: boolean
  /** It may be kept by a name, apart from those of another kind, as a plan holds for one role. Without, it never is. */
  kind: string | undefined
}

export interface Outcome {
  /** Of `copy … to stdout`, one with the bytes that came, `copied`. */
  rows: Record<string, unknown>[]
  /** As the server names what it did: `INSERT`, `COMMIT`. */
  command: string
  /** Rows inserted, changed, deleted; undefined for everything else. */
  changes: bigint | undefined
}

/** The number of parameters travels in 16 bits, and `pg` would let it wrap around. */
const mostParameters = 65_535
/** Bytes that are made room for when the first of a copy come. */
const firstCopied = 64 * 1024
const changing: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** Throws a `TypeError` for parameters that cannot be stored. */
export function statement(sql: string, parameters: readonly unknown[] = [], rows = true, kind?: string): Statement {
  if (sql.includes('\0')) throw new TypeError('a statement cannot hold U+0000')
  if (parameters.length > mostParameters)
    throw new TypeError(`a statement takes ${mostParameters} parameters at most, not ${parameters.length}`)
  return { sql, values: parameters.map(toParameter), rows, kind }
}

/**
 * Several statements in one message of the extended protocol, closed by one `Sync`: a single round trip, and after the first
 * that fails the server skips the rest. So nothing can run outside the transaction, or without the role, that the statements
 * before it were to set up, whatever becomes of these. Parameters are never part of the text.
 */
export function sendBatch(
  client: ClientBase,
  statements: readonly Statement[],
  { names, each = () => {} }: { names?: Names; each?: OnOutcome } = {},
): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    client.query(new Batch(statements, names, each, resolve, reject))
  })
}

/** Hears of a statement, and its place in the message, when it is done, whatever becomes of those behind it. */
export type OnOutcome = (outcome: Outcome, at: number) => void

interface Sent {
  /** Undefined where its columns were not told yet, or there are none to tell. */
  fields: readonly Field[] | undefined
  /** The name that it is given here, or nothing. */
  named: string
}

/** What `pg` calls back while the answers come in. */
class Batch implements Submittable {
  readonly #statements: readonly Statement[]
  readonly #names: Names | undefined
  readonly #each: OnOutcome
  readonly #resolve: (outcomes: Outcome[]) => void
  readonly #reject: (error: Error) => void
  readonly #sent: Sent[] = []
  readonly #outcomes: Outcome[] = []
  #rows: Record<string, unknown>[] = []
  #copied: Buffer | undefined
  #copiedSize = 0
  #unreadable: Error | undefined

  constructor(
    statements: readonly Statement[],
    names: Names | undefined,
    each: OnOutcome,
    resolve: (outcomes: Outcome[]) => void,
    reject: (error: Error) => void,
  ) {
    this.#statements = statements
    this.#names = names
    this.#each = each
    this.#resolve = resolve
    this.#reject = reject
  }

  submit(connection: Connection): void {
    const names = this.#names
    const anew = new Set<string>()
    connection.stream.cork()
    try {
      for (const name of names?.takeLeft() ?? []) connection.close({ type: 'S', name }, true)
      for (const { sql, values, rows, kind } of this.#statements) {
        const name = names?.nameOf(sql, kind) ?? ''
        const fields = name === '' ? undefined : names?.fieldsOf(name)
        const parses = !fields && !anew.has(name)
        if (parses && name !== '') {
          // To have it already would be an error.
          connection.close({ type: 'S', name }, true)
          anew.add(name)
        }
        if (parses) connection.parse({ name, text: sql, types: [] }, true)
        connection.bind({ statement: name, values: [...values] }, true)
        if (rows && !fields) connection.describe({ type: 'P', name: '' }, true)
        connection.execute(null, true)
        this.#sent.push({ fields, named: parses ? name : '' })
      }
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
  }

  handleRowDescription({ fields }: { fields: { name: string; dataTypeID: number }[] }): void {
    const sent = this.#sent[this.#outcomes.length]
    if (sent) sent.fields = fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }))
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const at = this.#outcomes.length
    const columns = this.#sent[at]?.fields
    if (this.#unreadable || !columns || !this.#statements[at]?.rows) return
    const row: Record<string, unknown> = {}
    try {
      for (const [place, { name, parse }] of columns.entries()) {
        const text = fields[place]
        row[name] = text === null ? null : parse(text)
      }
    } catch (error) {
      this.#unreadable = error as Error
    }
    this.#rows.push(row)
  }

  handleCommandComplete({ text }: { text: string }): void {
    const { fields = [], named } = this.#sent[this.#outcomes.length]
    if (named !== '') this.#names?.keep(named, fields)
    const [command, ...numbers] = text.split(' ')
    const changes = changing.has(command) ? BigInt(numbers.at(-1) ?? 0) : undefined
    if (command === 'COPY') this.#rows = [{ copied: (this.#copied ?? Buffer.alloc(0)).subarray(0, this.#copiedSize) }]
    const outcome = { rows: this.#rows, command, changes }
    this.#outcomes.push(outcome)
    this.#rows = []
    this.#copied = undefined
    this.#copiedSize = 0
    if (!this.#unreadable) this.#each(outcome, this.#outcomes.length - 1)
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' })
  }

  handleError(error: Error): void {
    const open = this.#sent.slice(this.#outcomes.length)
    this.#names?.leave(open.flatMap(({ named }) => (named === '' ? [] : [named])))
    this.#names?.refused(error)
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

  /** The only bytes of which `pg` makes no text. It uses their place again. */
  handleCopyData({ chunk }: { chunk: Buffer }): void {
    const size = this.#copiedSize + chunk.length
    let copied = this.#copied
    if (!copied || copied.length < size) {
      const larger = Buffer.allocUnsafeSlow(Math.max(firstCopied, size, 2 * (copied?.length ?? 0)))
      copied?.copy(larger, 0, 0, this.#copiedSize)
      copied = larger
      this.#copied = larger
    }
    chunk.copy(copied, this.#copiedSize)
    this.#copiedSize = size
  }
}
