import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id } from './common.ts'

/** The user's own; null: as the browser or the system has it. */
export const settings = z.object({
  language: z.enum(['de', 'en']).nullable(),
  theme: z.enum(['light', 'dark']).nullable(),
  recognition: z.enum(['on', 'off']).describe('Whether text is recognised in pictures of pages'),
  projectId: id.nullable().describe('The project last looked at'),
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
