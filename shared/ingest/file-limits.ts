import { AppError } from '../errors.ts'
import type { Scope } from '../model/index.ts'
import type { Store, Tx } from '../store/index.ts'

/** What a user may add. */
export interface FileLimits {
  /** Bytes of one file. */
  fileSize: number
  /** Documents of a user, with those in the trash; null: no limit. */
  files: number | null
}

export const noLimits: FileLimits = { fileSize: Number.POSITIVE_INFINITY, files: null }

/** Whether one more document has no place, and why. In the transaction that would add it: two at once never share a place. */
export async function whyNoRoom(
  tx: Tx,
  { store, limits }: { store: Store; limits: FileLimits },
  { userId }: Scope,
): Promise<AppError | undefined> {
  if (limits.files === null || (await store.families.count(tx, userId)) < limits.files) return undefined
  return new AppError('too-many-files', { limit: limits.files })
}
