/** Tells whose ways in have changed, behind the commit: whoever is let in by them is asked for again. */
import type { Connection } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'

export interface TellAccess {
  connection: Connection
  /** Of somebody in this transaction. */
  touch(tx: Tx, userId: string): void
}

/** A transaction that runs again begins anew, as what it touched does. */
export function createTellAccess(connection: Connection, changed: (userId: string) => void): TellAccess {
  const touched = new WeakMap<Tx, Set<string>>()
  return {
    connection: {
      ...connection,
      async transaction(access, run) {
        let users = new Set<string>()
        const result = await connection.transaction(access, tx => {
          users = new Set()
          touched.set(tx, users)
          return run(tx)
        })
        for (const userId of users) changed(userId)
        return result
      },
    },
    touch: (tx, userId) => void touched.get(tx)?.add(userId),
  }
}
