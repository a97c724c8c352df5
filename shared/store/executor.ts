import { CompiledQuery, type Kysely } from 'kysely'
import type { SqlExecutor } from '../ports.ts'
import type { Schema } from './schema.ts'

/** A transaction as adapters with tables of their own see it. */
export function executor(db: Kysely<Schema>): SqlExecutor {
  return {
    async execute<Row>(text: string, parameters: readonly unknown[]): Promise<Row[]> {
      const result = await db.executeQuery<Row>(CompiledQuery.raw(text, [...parameters]))
      return result.rows
    },
  }
}
