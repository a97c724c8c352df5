import { oc } from '@orpc/contract'
import { z } from 'zod'
import { reason } from './problem.ts'

const state = z.enum(['ok', 'starting', 'stopping', 'trouble'])
const tags = ['Health']

export const health = {
  summary: oc.route({ method: 'GET', path: '/health', summary: 'How the server is', tags }).output(
    z.object({
      state,
      version: z.string(),
      uptime: z.number().describe('Seconds'),
      trouble: reason.nullable().describe('Why background work stands still, or why the database does not answer'),
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
}
