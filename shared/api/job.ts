import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { id, time } from './common.ts'
import { document } from './document.ts'
import { download } from './download.ts'
import { reason } from './problem.ts'

/** What happens, as it is now: whoever misses some sees the latest of each thing, never an older one after a newer. */
export const serverEvent = z.discriminatedUnion('type', [
  /** First on every connection, and again when more was missed than is remembered: read everything anew. */
  z.object({ type: z.literal('reset') }),
  z.object({
    type: z.literal('document'),
    projectId: id,
    documentId: id,
    document: document.nullable().describe('As it is now, with its progress; null when it is gone for good'),
  }),
  z.object({ type: z.literal('chat'), projectId: id, chatId: id }),
  z.object({ type: z.literal('assistants'), projectId: id }),
  z.object({ type: z.literal('folders'), projectId: id }),
  z.object({ type: z.literal('projects') }),
  z.object({ type: z.literal('models') }),
  z.object({
    type: z.literal('download'),
    name: z.string(),
    download: download.nullable().describe('As it is now; null when it has ended, well or cancelled'),
  }),
  z.object({ type: z.literal('settings') }),
  z.object({
    type: z.literal('trouble'),
    reason: reason.nullable().describe('Why all work stands still; null: it goes on'),
  }),
])

const deadJob = z.object({
  id,
  kind: z.string().describe('`parse`, `index`, `recognize`, `embed`, `clear`, `collect` …'),
  document: z
    .object({ id, projectId: id, name: z.string() })
    .nullable()
    .describe('What it was about; null for what the installation does for itself'),
  error: z.string().describe('For whoever looks after the installation'),
  diedAt: time,
})

const tags = ['Work']

export const jobs = {
  list: oc
    .route({ method: 'GET', path: '/jobs', summary: 'Documents that are being worked on, over all projects', tags })
    .output(
      z.object({
        documents: z.array(document).describe('At most 200'),
        total: z.number().int(),
        trouble: reason.nullable().describe('Why all work stands still; it goes on by itself'),
      }),
    ),
  dead: oc
    .route({
      method: 'GET',
      path: '/jobs/dead',
      summary: 'Work that was given up',
      description:
        'What came to nothing after all its tries, the latest first; it is remembered for JOB_RETENTION_DAYS.',
      tags,
    })
    .output(z.object({ jobs: z.array(deadJob).describe('At most 1,000') })),
  retry: oc
    .route({
      method: 'POST',
      path: '/jobs/dead/{jobId}/retry',
      summary: 'Try again what was given up',
      description: 'As if for the first time. A document is read anew.',
      tags,
    })
    .input(z.object({ jobId: id }))
    .output(z.object({})),
  retryAll: oc
    .route({ method: 'POST', path: '/jobs/dead/retry', summary: 'Try all again that was given up', tags })
    .output(z.object({ count: z.number().int().describe('What is tried again') })),
  events: oc
    .route({
      method: 'GET',
      path: '/events',
      summary: 'Everything that happens, as it happens',
      description:
        'A stream of server-sent events, each with an id. With `Last-Event-ID`, it goes on after that one; where that is too long ago, or without it, it begins with `reset`: read anew what you show. A comment comes every 5 seconds.',
      tags,
    })
    .output(eventIterator(serverEvent)),
}

export type ServerEvent = z.output<typeof serverEvent>
