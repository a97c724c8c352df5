/** Counters of the installation for those who look after it, and the log of what was done that others must be able to see. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, next, paging, time } from './common.ts'
import { userId } from './member.ts'
import { reason } from './problem.ts'
import { days, quota, quotaState, usageDay } from './quota.ts'

const whole = z.number().int()

export const auditEntry = z.object({
  id,
  at: time,
  actorId: userId.describe('Who did it'),
  actorName: z.string().nullable().describe('Of somebody who has an account now'),
  ownerId: userId.nullable().describe('Whose it was done to; null: the installation'),
  action: z
    .enum([
      'project.access',
      'member.invite',
      'member.uninvite',
      'member.join',
      'member.add',
      'member.change',
      'member.remove',
      'member.leave',
      'quota.set',
      'account.export',
      'account.delete',
      'account.create',
      'account.invite',
      'account.uninvite',
      'account.role',
      'account.block',
      'account.unblock',
      'account.reset',
      'jobs.retry',
    ])
    .describe('`project.access`: somebody who looks after the installation was given reading for an hour'),
  objectId: z.string().nullable().describe('What it was done to'),
  reason: z.string().nullable(),
  address: z.string().nullable().describe('The network it came from: 24 bits, or 48 of IPv6'),
})

const counts = z.object({
  userId,
  createdAt: time,
  projects: whole,
  documents: whole,
  bytes: whole,
  questions: whole.describe('In the last 30 days'),
  seenAt: time.nullable().describe('When they last did something that is counted'),
})

const projectCounts = z.object({ id, createdAt: time, documents: whole, bytes: whole })

const failure = z.object({
  id,
  kind: z.string(),
  documentId: id.nullable(),
  error: z.string().describe('For whoever looks after the installation'),
  diedAt: time,
})

const tags = ['Administration']
const entries = z.object({ entries: z.array(auditEntry), next })

export const administration = {
  counters: oc
    .route({
      method: 'GET',
      path: '/admin/counters',
      summary: 'What each user keeps and uses: numbers, and nothing of what it is',
      tags,
    })
    .input(z.object(paging))
    .output(z.object({ users: z.array(counts), next })),
  projects: oc
    .route({
      method: 'GET',
      path: '/admin/users/{userId}/projects',
      summary: 'What projects a user has: numbers, and not what they are called',
      description: 'The latest first, at most 1,000.',
      tags,
    })
    .input(z.object({ userId }))
    .output(z.object({ projects: z.array(projectCounts) })),
  usage: oc
    .route({ method: 'GET', path: '/admin/usage', summary: 'What all used, the latest day first', tags })
    .input(z.object({ days }))
    .output(z.object({ days: z.array(usageDay) })),
  storage: oc.route({ method: 'GET', path: '/admin/storage', summary: 'What is stored', tags }).output(
    z.object({
      users: whole,
      projects: whole,
      documents: whole,
      bytes: whole.describe('Of documents, with those in the trash'),
      files: whole.describe('Stored once each, however many documents have the same'),
      fileBytes: whole,
      chunks: whole,
    }),
  ),
  jobs: oc
    .route({ method: 'GET', path: '/admin/jobs', summary: 'Work that waits, and that was given up', tags })
    .output(
      z.object({
        open: whole.nullable(),
        dead: whole.nullable(),
        backupTrouble: z
          .object({ at: time, reason })
          .nullable()
          .describe('Why the last backup that was due was not made, whichever process was to make it'),
        failures: z.array(failure).describe('Of all users, the latest first, at most 1,000'),
      }),
    ),
  retryJob: oc
    .route({ method: 'POST', path: '/admin/jobs/{jobId}/retry', summary: 'Try again what was given up', tags })
    .input(z.object({ jobId: id }))
    .output(z.object({})),
  quota: oc
    .route({ method: 'GET', path: '/admin/users/{userId}/quota', summary: 'What a user may use, and has used', tags })
    .input(z.object({ userId }))
    .output(quotaState),
  setQuota: oc
    .route({
      method: 'PATCH',
      path: '/admin/users/{userId}/quota',
      summary: 'Say what a user may use',
      description: 'Null: what the installation says.',
      tags,
    })
    .input(z.object({ userId, ...quota.partial().shape }))
    .output(quotaState),
  audit: oc
    .route({ method: 'GET', path: '/admin/audit', summary: 'The audit log, the latest first', tags })
    .input(z.object(paging))
    .output(entries),
  access: oc
    .route({
      method: 'POST',
      path: '/admin/access',
      summary: 'Look into a project that is not one’s own',
      description: 'Gives reading for an hour. The reason stands in the audit log before, where its owner reads it.',
      tags,
    })
    .input(z.object({ projectId: id, reason: z.string().max(2000) }))
    .output(z.object({ until: time })),
}

export const audit = {
  list: oc
    .route({
      method: 'GET',
      path: '/audit',
      summary: 'What others did to what is one’s own, the latest first',
      description: 'It is kept for twelve months.',
      tags: ['Audit'],
    })
    .input(z.object(paging))
    .output(entries),
}

export type ApiAuditEntry = z.output<typeof auditEntry>
export type ApiUserCounts = z.output<typeof counts>
