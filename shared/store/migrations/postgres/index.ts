import type { Migration } from '../../migrate.ts'
import { first } from './0012-first.ts'
import { answers } from './0013-answers.ts'
import { egress } from './0014-egress.ts'
import { findWords } from './0015-find-words.ts'
import { providers } from './0016-providers.ts'
import { narrowWords } from './0017-narrow-words.ts'

/** In order, from the twelfth on by the names of those of SQLite; what was applied once never changes again. */
export const migrations: readonly Migration[] = [
  { name: '0012-first', sql: first },
  { name: '0013-answers', sql: answers },
  { name: '0014-egress', sql: egress },
  { name: '0015-find-words', sql: findWords },
  { name: '0016-providers', sql: providers },
  { name: '0017-narrow-words', sql: narrowWords },
]
