/**
 * Answers that are being given: what a server has said of each so far, so that other servers of the same database can read
 * along, and so that something is left when it dies. A server writes its own alone, all of them in one transaction; each
 * write is a sign of life (`beat`). Once another server has claimed one, nothing of its former server's is taken any more.
 */
import { sql } from 'kysely'
import type { Scope, Time } from '../model/index.ts'
import { authorOf } from '../model/project.ts'
import type { Engine } from './engine/index.ts'
import { locks } from './locks.ts'
import type { AnswerRunRow, ReadAs, Tx } from './schema.ts'

export interface NewRun {
  id: string
  chatId: string
  question: string
  /** The message of a question that is answered anew. */
  questionId: string | null
  startedAt: Time
}

export interface AnswerRun extends NewRun {
  scope: Scope
  server: string
  beat: number
  /** How many events there are. */
  events: number
  /** What follows them, and is not finished; empty where there is none. */
  draft: string
  /** The model that writes it. */
  model: string | null
  /** What is kept of it in its chat. */
  messageId: string | null
  endedAt: Time | null
}

/** What is new of an answer: `said` goes on behind its first `events`. */
export interface RunProgress {
  id: string
  events: number
  said: readonly string[]
  draft: string
  model: string | null
  endedAt: Time | null
}

/** What others wish of a running answer: that it ends; and a number that grows while somebody reads along elsewhere. */
export interface RunWishes {
  id: string
  stop: boolean
  reads: number
}

export interface AnswerStore {
  /**
   * Notes new ones of this server. Gives, by chat, those that go on at other servers and were there before; of two that begin at the
   * same moment one comes before the other. One whose chat is gone is not noted.
   */
  note(tx: Tx, server: string, runs: readonly NewRun[]): Promise<Map<string, string[]>>
  /** Those that are still this server's and have not ended; what is said of others is dropped. */
  advance(tx: Tx, server: string, runs: readonly RunProgress[]): Promise<RunWishes[]>
  /** This message is what is kept of it; in the transaction that writes it. False when it is not this server's any more. */
  keep(tx: Tx, server: string, id: string, messageId: string): Promise<boolean>
  get(scope: Scope, id: string): Promise<AnswerRun | undefined>
  /** What was said from this number on, in order. */
  said(scope: Scope, id: string, from: number): Promise<string[]>
  /** Those of a chat that have not ended, oldest first. */
  running(scope: Scope, chatId: string): Promise<AnswerRun[]>
  /** Of all users, oldest first; of these alone, where they are given. */
  open(ids?: readonly string[]): Promise<AnswerRun[]>
  /** Asks its server to end it. False when it has ended. */
  askToStop(scope: Scope, id: string): Promise<boolean>
  /** Somebody reads it at another server than its own. */
  attend(id: string): Promise<void>
  /** Makes it this server's, as it was when it was read. False when its server has given a sign of life since, or it ended. */
  claim(run: AnswerRun, server: string): Promise<boolean>
  /** Removes what ended before. */
  forget(before: Time): Promise<void>
}

