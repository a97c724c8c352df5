/** Accounts on a new database, each with a project of its own. */
import { v7 } from 'uuid'
import { createAccounts } from '../server/auth/accounts.ts'
import { createPasswords } from '../server/auth/passwords.ts'
import { openPostgres } from '../shared/db/postgres/index.ts'
import { openStore } from '../shared/store/index.ts'
import { createText } from '../tests/synthetic.ts'
import { createBulkChunks, withoutWordIndex } from './bulk-chunks.ts'
import { fillProjects } from './fill-projects.ts'
import type { OwnDatabase } from './own-database.ts'

/** Everybody's: it is hashed once, so that there are accounts sooner. Each log-in takes what a log-in takes. */
export const password = 'vier alte Kühe am Bach'

export interface Account {
  email: string
  /** Where this user's requests come from. */
  address: string
  projectId: string
  documents: string[]
  questions: string[]
}

export interface ServerSettings {
  publicUrl: string
  secret: string
}

const chunksPerDocument = 10
const questionsEach = 100
const log = { debug() {}, info() {}, warn() {}, error() {} }
const clock = { now: () => Date.now() }
const ids = { next: () => v7() }

/** The first of them is the owner of the installation. `chunks`: of each project. */
export async function buildAccounts(
  { url, query }: OwnDatabase,
  options: ServerSettings & { count: number; chunks: number; note: (line: string) => void },
): Promise<Account[]> {
  const { count, chunks, note, publicUrl, secret } = options
  const database = await openPostgres({ url })
  const store = await openStore({ database, clock, ids, log, backups: name => name })
  const day = 24 * 3_600_000
  const mode = { publicUrl, secret, registration: 'invite', linkAge: day, sessionAge: 30 * day } as const
  // Nobody takes anything over here, and nobody leaves.
  const never = () => Promise.reject(new Error('not in this bench'))
  const accounts = createAccounts({ mode, database, clock, ids, log, adopt: async () => {}, erase: never })
  const text = createText({ seed: 20_261_122 })
  try {
    const passwordHash = await createPasswords().hash(password)
    const emails = Array.from({ length: count }, (_, at) => `user-${at}@cloister.test`)
    const owners: string[] = []
    for (const [at, email] of emails.entries()) {
      const role = at === 0 ? 'owner' : 'member'
      const person = { email, name: undefined, role, language: 'en', emailVerified: true, passwordHash } as const
      owners.push((await store.transaction('internal', tx => accounts.people.insert(tx, person))) as string)
    }
    const made: Account[] = []
    await withoutWordIndex(query, async () => {
      const sizes = owners.map(() => chunks)
      const filling = { sizes, owners, chunksPerDocument, segments: true, chunks: createBulkChunks(database) }
      const filled = await fillProjects(store, { ...filling, text, note })
      for (const [at, { scope, documents, samples }] of filled.entries()) {
        const questions = Array.from({ length: questionsEach }, (_, number) =>
          text.question(samples[(number * 7) % samples.length]),
        )
        made.push({ email: emails[at], address: addressOf(at), projectId: scope.projectId, documents, questions })
      }
    })
    await query('vacuum (analyze)')
    return made
  } finally {
    await accounts.close()
    await store.close()
    await database.close()
  }
}

/** Of the network for benches (RFC 2544). */
const addressOf = (at: number) => `198.18.${Math.floor(at / 250)}.${(at % 250) + 1}`
