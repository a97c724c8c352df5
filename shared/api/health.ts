import { oc } from '@orpc/contract'
import { z } from 'zod'
import { reason } from './problem.ts'

const state = z.enum(['ok', 'starting', 'stopping', 'trouble'])
const tags = ['Health']

const right =
  'For whoever shows METRICS_TOKEN as `Authorization: Bearer …`, and for those who look after the installation.'

export const health = {
  summary: oc.route({ method: 'GET', path: '/health', summary: 'How the server is', tags }).output(
    z.object({
      state,
      version: z.string(),
      uptime: z.number().describe('Seconds'),
      trouble: reason
        .nullable()
        .describe(
          'Why background work stands still, the database does not answer, or the last backup that was due was not made',
        ),
    }),
  ),
  liveness: oc
    .route({ method: 'GET', path: '/health/liveness', summary: 'The process answers', tags })
    .output(z.object({ state: z.literal('ok') })),
  readiness: oc
    .route({
      method: 'GET',
      path: '/health/readiness',
      summary: 'The server takes requests and the database answers',
      description: 'Otherwise 503, as a problem document.',
      tags,
    })
    .output(z.object({ state: z.literal('ok') })),
  metrics: oc
    .route({
      method: 'GET',
      path: '/health/metrics',
      summary: 'Figures of this process, as Prometheus reads them',
      description: `Requests by route, calls of models, the database, caches, the queue, the process. ${right}`,
      tags,
    })
    .output(z.string()),
  workers: oc
    .route({ method: 'GET', path: '/health/workers', summary: 'How background work gets on', description: right, tags })
    .output(
      z.object({
        state: z.enum(['ok', 'trouble']),
        open: z.number().int().nullable().describe('Work in the queue; null where nobody knows'),
        dead: z.number().int().nullable().describe('Work that was given up'),
        trouble: reason.nullable(),
      }),
    ),
  caches: oc
    .route({
      method: 'GET',
      path: '/health/caches',
      summary: 'What the caches of this process gave',
      description: right,
      tags,
    })
    .output(
      z.object({
        caches: z.array(
          z.object({
            name: z.string().describe('`searches`, `vectors`, `answers`'),
            hits: z.number().int(),
            misses: z.number().int(),
            failures: z.number().int().describe('It could not be asked'),
            rate: z.number().nullable().describe('Hits of all that was asked, 0 to 1; null before anything was'),
          }),
        ),
      }),
    ),
}
