/** What a user may use, where that is not what the installation says, and what was used day by day. Written on behalf of the installation. */
import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Quota, Time, Usage } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import type { Read, ReadAs, Tx } from './schema.ts'
import { demandUser } from './users.ts'

export interface QuotaStore {
  /** Null: what the installation says. In a transaction of the user's, or on their behalf. */
  get(userId: string, tx?: Tx): Promise<Quota>
  /** Only what is given changes. */
  set(tx: Tx, userId: string, quota: Partial<Quota>): Promise<void>
  /** One question more that day, today when not said. False, and not counted, where that would be more than so many. */
  ask(userId: string, most: number | null, at?: Time): Promise<boolean>
  /** Takes one of that day back. */
  giveBack(userId: string, at: Time): Promise<void>
  /** Questions of today. */
  asked(userId: string): Promise<number>
  /** What came in today. */
  add(userId: string, more: { files?: number; bytes?: number; tokens?: number }): Promise<void>
  /** Day by day, the latest first; of all users, without one. */
  usage(filter: { userId?: string; from: Time }): Promise<Usage[]>
  /** Days that were over before. */
  forget(before: Time): Promise<void>
}

const dayLength = 86_400_000

export function createQuotaStore({ read, write, clock }: { read: ReadAs; write: ReadAs; clock: Clock }): QuotaStore {
  const dayOf = (at: Time) => Math.floor(at / dayLength)
  const today = () => dayOf(clock.now())

  async function count(
    userId: string,
    more: { questions: number; files: number; bytes: number; tokens: number },
    most: number | null = null,
    now = clock.now(),
  ): Promise<boolean> {
    const row = { user_id: userId, day: dayOf(now), ...more, seen_at: now }
    const { numInsertedOrUpdatedRows } = await write('internal')
      .insertInto('usage')
      .values(row)
      .onConflict(conflict => {
        const update = conflict.columns(['user_id', 'day']).doUpdateSet(eb => ({
          questions: eb('usage.questions', '+', more.questions),
          files: eb('usage.files', '+', more.files),
          bytes: eb('usage.bytes', '+', more.bytes),
          tokens: eb('usage.tokens', '+', more.tokens),
          seen_at: now,
        }))
        return most === null ? update : update.where('usage.questions', '<', most)
      })
      .executeTakeFirstOrThrow()
    return (numInsertedOrUpdatedRows ?? 0n) > 0n
  }

  return {
    async get(userId, tx) {
      const db: Read = tx ?? read({ userId })
      const row = await db.selectFrom('quota').selectAll().where('user_id', '=', userId).executeTakeFirst()
      return { files: row?.files ?? null, bytes: row?.bytes ?? null, questions: row?.questions ?? null }
    },
    async set(tx, userId, quota) {
      await demandUser(tx, userId)
      if (Object.keys(quota).length === 0) return
      await tx
        .insertInto('quota')
        .values({ user_id: userId, files: null, bytes: null, questions: null, ...quota })
        .onConflict(conflict => conflict.column('user_id').doUpdateSet(quota))
        .execute()
    },
    ask: async (userId, most, at) =>
      most !== 0 && (await count(userId, { questions: 1, files: 0, bytes: 0, tokens: 0 }, most, at)),
    async giveBack(userId, at) {
      await write('internal')
        .updateTable('usage')
        .set(eb => ({ questions: eb('questions', '-', 1) }))
        .where('user_id', '=', userId)
        .where('day', '=', dayOf(at))
        .where('questions', '>', 0)
        .execute()
    },
    async asked(userId) {
      const row = await read({ userId })
        .selectFrom('usage')
        .select('questions')
        .where('user_id', '=', userId)
        .where('day', '=', today())
        .executeTakeFirst()
      return row?.questions ?? 0
    },
    async add(userId, { files = 0, bytes = 0, tokens = 0 }) {
      await count(userId, { questions: 0, files, bytes, tokens })
    },
    async usage({ userId, from }) {
      const rows = read(userId === undefined ? 'internal' : { userId })
        .selectFrom('usage')
        .select(['day', 'questions', 'files', 'bytes', 'tokens'])
        .where('day', '>=', dayOf(from))
      if (userId !== undefined) {
        const own = await rows.where('user_id', '=', userId).orderBy('day', 'desc').execute()
        return own.map(({ day, ...used }) => ({ at: day * dayLength, users: 1, ...used }))
      }
      const sum = (column: string) => sql<number>`cast(sum(${sql.ref(column)}) as bigint)`
      const all = await read('internal')
        .selectFrom('usage')
        .select(['day', sum('questions').as('questions'), sum('files').as('files'), sum('bytes').as('bytes')])
        .select([sum('tokens').as('tokens'), sql<number>`cast(count(*) as bigint)`.as('users')])
        .where('day', '>=', dayOf(from))
        .groupBy('day')
        .orderBy('day', 'desc')
        .execute()
      return all.map(({ day, ...used }) => ({ at: day * dayLength, ...used }))
    },
    async forget(before) {
      await write('internal').deleteFrom('usage').where('day', '<', dayOf(before)).execute()
    },
  }
}

/** With megabytes, as people are told of them. Members are not: how much the owner keeps elsewhere is not theirs to know. */
export function quotaBytes({ memberId }: { memberId?: string }, limit: number, used: number): AppError {
  if (memberId !== undefined) return new AppError('quota-full')
  const megabytes = (bytes: number) => Math.round((bytes / 1024 / 1024) * 10) / 10
  return new AppError('quota-bytes', { limit: megabytes(limit), used: megabytes(used) })
}
