import type { Settings } from '../model/index.ts'
import type { ChangeLog } from './change-log.ts'
import type { ReadAs, Tx } from './schema.ts'
import { demandUser } from './users.ts'

export interface SettingStore {
  get(userId: string): Promise<Settings>
  /** Only what is given changes. */
  update(tx: Tx, userId: string, settings: Partial<Settings>): Promise<void>
  /** Everybody who has set it to something, on behalf of the installation. */
  whoSet<Name extends keyof Settings>(name: Name): Promise<{ userId: string; value: NonNullable<Settings[Name]> }[]>
}

const unset: Settings = {
  language: null,
  theme: null,
  recognition: 'on',
  projectId: null,
  keepChats: null,
  keepTrash: null,
}

export function createSettingStore({ read, changes }: { read: ReadAs; changes: ChangeLog }): SettingStore {
  return {
    async get(userId) {
      const rows = await read({ userId }).selectFrom('setting').selectAll().where('user_id', '=', userId).execute()
      const known = rows.filter(row => row.name in unset).map(row => [row.name, JSON.parse(row.value) as unknown])
      return { ...unset, ...(Object.fromEntries(known) as Partial<Settings>) }
    },
    async update(tx, userId, settings) {
      const fields = Object.entries(settings).filter(([, value]) => value !== undefined)
      if (fields.length === 0) return
      await demandUser(tx, userId)
      await tx
        .insertInto('setting')
        .values(fields.map(([name, value]) => ({ user_id: userId, name, value: JSON.stringify(value) })))
        .onConflict(conflict =>
          conflict.columns(['user_id', 'name']).doUpdateSet(eb => ({ value: eb.ref('excluded.value') })),
        )
        .execute()
      // The user's own scope: settings belong to no project.
      await changes.record(tx, { scope: userId, entity: 'setting', id: userId, fields: Object.fromEntries(fields) })
    },
    async whoSet(name) {
      const rows = await read('internal')
        .selectFrom('setting')
        .select(['user_id', 'value'])
        .where('name', '=', name)
        .where('value', '<>', 'null')
        .execute()
      return rows.map(({ user_id: userId, value }) => ({ userId, value: JSON.parse(value) }))
    },
  }
}
