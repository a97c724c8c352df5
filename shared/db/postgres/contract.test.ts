import { pglite, postgres, type TestDatabase, type TestEngine } from '../../../tests/postgres.ts'
import { databaseContract } from '../contract.ts'
import type { PostgresDatabase } from './index.ts'

/** Each a difference of the engines that the store knows of. */
const differs = [
  // The types of parameters are what the statement makes of them; there is no asking for them.
  'whole numbers stay whole',
  // The transaction is over then: `index.test.ts` shows that it cannot be committed.
  'an error inside a transaction that the caller swallows undoes its statement only',
  // A dump is the work of a backup.
  'a snapshot is the whole database at one moment, while writing goes on',
]
/** These hold two connections at a time. */
const concurrent = [
  'a transaction on a kept connection ends with itself',
  'readers see committed data only, and each transaction one moment',
  'concurrent transactions come one after the other, also through two handles',
]

function run(engine: TestEngine<PostgresDatabase>): void {
  const made = new Map<string, TestDatabase<PostgresDatabase>>()
  databaseContract(
    {
      engine: 'postgres',
      async open(file) {
        const known = made.get(file)
        if (known) return known.again()
        const fresh = await engine.open()
        made.set(file, fresh)
        return fresh.database
      },
      async drop() {
        const all = [...made.values()]
        made.clear()
        for (const each of all) await each.drop()
      },
    },
    { skip: engine.concurrent ? differs : [...differs, ...concurrent] },
  )
}

run(postgres)
if (postgres !== pglite) run(pglite)
