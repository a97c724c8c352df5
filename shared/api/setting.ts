import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id } from './common.ts'

/** What the installation says at most stands in the session; the shorter of both holds. */
const days = z.number().int().min(1).max(36_500).nullable()

/** The user's own; null: as the browser or the system has it. */
export const settings = z.object({
  language: z.enum(['de', 'en']).nullable(),
  theme: z.enum(['light', 'dark']).nullable(),
  recognition: z.enum(['on', 'off']).describe('Whether text is recognised in pictures of pages'),
  projectId: id.nullable().describe('The project last looked at'),
  keepChats: days.describe('Days that chats are kept for after what was last said in them'),
  keepTrash: days.describe('Days that what was deleted stays in the trash'),
})

const tags = ['Settings']

export const settingRoutes = {
  get: oc.route({ method: 'GET', path: '/settings', summary: 'The user’s settings', tags }).output(settings),
  update: oc
    .route({ method: 'PATCH', path: '/settings', summary: 'Change some settings', tags })
    .input(settings.partial())
    .output(settings),
}

export type Settings = z.output<typeof settings>
