/**
 * Mails of accounts, queued in the transaction of what causes them: there with it, or not at all. It takes as long whether one goes out or
 * not (`nobody`), so that no answer's time tells that.
 */
import type { MailRequest } from '../../shared/model/index.ts'
import type { Log, SqlExecutor } from '../../shared/ports.ts'
import type { Connection } from '../../shared/store/connection.ts'
import { executor } from '../../shared/store/executor.ts'
import type { Tx } from '../../shared/store/schema.ts'

/** Of the core's mails, where any can be sent. */
export interface Queueing {
  prepare(mail: MailRequest, options?: { nobody?: boolean }): Promise<(tx: SqlExecutor) => Promise<void>>
  /** Behind the commit. */
  wake(): void
}

export interface Post {
  /** Whether mails can be sent at all. */
  readonly on: boolean
  /** In a transaction of `connection`. `nobody`: does the same, and nothing goes out. */
  send(tx: Tx, mail: MailRequest, options?: { nobody?: boolean }): Promise<void>
  connection: Connection
}

export function createPost(connection: Connection, mails: Queueing | undefined, log: Log): Post {
  const queued = new WeakSet<Tx>()
  return {
    on: mails !== undefined,
    async send(tx, mail, options) {
      // A mail that cannot be written, to an address that is none for instance, is no reason to undo what it is about.
      const enqueue = await mails?.prepare(mail, options).catch(error => {
        log.error('a mail was not sent', { kind: mail.kind, error })
      })
      if (!enqueue) return
      await enqueue(executor(tx))
      queued.add(tx)
    },
    connection: {
      ...connection,
      async transaction(access, run) {
        let last: Tx | undefined
        const result = await connection.transaction(access, tx => {
          last = tx
          return run(tx)
        })
        if (last && queued.has(last)) mails?.wake()
        return result
      },
    },
  }
}
