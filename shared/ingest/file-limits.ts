import { AppError } from '../errors.ts'
import type { Scope } from '../model/index.ts'
import { localUser } from '../model/project.ts'
import { quotaBytes, type Store, type Tx } from '../store/index.ts'

/** What a user may add, where nothing else was said for that one: see `workspace/quotas.ts`. */
export interface FileLimits extends Limits {
  /** For whoever is not local mode's user, where that differs: accounts are counted in a process too that was not told of them. */
  ofAccounts?: Limits
}

interface Limits {
  /** Bytes of one file. */
  fileSize: number
  /** Documents of a user, with those in the trash; null: no limit. */
  files: number | null
  /** Bytes of them; null: no limit; undefined: for nobody. */
  bytes?: number | null
}

export const limitsFor = ({ ofAccounts, ...limits }: FileLimits, userId: string): Limits =>
  userId === localUser ? limits : (ofAccounts ?? limits)

export const noLimits: FileLimits = { fileSize: Number.POSITIVE_INFINITY, files: null }

/** Whether one more document of so many bytes has no place, and why. In the transaction that would add it: two at once never share a place. */
export async function whyNoRoom(
  tx: Tx,
  { store, limits: all }: { store: Store; limits: FileLimits },
  scope: Scope,
  size: number,
): Promise<AppError | undefined> {
  const { userId } = scope
  const limits = limitsFor(all, userId)
  // Nothing is limited, and nobody counts.
  if (limits.files === null && limits.bytes === undefined) return undefined
  const own = await store.quotas.get(userId, tx)
  const files = own.files ?? limits.files
  const bytes = own.bytes ?? limits.bytes ?? null
  if (files === null && bytes === null) return undefined
  const kept = await store.families.kept(tx, userId)
  if (files !== null && kept.documents >= files) return new AppError('too-many-files', { limit: files })
  if (bytes !== null && kept.bytes + size > bytes) return quotaBytes(scope, bytes, kept.bytes)
  return undefined
}

/** Bytes that a user has room for, and the error for more; undefined where there is no limit. It may change at once: `whyNoRoom` decides. */
export async function roomOf(
  { store, limits: all }: { store: Store; limits: FileLimits },
  scope: Scope,
): Promise<{ bytes: number; tooLittle: AppError } | undefined> {
  const { userId } = scope
  const limits = limitsFor(all, userId)
  if (limits.bytes === undefined) return undefined
  const most = (await store.quotas.get(userId)).bytes ?? limits.bytes
  if (most === null) return undefined
  const { bytes } = await store.families.keptNow(userId)
  return { bytes: Math.max(0, most - bytes), tooLittle: quotaBytes(scope, most, bytes) }
}
