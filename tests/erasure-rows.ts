/** What tables hold of somebody, asked of every table and column there is. */
import { Kysely, type RawBuilder, sql } from 'kysely'
import { v7 } from 'uuid'
import type { Database } from '../shared/ports.ts'
import type { Schema } from '../shared/store/schema.ts'

/** Tables of the queues, of the words and of the vectors; and those that name nobody. */
const apart = /^(?:migration|job|chunk_words.*|sqlite_.*|vector_\d+.*)$/
const ofSomebody = /^(?:user_id|project_id|actor_id|owner_id|invited_by|member_id)$/

export function createReference(database: Database) {
  const read = () => new Kysely<Schema>({ dialect: database.reader('internal') })
  const write = () => new Kysely<Schema>({ dialect: database.writer('internal') })

  async function columns(): Promise<{ table: string; column: string }[]> {
    const tables = await read().introspection.getTables()
    return tables
      .filter(({ name, schema }) => !apart.test(name) && schema !== 'pgboss')
      .flatMap(({ name: table, columns }) => columns.map(({ name: column }) => ({ table, column })))
  }

  const run = async <Row>(query: RawBuilder<Row>) => (await query.execute(read())).rows
  const count = async (table: string, where: RawBuilder<unknown>) => {
    const [row] = await run<{ n: number }>(sql`select count(*) as n from ${sql.table(table)} where ${where}`)
    return Number(row.n)
  }
  const text = (column: string) => sql`cast(${sql.ref(column)} as text)`

  /** By `table.column`, how many rows are one of these; without those where none is. */
  async function countOf(values: readonly string[]): Promise<Record<string, number>> {
    const found: Record<string, number> = {}
    for (const { table, column } of await columns()) {
      const n = await count(table, sql`${text(column)} in (${sql.join(values)})`)
      if (n > 0) found[`${table}.${column}`] = n
    }
    return found
  }

  return {
    countOf,
    /** Columns that say whose a row is, and in which there is none of these. */
    async unfilled(values: readonly string[]): Promise<string[]> {
      const filled = await countOf(values)
      const all = (await columns()).filter(({ column }) => ofSomebody.test(column))
      return all.map(({ table, column }) => `${table}.${column}`).filter(name => !(name in filled))
    },
    /** Where this stands, in anything that is text. */
    async containing(word: string): Promise<string[]> {
      const found: string[] = []
      for (const { table, column } of await columns())
        if ((await count(table, sql`${text(column)} like ${`%${word}%`}`)) > 0) found.push(`${table}.${column}`)
      return found
    },
    /** What the change log still says of these scopes. */
    async values(scopes: readonly string[]): Promise<string[]> {
      const rows = await run<{ value: string }>(
        sql`select distinct value from changes where scope in (${sql.join(scopes)}) and value is not null`,
      )
      return rows.map(({ value }) => value)
    },
    /** Of tables that take a whole other machine, or a phone, to be filled. */
    async addWhatIsRare({
      userId,
      projectId,
      otherId,
    }: {
      userId: string
      projectId: string
      otherId: string
    }): Promise<void> {
      const db = write()
      const [document] = await run<{ id: string }>(sql`select id from document where project_id = ${projectId}`)
      await sql`insert into clearing (document_id, project_id) values (${document.id}, ${projectId})`.execute(db)
      await sql`insert into provider (id, user_id, slug, kind, name, base_url, enabled, models, created_at, updated_at)
        values (${v7()}, ${userId}, 'x', 'openai-compatible', 'x', 'http://x.example/v1', 0, '[]', 1, 1)`.execute(db)
      await sql`insert into egress (id, started_at, beat, user_id, project_id, purpose, host, port, sent, received, outcome)
        values (${v7()}, 1, 1, ${userId}, ${projectId}, 'model', 'x.example', 443, 1, 1, 'done')`.execute(db)
      await sql`insert into project_invitation (id, project_id, email, role, created_at, expires_at)
        values (${v7()}, ${projectId}, ${`${otherId}@cloister.test`}, 'reader', 1, 1)`.execute(db)
      const folder = v7()
      await sql`insert into followed_folder (id, project_id, path, device, inode, ignore, leaving, created_at)
        values (${folder}, ${projectId}, '/srv/x', '1', '1', '', 0, 1)`.execute(db)
      await sql`insert into followed_file (folder_id, path, size, modified_at, device, inode, document_id, own)
        values (${folder}, 'x.txt', 1, 1, '1', '1', ${document.id}, 1)`.execute(db)
      await sql`insert into quota (user_id, files) values (${userId}, 7)`.execute(db)
      await sql`insert into usage (user_id, day, questions, files, bytes, tokens, seen_at) values (${userId}, 1, 1, 1, 1, 1, 1)`.execute(
        db,
      )
      for (const [actor, owner] of [
        [userId, otherId],
        [otherId, userId],
      ])
        await sql`insert into audit (id, at, actor_id, owner_id, action, object_id, reason)
          values (${v7()}, 1, ${actor}, ${owner}, 'member.add', ${owner}, 'a reason')`.execute(db)
      await sql`insert into auth_two_factor (id, user_id, secret, backup_codes) values (${v7()}, ${userId}, 'x', 'x')`.execute(
        db,
      )
      await sql`insert into auth_passkey (id, user_id, public_key, credential_id, counter, device_type, backed_up)
        values (${v7()}, ${userId}, 'x', ${v7()}, 0, 'x', 0)`.execute(db)
      await sql`insert into auth_link (id, purpose, hash, user_id, created_at, expires_at)
        values (${v7()}, 'reset', ${v7()}, ${userId}, 1, 1)`.execute(db)
      await sql`insert into auth_invitation (id, hash, email, role, language, invited_by, created_at, expires_at)
        values (${v7()}, ${v7()}, 'third@cloister.test', 'member', 'en', ${userId}, 1, 1)`.execute(db)
      const [chat] = await run<{ id: string }>(
        sql`select id from chat where project_id = ${projectId} and user_id = ${userId}`,
      )
      await sql`insert into answer_run (id, project_id, chat_id, question, server, beat, events, draft, stop, reads, started_at, ended_at)
        values (${v7()}, ${projectId}, ${chat.id}, 'x', 'x', 1, 0, '', 0, 0, 1, 1)`.execute(db)
    },
  }
}