export function createAnswerStore({
  read,
  write,
  engine,
}: {
  read: ReadAs
  write: ReadAs
  engine: Engine
}): AnswerStore {
  const runs = (access: Scope | 'internal') =>
    read(access)
      .selectFrom('answer_run')
      .innerJoin('project', 'project.id', 'answer_run.project_id')
      .innerJoin('chat', 'chat.id', 'answer_run.chat_id')
      .selectAll('answer_run')
      .select(['project.user_id', 'chat.user_id as author_id'])
      .orderBy('answer_run.started_at')
      .orderBy('answer_run.id')
  const within = (scope: Scope) =>
    runs(scope)
      .where('answer_run.project_id', '=', scope.projectId)
      .where('project.user_id', '=', scope.userId)
      .where('chat.user_id', '=', authorOf(scope))
  /** Outside of a transaction: one statement that waits for nobody who writes in its project. */
  const change = () => write('internal').updateTable('answer_run')

  return {
    async note(tx, server, fresh) {
      const chats = [...new Set(fresh.map(({ chatId }) => chatId))].sort()
      for (const chatId of chats) await engine.lock(tx, locks.answers(chatId))
      const others = await tx
        .selectFrom('answer_run')
        .select(['id', 'chat_id'])
        .where('chat_id', 'in', chats)
        .where('server', '<>', server)
        .where('ended_at', 'is', null)
        .execute()
      const values = fresh.map(({ id, chatId, question, questionId, startedAt }) => [
        id,
        chatId,
        question.replaceAll('\0', ' '),
        questionId ?? '',
        startedAt,
      ])
      const columns = { run: 'text', chat: 'text', question: 'text', again: 'text', at: 'number' } as const
      await sql`insert into answer_run
          (id, project_id, chat_id, question, question_id, server, beat, events, draft, stop, reads, started_at)
        select fresh.run, chat.project_id, chat.id, fresh.question, nullif(fresh.again, ''), ${server}, 0, 0, '', 0, 0, fresh.at
        from ${engine.rows('fresh', columns, values)} join chat on chat.id = fresh.chat where true
        on conflict (id) do nothing`.execute(tx)
      const before = new Map<string, string[]>()
      for (const { id, chat_id } of others) before.set(chat_id, [...(before.get(chat_id) ?? []), id])
      return before
    },

    async advance(tx, server, progress) {
      const columns = { run: 'text', count: 'number', written: 'text', writer: 'text', at: 'number' } as const
      const values = progress.map(({ id, events, said, draft, model, endedAt }) => [
        id,
        events + said.length,
        draft.replaceAll('\0', ' '),
        model ?? '',
        endedAt ?? 0,
      ])
      const { rows } = await sql<{ id: string; stop: number; reads: number }>`update answer_run
        set beat = beat + 1, events = now.count, draft = now.written, model = nullif(now.writer, ''), ended_at = nullif(now.at, 0)
        from ${engine.rows('now', columns, values)}
        where id = now.run and server = ${server} and ended_at is null returning id, stop, reads`.execute(tx)
      const ours = new Set(rows.map(({ id }) => id))
      const events = progress
        .filter(({ id }) => ours.has(id))
        .flatMap(({ id, events, said }) => said.map((event, at) => [id, events + at, event]))
      if (events.length > 0)
        // A commit whose answer was lost is tried again.
        await sql`insert into answer_event (run_id, number, event) select said.run, said.place, said.event
          from ${engine.rows('said', { run: 'text', place: 'number', event: 'text' }, events)} where true
          on conflict (run_id, number) do nothing`.execute(tx)
      return rows.map(({ id, stop, reads }) => ({ id, stop: stop === 1, reads }))
    },

    async keep(tx, server, id, messageId) {
      const { numUpdatedRows } = await tx
        .updateTable('answer_run')
        // A sign of life: whoever looked before that must not keep another one.
        .set(({ eb, ref }) => ({ message_id: messageId, beat: eb(ref('beat'), '+', 1) }))
        .where('id', '=', id)
        .where('server', '=', server)
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async get(scope, id) {
      const row = await within(scope).where('answer_run.id', '=', id).executeTakeFirst()
      return row && toRun(row)
    },

    async said(scope, id, from) {
      const rows = await read(scope)
        .selectFrom('answer_event')
        .select('event')
        .where('run_id', '=', id)
        .where('number', '>=', from)
        .orderBy('number')
        .execute()
      return rows.map(({ event }) => event)
    },

    async running(scope, chatId) {
      const query = within(scope).where('answer_run.chat_id', '=', chatId).where('answer_run.ended_at', 'is', null)
      return (await query.execute()).map(toRun)
    },

    async open(ids) {
      let query = runs('internal').where('answer_run.ended_at', 'is', null)
      if (ids) query = query.where('answer_run.id', 'in', ids)
      return (await query.execute()).map(toRun)
    },

    async askToStop(scope, id) {
      const { userId, projectId } = scope
      const { numUpdatedRows } = await change()
        .set({ stop: 1 })
        .where('id', '=', id)
        .where('project_id', '=', projectId)
        .where('project_id', 'in', query => query.selectFrom('project').select('id').where('user_id', '=', userId))
        .where('chat_id', 'in', query => query.selectFrom('chat').select('id').where('user_id', '=', authorOf(scope)))
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async attend(id) {
      await change()
        .set(({ eb, ref }) => ({ reads: eb(ref('reads'), '+', 1) }))
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .execute()
    },

    async claim({ id, server: before, beat }, server) {
      const { numUpdatedRows } = await change()
        .set({ server, beat: beat + 1 })
        .where('id', '=', id)
        .where('server', '=', before)
        .where('beat', '=', beat)
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async forget(before) {
      await write('internal').deleteFrom('answer_run').where('ended_at', '<', before).execute()
    },
  }
}

function toRun(row: AnswerRunRow & { user_id: string; author_id: string }): AnswerRun {
  const { project_id: projectId, user_id: userId, author_id: memberId } = row
  return {
    id: row.id,
    scope: { userId, projectId, ...(memberId !== userId && { memberId }) },
    chatId: row.chat_id,
    question: row.question,
    questionId: row.question_id,
    startedAt: row.started_at,
    server: row.server,
    beat: row.beat,
    events: row.events,
    draft: row.draft,
    model: row.model,
    messageId: row.message_id,
    endedAt: row.ended_at,
  }
}
