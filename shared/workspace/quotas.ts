/** What a user may use, and has used. Documents count for whoever owns their project, questions for whoever asks. */
import { AppError } from '../errors.ts'
import type { Quota, Scope, Time, Usage } from '../model/index.ts'
import type { Clock, Log } from '../ports.ts'
import { quotaBytes, type Store } from '../store/index.ts'
import type { Audit } from './audit.ts'
import type { Deed } from './members.ts'

export interface QuotaState {
  /** What holds; null: no limit. */
  quota: Quota
  /** What was set for this user alone; null: what the installation says. */
  own: Quota
  used: { files: number; bytes: number; questions: number }
}

export interface Quotas {
  get(userId: string): Promise<QuotaState>
  /** Null: what the installation says. */
  set(userId: string, quota: Partial<Quota>, by?: Deed): Promise<QuotaState>
  /** Before bytes are taken: so many more, or any. Throws `too-many-files`; `quota-bytes`, or `quota-full` to members. */
  demandRoom(scope: Scope, bytes?: number): Promise<void>
  /** Before a question is taken on. Throws `quota-questions`. */
  demandQuestion(userId: string): Promise<void>
  /**
   * What is said to a question. It is counted before, so that those that are asked at once do not share the last one of the day, and given
   * back where it was refused or failed before anything was said but that it waits; not where whoever asked broke it off: a model may have
   * been at work on it. Throws `quota-questions`, and what the answer throws.
   */
  counted<Event extends { type: string }>(
    userId: string,
    answer: AsyncIterable<Event>,
    signal?: AbortSignal,
  ): AsyncGenerator<Event, void>
  /** The same for what comes in one piece. */
  countedWhole<Result>(userId: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result>
  /** Counts what came in; nobody waits for it. */
  added(ownerId: string, bytes: number): void
  /** Counts what chat models read and wrote for whoever asked; nobody waits for it. */
  spent(userId: string, tokens: number): void
  /** Day by day, the latest first; of all users, without one. */
  usage(from: Time, userId?: string): Promise<Usage[]>
  /** Forgets what was used more than twelve months ago. */
  tidy(): Promise<void>
}

/** As long as the audit log. */
const retention = 366 * 86_400_000

export function createQuotas({
  store,
  clock,
  log,
  note,
  defaults,
}: {
  store: Pick<Store, 'quotas' | 'families' | 'transaction'>
  note: Audit['note']
  clock: Clock
  log: Log
  /** What the installation says of this user; undefined: nothing is counted. */
  defaults: (userId: string) => Quota | undefined
}): Quotas {
  const none: Quota = { files: null, bytes: null, questions: null }

  const limitsOf = (own: Quota, usual: Quota | undefined): Quota => ({
    files: own.files ?? usual?.files ?? null,
    bytes: own.bytes ?? usual?.bytes ?? null,
    questions: own.questions ?? usual?.questions ?? null,
  })
  /** Of whom nothing is counted, nothing is looked up. */
  async function limits(userId: string): Promise<Quota> {
    const usual = defaults(userId)
    return usual ? limitsOf(await store.quotas.get(userId), usual) : none
  }

  async function get(userId: string): Promise<QuotaState> {
    const [own, kept, questions] = await Promise.all([
      store.quotas.get(userId),
      store.families.keptNow(userId),
      store.quotas.asked(userId),
    ])
    return {
      quota: limitsOf(own, defaults(userId)),
      own,
      used: { files: kept.documents, bytes: kept.bytes, questions },
    }
  }

  async function ask(userId: string, at: Time): Promise<void> {
    if (!defaults(userId)) return
    const { questions } = await limits(userId)
    if (!(await store.quotas.ask(userId, questions, at)))
      throw new AppError('quota-questions', { limit: questions ?? 0 })
  }

  async function demandQuestion(userId: string): Promise<void> {
    const { questions } = await limits(userId)
    if (questions !== null && (await store.quotas.asked(userId)) >= questions)
      throw new AppError('quota-questions', { limit: questions })
  }

  async function* counted<Event extends { type: string }>(
    userId: string,
    answer: AsyncIterable<Event>,
    signal?: AbortSignal,
  ) {
    const at = clock.now()
    await ask(userId, at)
    let begun = false
    try {
      for await (const event of answer) {
        begun ||= event.type !== 'waiting'
        yield event
      }
    } catch (error) {
      if (!begun && !signal?.aborted) await giveBack(userId, at)
      throw error
    }
  }

  async function countedWhole<Result>(userId: string, work: () => Promise<Result>, signal?: AbortSignal) {
    const at = clock.now()
    await ask(userId, at)
    try {
      return await work()
    } catch (error) {
      if (!signal?.aborted) await giveBack(userId, at)
      throw error
    }
  }

  async function giveBack(userId: string, at: Time): Promise<void> {
    if (!defaults(userId)) return
    // What the answer threw is what is to be told.
    await store.quotas.giveBack(userId, at).catch(error => log.warn('a question was not given back', { userId, error }))
  }

  return {
    get,
    async set(userId, quota, by) {
      await store.transaction('internal', async tx => {
        await store.quotas.set(tx, userId, quota)
        if (by) await note({ ...by, ownerId: userId, action: 'quota.set', objectId: userId }, tx)
      })
      return get(userId)
    },
    async demandRoom(scope, bytes = 1) {
      const { userId: ownerId } = scope
      const { files, bytes: most } = await limits(ownerId)
      if (files === null && most === null) return
      const kept = await store.families.keptNow(ownerId)
      if (files !== null && kept.documents >= files) throw new AppError('too-many-files', { limit: files })
      if (most !== null && kept.bytes + bytes > most) throw quotaBytes(scope, most, kept.bytes)
    },
    demandQuestion,
    counted,
    countedWhole,
    added(ownerId, bytes) {
      if (!defaults(ownerId)) return
      store.quotas.add(ownerId, { files: 1, bytes }).catch(error => log.warn('what came in was not counted', { error }))
    },
    spent(userId, tokens) {
      if (!defaults(userId)) return
      store.quotas
        .add(userId, { tokens })
        .catch(error => log.warn('what models read and wrote was not counted', { error }))
    },
    usage: (from, userId) => store.quotas.usage({ from, ...(userId !== undefined && { userId }) }),
    tidy: () => store.quotas.forget(clock.now() - retention),
  }
}
