import { oc } from '@orpc/contract'
import { z } from 'zod'
import { time } from './common.ts'

const amount = z.number().int().min(0)
export const quota = z.object({
  files: amount.nullable().describe('Documents, with those in the trash'),
  bytes: amount.nullable(),
  questions: amount.nullable().describe('A day, in UTC'),
})

export const quotaState = z.object({
  quota: quota.describe('What holds; null: no limit'),
  own: quota.describe('What was set for this user alone; null: what the installation says'),
  used: z.object({ files: z.number().int(), bytes: z.number().int(), questions: z.number().int() }),
})

export const usageDay = z.object({
  at: time.describe('When the day began, in UTC'),
  users: z.number().int().describe('Who did something that is counted'),
  questions: z.number().int(),
  files: z.number().int().describe('Documents that were added by themselves'),
  bytes: z.number().int().describe('Of those'),
  tokens: z.number().int().describe('That models wrote, as far as they say'),
})

export const days = z.coerce.number<number>().int().min(1).max(366).default(30)
const tags = ['Quotas']

export const quotas = {
  get: oc.route({ method: 'GET', path: '/quota', summary: 'What one may use, and has used', tags }).output(quotaState),
  usage: oc
    .route({ method: 'GET', path: '/usage', summary: 'What one has used, the latest day first', tags })
    .input(z.object({ days }))
    .output(z.object({ days: z.array(usageDay) })),
}

export type ApiQuotaState = z.output<typeof quotaState>
export type ApiUsageDay = z.output<typeof usageDay>
