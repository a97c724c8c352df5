import type { Migration } from '../../migrate.ts'
import { first } from './0012-first.ts'
import { answers } from './0013-answers.ts'
import { egress } from './0014-egress.ts'
import { findWords } from './0015-find-words.ts'
import { providers } from './0016-providers.ts'
import { narrowWords } from './0017-narrow-words.ts'
import { wordsByIndex } from './0018-words-by-index.ts'
import { accounts } from './0019-accounts.ts'
import { members } from './0020-members.ts'
import { revisions } from './0021-revisions.ts'
import { ownLedger } from './0022-own-ledger.ts'
import { proofs } from './0023-proofs.ts'
import { times } from './0024-times.ts'
import { projectInvitations } from './0025-project-invitations.ts'
import { saidAt } from './0026-said-at.ts'
import { folders } from './0027-folders.ts'
import { backupTrouble } from './0028-backup-trouble.ts'

/** In order, from the twelfth on by the names of those of SQLite; what was applied once never changes again. */
export const migrations: readonly Migration[] = [
  { name: '0012-first', sql: first },
  { name: '0013-answers', sql: answers },
  { name: '0014-egress', sql: egress },
  { name: '0015-find-words', sql: findWords },
  { name: '0016-providers', sql: providers },
  { name: '0017-narrow-words', sql: narrowWords },
  { name: '0018-words-by-index', sql: wordsByIndex },
  { name: '0019-accounts', sql: accounts },
  { name: '0020-members', sql: members },
  { name: '0021-revisions', sql: revisions },
  { name: '0022-own-ledger', sql: ownLedger },
  { name: '0023-proofs', sql: proofs },
  { name: '0024-times', sql: times },
  { name: '0025-project-invitations', sql: projectInvitations },
  { name: '0026-said-at', sql: saidAt },
  { name: '0027-folders', sql: folders },
  { name: '0028-backup-trouble', sql: backupTrouble },
]
